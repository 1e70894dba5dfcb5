"""Prometheus takes the rules, each says what to do, and each speaks when it should."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from app.observe.counts import Counts
from app.observe.exposition import InForce, Situation, Waiting, exposition
from app.observe.metrics import METRICS
from tests.deploy.programs import DEPLOY, run
from tests.support.values import AT
from tests.support.whole import ROOT

RULES = DEPLOY / "prometheus" / "alerts.yaml"
DASHBOARD = json.loads((DEPLOY / "grafana" / "bridge.json").read_bytes())
OF_PROMETHEUS = {"le", "instance", "job", "worker"}
LABELS = {metric.name: set(metric.labels) for metric in METRICS}


def alerts() -> list[dict[str, Any]]:
    [group] = YAML(typ="safe").load(RULES)["groups"]
    rules: list[dict[str, Any]] = group["rules"]
    return rules


def questions() -> Iterator[str]:
    """All that the dashboard asks Prometheus."""
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))
    yield from (one["expr"] for one in DASHBOARD["annotations"]["list"])


def test_the_rules_are_sound() -> None:
    done = run("promtool", "check", "rules", RULES)

    assert done.returncode == 0, done.stdout


def test_each_alert_speaks_when_it_should_and_not_else() -> None:
    cases = Path(__file__).with_name("alerts.yaml")

    done = run("promtool", "test", "rules", cases)

    assert done.returncode == 0, done.stdout
    spoken = cases.read_text(encoding="utf-8")
    assert [one["alert"] for one in alerts() if f'"{one["alert"]}"' not in spoken] == []


def test_each_alert_says_what_is_wrong_and_what_to_do() -> None:
    for one in alerts():
        assert set(one["annotations"]) == {"summary", "description", "runbook"}, one["alert"]
        assert one["labels"]["severity"] in ("critical", "warning", "info"), one["alert"]


def test_each_alert_has_its_section_in_the_docs() -> None:
    text = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")

    titles = re.findall(r"^### (Bridge\w+)$", text, re.MULTILINE)
    assert titles == [one["alert"] for one in alerts()]


def test_no_alert_and_no_panel_asks_for_what_is_not_there() -> None:
    for text in (*(one["expr"] for one in alerts()), *questions()):
        for name in re.findall(r"\bbridge_\w+", text):
            assert re.sub(r"_(bucket|sum|count)$", "", name) in LABELS, text
        for name, matchers in re.findall(r"\b(bridge_\w+)\{([^}]*)\}", text):
            asked = set(re.findall(r"(\w+)\s*(?:=|!=|=~|!~)\s*\"", matchers))
            assert asked <= LABELS[re.sub(r"_(bucket|sum|count)$", "", name)], text
        for grouping in re.findall(r"\b(?:by|on) \(([^)]*)\)", text):
            of_all = {label for labels in LABELS.values() for label in labels} | OF_PROMETHEUS
            assert set(re.findall(r"\w+", grouping)) <= of_all, text


def test_prometheus_finds_nothing_to_mend_in_what_is_shown() -> None:
    counts = Counts()
    counts.use(["crm"], ["deal won"], ["main"])
    counts.commit({"accept": 3}, 0.01)
    waiting = [Waiting("main", "pending", 1, AT)]
    situation = Situation(AT, True, ["main"], waiting, {}, ["rule"])
    text = exposition(situation, InForce("1", "abc", AT, True), counts.board).decode()

    done = run("promtool", "check", "metrics", text=text)

    assert (done.returncode, done.stdout) == (0, "")


def test_prometheus_understands_what_the_dashboard_asks(tmp_path: Path) -> None:
    asked = [text.replace("$__rate_interval", "5m") for text in questions()]
    rules = [{"record": f"asked:{number}", "expr": text} for number, text in enumerate(asked)]
    (tmp_path / "asked.yaml").write_text(json.dumps({"groups": [{"name": "a", "rules": rules}]}))

    done = run("promtool", "check", "rules", tmp_path / "asked.yaml")

    assert len(asked) > 20
    assert done.returncode == 0, done.stdout


def test_the_panels_of_the_dashboard_lie_beside_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert at["x"] + at["w"] <= 24, panel["title"]
        assert not cells & taken, panel["title"]
        taken |= cells

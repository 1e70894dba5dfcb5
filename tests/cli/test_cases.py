"""`bridge test`, and `bridge events save-as-test` on the store of a bridge that ran."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.commands import ROOT, Ran, bridge
from tests.support.processes import BEARER, Pair, a_pair

EXAMPLE = ROOT / "app/cli/example/bridge.yaml"
CASES = """\
- name: a deal is won
  source: crm
  body:
    form: {event: ONCRMDEALUPDATE, "data[FIELDS][STAGE_ID]": WON, "data[FIELDS][CONTACT_ID]": "7",
           "data[FIELDS][ID]": "1"}
  expect:
    starts: [{rule: deal won, scenario: 3, match: {custom: CRM_ID, value: "7"}}]
- name: an order is paid
  source: shop
  body: {json: {order_id: A-17, status: paid, total: 990, customer: {email: ivan@example.com}}}
  expect:
    starts: [{scenario: 2, content: {order: A-17, total: 990 RUB}}]
    dedup_key: A-17
"""


def held(folder: Path, text: str, *arguments: str) -> Ran:
    (folder / "bridge.yaml").write_text(EXAMPLE.read_text())
    (folder / "bridge.tests").mkdir(exist_ok=True)
    (folder / "bridge.tests" / "cases.yaml").write_text(text)
    return bridge("test", folder / "bridge.yaml", *arguments)


def test_cases_beside_the_configuration_pass_without_any_secret(tmp_path: Path) -> None:
    ran = held(tmp_path, CASES)

    assert ran.status == 0, ran.err
    assert "2 passed, 0 failed" in ran.out
    assert f"pass  {tmp_path}/bridge.tests/cases.yaml:1: a deal is won" in ran.out


def test_a_failure_shows_what_differs_and_is_an_exit_status(tmp_path: Path) -> None:
    ran = held(tmp_path, CASES.replace("scenario: 2", "scenario: 4"))

    assert ran.status == 1
    lines = [line.strip() for line in ran.out.splitlines()]
    at = lines.index("starts[0].scenario: - expected, + got")
    assert lines[at + 1 : at + 3] == ["- 4", "+ 2"]
    assert lines[-1] == "1 passed, 1 failed"


def test_the_result_is_there_for_programs(tmp_path: Path) -> None:
    ran = held(tmp_path, CASES.replace("scenario: 2", "scenario: 4"), "--json")

    assert (ran.json["passed"], ran.json["failed"]) == (1, 1)
    [difference] = ran.json["cases"][1]["differences"]
    assert difference == {"where": "starts[0].scenario", "expected": 4, "got": 2}


def test_cases_are_chosen_by_their_names(tmp_path: Path) -> None:
    chosen = held(tmp_path, CASES, "-k", "DEAL")
    nothing = held(tmp_path, CASES, "-k", "refund")

    assert "1 passed, 0 failed" in chosen.out
    assert (nothing.status, "none of the 2 cases" in nothing.err) == (2, True)


def test_what_cannot_be_tested_is_no_pass(tmp_path: Path) -> None:
    faulty = held(tmp_path, CASES.replace("dedup_key", "dedupkey"))
    nothing = bridge("test", EXAMPLE)
    unknown = bridge("test", tmp_path / "nowhere.yaml")

    assert faulty.status == 2
    assert "cases.yaml:13: [1].expect.dedupkey: unknown key; did you mean" in faulty.err
    assert (nothing.status, "bridge.tests: is not there" in nothing.err) == (2, True)
    assert (unknown.status, "can't be read" in unknown.err) == (2, True)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with a_pair(tmp_path_factory.mktemp("cases")) as running:
        body = {"crm_id": "777001", "email": "ivan@real.example.org", "name": "Ivan"}
        httpx.post(f"{running.bridge.url}/hooks/forms", json=body, headers=BEARER, timeout=30)
        yield running


def saved(pair: Pair, *arguments: str | Path) -> Ran:
    [event] = bridge("events", "list", "--json", environ=pair.bridge.environ).json
    # None of the secrets that the file names is set here.
    environ = {
        name: text for name, text in pair.bridge.environ.items() if name.startswith("BRIDGE_")
    }
    config = ("--config", pair.folder / "bridge.yaml")
    return bridge("events", "save-as-test", event["id"], *config, *arguments, environ=environ)


def test_a_stored_call_becomes_a_case_that_passes_and_names_nobody(
    pair: Pair, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "case.yaml"

    written = saved(pair, "--out", out, "--name", "from the form")
    ran = bridge("test", pair.folder / "bridge.yaml", "--cases", out)

    assert written.status == 0, written.err
    assert f"written to {out}" in written.err
    assert (ran.status, "from the form" in ran.out) == (0, True)
    text = out.read_text()
    assert "777001" in text
    for private in ("real.example.org", "Ivan", "forms-secret"):
        assert private not in text
    assert saved(pair, "--out", out).status == 2


def test_fields_can_be_named_on_the_command_line(pair: Pair) -> None:
    ran = saved(pair, "--replace", "crm_id", "--keep", "name")

    assert ran.status == 0, ran.err
    assert "777001" not in ran.out
    assert "name: Ivan" in ran.out


def test_an_event_that_is_not_there_is_an_exit_status(pair: Pair) -> None:
    ran = bridge(
        "events",
        "save-as-test",
        "nothing",
        environ={**pair.bridge.environ, "BRIDGE_CONFIG": str(pair.folder / "bridge.yaml")},
    )

    assert (ran.status, ran.err.strip()) == (1, "there is no event nothing")

"""`bridge check` and `bridge schema`."""

from pathlib import Path

import jsonschema
from ruamel.yaml import YAML

from app.cli.check import json_schema
from tests.support.commands import ROOT, bridge
from tests.support.sandbox import a_sandbox_process

EXAMPLE = ROOT / "app/cli/example/bridge.yaml"
SECRETS = {
    "ALTCRAFT_TOKEN": "t",
    "FORMS_TOKEN": "a-secret-of-good-length",
    "SHOP_KEY": "a-secret-of-good-length",
    "BITRIX_TOKEN": "a-secret-of-good-length",
}
FAULTY = """\
version: 1
destinations:
  main:
    url: http://altcraft.example.com
    token: {env: NOT_SET_ANYWHERE}
    timeout: 60s
    concurency: 4
delivery: {lease: 30s}
sources:
  forms:
    auth: {bearer: {env: NOT_SET_EITHER}}
rules:
  - name: one
    source: form
    when: boddy.x == 1
    scenario: three
  - name: one
    when: body.x ==
    match: [{emial: body.email}]
    scenario: 1
"""


def test_the_example_is_good() -> None:
    ran = bridge("check", EXAMPLE, environ=SECRETS)

    assert ran.status == 0, ran.err
    assert "1 destination, 3 sources, 3 rules, 0 warnings" in ran.out


def test_every_fault_of_the_shape_is_said_at_once_with_line_key_reason_and_hint(
    tmp_path: Path,
) -> None:
    path = tmp_path / "bridge.yaml"
    path.write_text(FAULTY)

    ran = bridge("check", path)

    assert ran.status == 1
    lines = ran.err.splitlines()
    key = "destinations.main.concurency"
    assert f'{path}:7: error: {key}: unknown key; did you mean "concurrency"?' in lines
    assert any(f"{path}:16: error: rules[0].scenario: " in line for line in lines)
    assert any(f"{path}:19: error: rules[1].match[0].emial: unknown key" in line for line in lines)


def test_every_fault_of_the_meaning_is_said_at_once(tmp_path: Path) -> None:
    path = tmp_path / "bridge.yaml"
    mended = FAULTY.replace("concurency", "concurrency").replace("three", "3")
    path.write_text(mended.replace("emial", "email"))

    ran = bridge("check", path, "--json")

    faults = {fault["key"]: fault for fault in ran.json["faults"]}
    assert ran.status == 1
    assert set(faults) == {
        "destinations.main.token",
        "delivery.lease",
        "sources.forms.auth.bearer",
        "rules[0].source",
        "rules[0].when",
        "rules[1].name",
        "rules[1].when",
    }
    assert faults["rules[0].when"]["reason"] == 'unknown name "boddy" at column 1'
    assert faults["rules[0].when"]["hint"] == 'did you mean "body"?'
    assert faults["rules[0].source"]["hint"] == 'did you mean "forms"?'
    assert "not longer than destinations.main.timeout" in faults["delivery.lease"]["reason"]
    assert [fault["line"] for fault in ran.json["faults"]] == [5, 8, 11, 14, 15, 17, 18]


def test_a_file_that_is_not_there_is_a_fault() -> None:
    ran = bridge("check", "/nowhere/bridge.yaml")

    assert ran.status == 1
    assert "/nowhere/bridge.yaml:1: error: file: can't be read: No such file" in ran.err


def test_the_shipped_schema_is_that_of_the_models() -> None:
    ran = bridge("schema")

    assert ran.json == json_schema()
    shipped = (ROOT / "app/config/bridge.schema.json").read_text()
    assert shipped == ran.out, "run `make schema`"


def test_the_schema_takes_what_the_bridge_takes_and_refuses_an_unknown_key() -> None:
    given = YAML(typ="safe", pure=True).load(EXAMPLE.read_text())
    validator = jsonschema.Draft202012Validator(json_schema())

    assert validator.is_valid(given)
    given["rules"][0]["whn"] = "true"
    assert not validator.is_valid(given)


LIVE = """\
version: 1
destinations: {{main: {{url: "{url}", token: {{env: ALTCRAFT_TOKEN}}, timeout: 2s}}}}
sources: {{forms: {{auth: {{bearer: {{env: FORMS_TOKEN}}}}}}}}
rules:
  - name: welcome
    scenario: {scenario}
"""


def test_the_platform_is_asked_whether_it_has_the_scenarios(tmp_path: Path) -> None:
    environ = {**SECRETS, "ALTCRAFT_TOKEN": "sandbox-token"}
    path = tmp_path / "bridge.yaml"
    with a_sandbox_process(tmp_path) as sandbox:
        path.write_text(LIVE.format(url=sandbox.url, scenario=1))
        good = bridge("check", path, "--live", environ=environ)
        path.write_text(LIVE.format(url=sandbox.url, scenario=404))
        wrong = bridge("check", path, "--live", environ=environ)
        refused = bridge("check", path, "--live", "--json", environ=SECRETS)
        url = sandbox.url
    gone = bridge("check", path, "--live", environ=environ)

    assert (good.status, wrong.status, refused.status, gone.status) == (0, 1, 1, 3), url
    assert f'{path}:6: error: rules[0].scenario: rule "welcome"' in wrong.err
    assert "there is no scenario 404" in wrong.err
    assert [one["key"] for one in refused.json["faults"]] == ["destinations.main.token"]
    assert f"{path}:2: error: destinations.main.url: the platform does not answer" in gone.err

"""A case compares what it states, and nothing else."""

from pathlib import Path

import pytest

from app.cases import CaseResult, CasesRefused, PlacedCase, run_cases
from app.cases.read import case_of_text
from app.config.document import parse_document
from app.config.faults import ConfigRefused
from app.config.secrets import PLACEHOLDER, SecretReader
from app.revision import build_revision
from app.sources.presets import presets
from tests.cases.support import CONFIG, a_revision
from tests.support.sources import a_call

ORDER = """\
name: an order
source: forms
body:
  json: {id: A-17, kind: order, status: paid, customer: {email: a@example.com, phone: 89000000000}}
expect: """
MATCHES = "[{email: a@example.com}, {phone: '+79000000000'}]"


def ran(text: str, config: str = CONFIG) -> CaseResult:
    [result] = run_cases([case_of_text(text)], a_revision(config))
    return result


def differences(text: str) -> list[str]:
    return [one.where for one in ran(text).differences]


@pytest.mark.parametrize(
    "expect",
    [
        "{starts: [{rule: order}]}",
        "{starts: [{scenario: 2, destination: main}], status: accepted}",
        "{starts: [{content: {id: A-17}}], dedup_key: A-17}",
        f"{{starts: [{{match: {MATCHES}}}]}}",
        "{items: [{starts: [{rule: order}]}]}",
        "{dedup_key: A-17}",
    ],
)
def test_what_is_stated_and_true_passes(expect: str) -> None:
    assert ran(ORDER + expect).passed


@pytest.mark.parametrize(
    ("expect", "where"),
    [
        ("{starts: []}", "starts"),
        ("{starts: [{rule: order}, {rule: order}]}", "starts"),
        ("{starts: [{rule: welcome}]}", "starts[0].rule"),
        ("{starts: [{match: {email: a@example.com}}]}", "starts[0].match"),
        ("{starts: [{content: {}}]}", "starts[0].content"),
        ("{status: ignored}", "status"),
        ("{dedup_key: A-18}", "dedup_key"),
        ("{dedup_key: null}", "dedup_key"),
        ("{refused: undecodable}", "refused"),
        ("{items: []}", "items"),
        ("{items: [{starts: [{scenario: 4}]}]}", "items[0].starts[0].scenario"),
    ],
)
def test_what_is_stated_and_untrue_fails_with_its_place(expect: str, where: str) -> None:
    assert differences(ORDER + expect) == [where]


def test_a_call_that_starts_nothing_can_be_expected_with_its_reason() -> None:
    text = "{name: a, source: forms, body: {json: {kind: x}}, expect: {starts: [], because: %s}}"

    assert ran(text % "'body.kind == \"order\"'").passed
    assert differences(text % "status") == ["because"]


def test_a_failure_says_why_the_rules_did_not_hold() -> None:
    found = ran(
        "{name: a, source: forms, body: '{\"kind\": 1}', expect: {starts: [{rule: order}]}}"
    )

    assert any('rule "order"' in note for note in found.notes)


def test_a_body_that_cannot_be_decoded_can_be_expected() -> None:
    assert ran("{name: a, source: forms, body: '{\"a\"', expect: {refused: undecodable}}").passed
    assert differences("{name: a, source: forms, body: '{\"a\"', expect: {starts: []}}") == [
        "refused"
    ]


def test_a_number_is_no_text() -> None:
    case = "{name: a, source: forms, body: {json: {crm_id: 12}}, expect: {starts: [{match: %s}]}}"

    assert ran(case % "{custom: CRM_ID, value: 12}").passed
    assert not ran(case % '{custom: CRM_ID, value: "12"}').passed


def test_a_form_is_written_in_the_charset_of_the_source() -> None:
    config = CONFIG.replace("    dedup: body.id", "    decode: {charset: windows-1251}")
    config = config.replace("'!has(body.kind)'", "body.who == 'Иван'")
    starts = "expect: {starts: [{rule: welcome}]}"

    who = "{who: Иван, crm_id: '1', kind: a}"
    for body in (f"{{form: {who}}}", f"{{json: {who}}}"):
        assert ran(f"{{name: a, source: forms, body: {body}, {starts}}}", config).passed
    with pytest.raises(CasesRefused, match="can't be written in cp1251"):
        ran(f"{{name: a, source: forms, body: '日', {starts}}}", config)


def test_a_body_may_stand_in_a_file_beside_the_case(tmp_path: Path) -> None:
    (tmp_path / "body.json").write_text('{"crm_id": "1"}')
    text = "{name: a, source: forms, body: {file: body.json}, expect: {status: accepted}}"
    case = case_of_text(text).case

    [result] = run_cases([PlacedCase(case, tmp_path / "a.yaml", 1)], a_revision())

    assert result.passed
    with pytest.raises(CasesRefused, match=r"body\.file: .*: can't be read: No such file"):
        run_cases([PlacedCase(case, Path("/nowhere/a.yaml"), 1)], a_revision())


def test_a_source_that_is_not_there_is_a_fault_of_the_case() -> None:
    with pytest.raises(CasesRefused, match='no source "form"; did you mean "forms"'):
        ran("{name: a, source: form, expect: {starts: []}}")


def test_each_item_of_a_batch_has_its_own_expectation() -> None:
    config = CONFIG.replace("    dedup: body.id", "    each: body.all\n    dedup: body.id")
    case = """\
    name: two
    source: forms
    body: {json: {all: [{crm_id: "1", id: a}, {kind: x}]}}
    expect: {items: [{starts: [{rule: welcome}], dedup_key: a}, {starts: []}]}
    """

    assert ran(case, config).passed


def test_the_time_of_a_call_is_the_same_on_every_day() -> None:
    config = CONFIG.replace("'!has(body.kind)'", "received < timestamp('2026-01-02T00:00:00Z')")
    case = "{name: a, source: forms, body: {json: {crm_id: 1}}, %s expect: {status: %s}}"

    assert ran(case % ("", "accepted"), config).passed
    assert ran(case % ("received: '2026-02-01T00:00:00Z',", "ignored"), config).passed


def test_without_secrets_a_source_with_a_public_key_lets_nobody_in() -> None:
    source = a_revision().sources["keyed"]

    refusal = source.authenticator.check(a_call(b"{}"), lambda: {})

    assert refusal is not None


@pytest.mark.parametrize("name", list(presets()))
def test_no_secret_of_a_preset_need_be_set(name: str) -> None:
    text = CONFIG.split("sources:")[0] + (
        f"sources:\n  one:\n    preset: {name}\n    auth: {{secret: {{env: S}}}}\n"
        "    verify_token: {env: V}\nrules:\n  - {name: any, scenario: 1}\n"
    )
    reader = SecretReader({}, Path("/nowhere"), placeholder=PLACEHOLDER)

    try:
        build_revision(parse_document(text.encode(), file="bridge.yaml"), reader)
        said = ""
    except ConfigRefused as refused:
        # Some have no secret, and others want to be told of more than one.
        said = str(refused)

    assert "is not set" not in said
    assert "is not in" not in said
    assert "is no " not in said

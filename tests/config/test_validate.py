"""Every fault of a file's shape is told at once, in the terms of the file."""

import pytest

from app.config.document import parse_document
from app.config.faults import ConfigRefused, Fault
from app.config.schema import BridgeFile
from app.config.validate import validate

SOUND = """\
version: 1
destinations:
  main: {url: https://altcraft.example.com, token: {env: T}}
sources:
  crm: {auth: {bearer: {env: S}}}
rules:
  - {name: one, source: crm, scenario: 3}
"""
DESTINATION, SOURCE, RULE = "token: {env: T}", "bearer: {env: S}}", "scenario: 3"


def read(text: str) -> BridgeFile:
    return validate(parse_document(text.encode(), file="bridge.yaml"))


def faults(text: str) -> tuple[Fault, ...]:
    with pytest.raises(ConfigRefused) as refused:
        read(text)
    return refused.value.faults


def lines(text: str) -> list[str]:
    return [f"{fault.line}: {fault}" for fault in faults(text)]


def with_(place: str, more: str) -> str:
    return SOUND.replace(place, f"{place}, {more}")


def test_a_sound_file_is_taken() -> None:
    assert read(SOUND).rules[0].source == ("crm",)


def test_all_faults_are_told_at_once_in_the_order_of_the_file() -> None:
    text = """\
version: 2
destinations:
  main:
    url: ftp://altcraft.example.com
    tokn: {env: T}
    rate: fast
sources:
  crm:
    auth: {barer: {env: S}}
    body_limit: 5
rules:
  - name: one
    scenario: three
    when: {a: b}
  - scenario: {by: body.x, of: {a: 0}}
    stop: perhaps
delivry: {}
"""

    assert lines(text) == [
        "1: version: input should be 1",
        "3: destinations.main.token: is required and missing",
        "4: destinations.main.url: URL scheme should be 'http' or 'https'",
        '5: destinations.main.tokn: unknown key; did you mean "token"?',
        '6: destinations.main.rate: expected a pace above zero such as "50/s", "600/m" or "1000/h"',
        '9: sources.crm.auth.barer: unknown key; did you mean "bearer"?',
        '10: sources.crm.body_limit: expected a size such as "512B", "64KiB" or "1MiB"',
        "13: rules[0].scenario: expected a whole number",
        "14: rules[0].when: expected a text",
        "15: rules[1].name: is required and missing",
        "15: rules[1].scenario.of.a: input should be greater than or equal to 1",
        "16: rules[1].stop: expected true or false",
        '17: delivry: unknown key; did you mean "delivery"?',
    ]


@pytest.mark.parametrize(
    ("text", "key", "meant"),
    [
        (SOUND + "deliveri: {}", "deliveri", "delivery"),
        (SOUND + "delivery: {leese: 3s}", "delivery.leese", "lease"),
        (with_(DESTINATION, "timeut: 3s"), "destinations.main.timeut", "timeout"),
        (with_(DESTINATION, "retry: {trys: 3}"), "destinations.main.retry.trys", "tries"),
        (
            with_(DESTINATION, "outcomes: [{error: 1, outcome: malformed, txt: x}]"),
            "destinations.main.outcomes[0].txt",
            "text",
        ),
        (SOUND.replace("token: {env: T}", "token: {evn: T}"), "destinations.main.token.evn", "env"),
        (with_(SOURCE, "presett: x"), "sources.crm.presett", "preset"),
        (with_(SOURCE, "dedup: {heder: x}"), "sources.crm.dedup.heder", "header"),
        (with_(SOURCE, "decode: {ass: json}"), "sources.crm.decode.ass", "as"),
        (with_(SOURCE, "reply: {stats: 200}"), "sources.crm.reply.stats", "status"),
        (
            with_(SOURCE, "reply: {body: {a: {evnt: id}}}"),
            "sources.crm.reply.body.a.evnt",
            "event",
        ),
        (
            with_(SOURCE, "handshakes: [{when: true, verify: {qery: a}}]"),
            "sources.crm.handshakes[0].verify.qery",
            "query",
        ),
        (with_(RULE, "wen: x"), "rules[0].wen", "when"),
        (with_(RULE, "match: [{emial: body.x}]"), "rules[0].match[0].emial", "email"),
        (
            SOUND.replace("scenario: 3", "scenario: {by: body.x, of: {a: 1}, defalt: 3}"),
            "rules[0].scenario.defalt",
            "default",
        ),
        (
            SOUND.replace("{bearer: {env: S}}", "{bearer: [{env: S}, {fil: S}]}"),
            "sources.crm.auth.bearer[1].fil",
            "file",
        ),
        (
            SOUND.replace("{bearer: {env: S}}", "[{barer: {env: S}}]"),
            "sources.crm.auth[0].barer",
            "bearer",
        ),
        (
            SOUND.replace("{bearer: {env: S}}", "{all: [{any: [{ip: {alow: 10.0.0.1}}]}]}"),
            "sources.crm.auth.all[0].any[0].ip.alow",
            "allow",
        ),
        (
            SOUND.replace(
                "{bearer: {env: S}}", "{hmac: {key: {env: S}, signature: {heder: X-Sign}}}"
            ),
            "sources.crm.auth.hmac.signature.heder",
            "header",
        ),
        (
            SOUND.replace("{bearer: {env: S}}", "{secret: {env: S}, inputs: {url: {evn: U}}}"),
            "sources.crm.auth.inputs.url.evn",
            "env",
        ),
    ],
)
def test_an_unknown_key_at_any_level_names_its_nearest_neighbour(
    text: str, key: str, meant: str
) -> None:
    found = [fault for fault in faults(text) if fault.reason == "unknown key"]

    assert [(fault.key, fault.hint) for fault in found] == [(key, f'did you mean "{meant}"?')]


def test_an_unknown_key_like_no_other_names_what_is_known() -> None:
    assert lines(SOUND + "delivery: {qwxz: 1}") == [
        "8: delivery.qwxz: unknown key; known here: lease, poll, grace"
    ]


def test_a_key_that_looks_like_a_mark_of_ours_is_named_all_the_same() -> None:
    assert {fault.key for fault in faults(with_(RULE, "'[x]': 1, '<Y>': 2"))} == {
        "rules[0].[x]",
        "rules[0].<Y>",
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (with_(RULE, "match: []"), "7: rules[0].match: expected at least one"),
        (with_(RULE, "when: []"), "7: rules[0].when: expected at least one"),
        (SOUND.replace("source: crm", "source: []"), "7: rules[0].source: expected at least one"),
        (with_(RULE, "match: {email: x}"), "7: rules[0].match: expected a list"),
        (
            with_(RULE, "match: [{custom: A}]"),
            "7: rules[0].match[0]: `custom: FIELD` and `value: EXPRESSION` go together",
        ),
        (
            with_(RULE, "match: [{email: a, value: b}]"),
            "7: rules[0].match[0]: `custom: FIELD` and `value: EXPRESSION` go together",
        ),
        (
            with_(RULE, "match: [{email: a, phone: b}]"),
            "7: rules[0].match[0]: expected exactly one of email, phone, profile_id, custom",
        ),
        (
            with_(RULE, "match: [{custom: 5, value: b}]"),
            "7: rules[0].match[0].custom: expected a text; put it in quotes",
        ),
        (SOUND.replace("scenario: 3", "scenario: '3'"), "7: rules[0].scenario: expected a whole"),
        (SOUND.replace("scenario: 3", "scenario: true"), "7: rules[0].scenario: expected a whole"),
        (SOUND.replace("scenario: 3", "scenario: 0"), "7: rules[0].scenario: input should be gre"),
        (
            SOUND.replace("scenario: 3", "scenario: {by: a, of: {}}"),
            "7: rules[0].scenario.of: expected at least one",
        ),
        (
            SOUND.replace("scenario: 3", "scenario: {by: a, of: {a: true}}"),
            "7: rules[0].scenario.of.a: expected a whole number",
        ),
        (with_(DESTINATION, "timeout: 15"), "3: destinations.main.timeout: expected a duration"),
        (with_(DESTINATION, "timeout: 0s"), "3: destinations.main.timeout: input should be gr"),
        (with_(DESTINATION, "rate: 50"), "3: destinations.main.rate: expected a pace above zero"),
        (
            SOUND.replace("token: {env: T}", "token: hunter2"),
            "3: destinations.main.token: expected a mapping; a secret is never in the file: "
            "{env: NAME} or {file: PATH}",
        ),
        (
            SOUND.replace("token: {env: T}", "token: {env: T, file: F}"),
            "3: destinations.main.token: expected {env: NAME} or {file: PATH}, one of them",
        ),
        (SOUND.replace("env: T", "env: 'A B'"), "3: destinations.main.token.env: string should"),
        (
            SOUND.replace("https://", "https://user:hunter2@"),
            "3: destinations.main.url: expected only scheme, host, port and path",
        ),
        (
            SOUND.replace("example.com", "example.com/?token=hunter2"),
            "3: destinations.main.url: expected only scheme, host, port and path",
        ),
        (SOUND.replace("  crm:", "  Моя CRM:"), "5: sources.Моя CRM: string should match pattern"),
        (
            with_(SOURCE, "dedup: {header: X-Id, body: true}"),
            "5: sources.crm.dedup: expected exactly one of `value`, `header` and `body: true`",
        ),
        (with_(SOURCE, "region: ru"), "5: sources.crm.region: string should match pattern"),
        (with_(SOURCE, "body_limit: 0B"), "5: sources.crm.body_limit: input should be greater"),
        (SOUND.replace("version: 1\n", ""), "1: version: is required and missing"),
    ],
)
def test_what_a_value_should_be_is_said(text: str, says: str) -> None:
    found = lines(text)

    assert len(found) == 1
    assert found[0].startswith(says)
    assert "hunter2" not in found[0]


@pytest.mark.parametrize("text", ["", "[]", "hello", "3"])
def test_a_file_that_is_no_mapping_is_told_what_belongs_in_it(text: str) -> None:
    assert lines(text) == [
        "1: file: expected a mapping with version, destinations, sources and rules"
    ]


def test_a_refusal_has_a_line_for_each_fault_with_the_file_in_front() -> None:
    text = SOUND.replace("version: 1", "version: 3") + "x: 1\n"

    with pytest.raises(ConfigRefused) as refused:
        read(text)

    assert str(refused.value).splitlines() == refused.value.lines()
    assert refused.value.lines()[0] == "bridge.yaml:1: version: input should be 1"
    assert refused.value.lines()[1].startswith("bridge.yaml:8: x: unknown key; known here: ver")


@pytest.mark.parametrize(
    ("given", "text"), [("true", "true"), ("3", "3"), ("1.5", "1.5"), ("body.x > 1", "body.x > 1")]
)
def test_a_number_or_a_flag_is_the_expression_that_yields_it(given: str, text: str) -> None:
    found = read(with_(RULE, f"when: {given}, content: {{a: {given}}}")).rules[0]

    assert found.when == (text,)
    assert found.content == {"a": text}


def test_one_and_a_list_of_one_are_the_same() -> None:
    one = read(with_(RULE, "when: body.x"))
    listed = read(with_(RULE, "when: [body.x]"))

    assert one == listed

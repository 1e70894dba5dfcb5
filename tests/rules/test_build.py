"""What is wrong with rules is said when the file is read, all of it."""

import pytest

from app.config.faults import Severity
from tests.rules.support import build


def faults(
    text: str, *, sources: tuple[str, ...] = ("crm",), destinations: tuple[str, ...] = ("main",)
) -> list[str]:
    _, found = build(text, sources=sources, destinations=destinations)
    return [str(fault) for fault in found if fault.severity is Severity.ERROR]


def warnings(text: str, *, sources: tuple[str, ...]) -> list[str]:
    _, found = build(text, sources=sources)
    return [str(fault) for fault in found if fault.severity is Severity.WARNING]


def test_sound_rules_have_no_faults() -> None:
    assert faults("- {name: a, scenario: 1, when: body.x == 1, source: crm}") == []


def test_each_expression_that_cannot_be_used_is_named_by_its_key() -> None:
    text = """
- name: a
  scenario: {by: boddy.x, of: {a: 1}}
  when: [body.x == 1, "body.y =="]
  match: [{email: body.x}, {custom: A, value: emial(body.x)}, {phone: bdy.x}]
  content: {deal: body.x +, ok: body.y}
- name: b
  scenario: 1
  when: body.x && boddy.y
"""

    assert faults(text) == [
        "rules[0].when[1]: is no CEL expression: mismatched input '<EOF>' at column 10",
        'rules[0].match[1].value: unknown function "emial" at column 1; did you mean "email"?',
        'rules[0].match[2].phone: unknown name "bdy" at column 1; did you mean "body"?',
        'rules[0].scenario.by: unknown name "boddy" at column 1; did you mean "body"?',
        "rules[0].content.deal: is no CEL expression: mismatched input '<EOF>' at column 9",
        'rules[1].when: unknown name "boddy" at column 11; did you mean "body"?',
    ]


def test_a_name_that_is_taken_is_named_with_the_other_rule() -> None:
    text = "- {name: a, scenario: 1}\n- {name: b, scenario: 1}\n- {name: a, scenario: 1}"

    assert faults(text) == [
        'rules[2].name: "a" is the name of rules[0] too; deliveries are counted by rule name'
    ]


def test_a_source_that_is_not_there_names_its_nearest() -> None:
    text = "- {name: a, scenario: 1, source: [crm, shp]}"

    assert faults(text, sources=("crm", "shop")) == [
        'rules[0].source: no source is named "shp"; did you mean "shop"?'
    ]


@pytest.mark.parametrize(
    ("destination", "says"),
    [
        ("", "rules[0].destination: is required: there are several; one of main, other"),
        (", destination: man", 'rules[0].destination: no destination is named "man"; did you mean '
         '"main"?'),
    ],
)  # fmt: skip
def test_the_destination_must_be_one_of_those_there(destination: str, says: str) -> None:
    text = f"- {{name: a, scenario: 1{destination}}}"

    assert faults(text, destinations=("main", "other")) == [says]


def test_the_only_destination_need_not_be_named() -> None:
    rules, _ = build("- {name: a, scenario: 1}", destinations=("prod",))

    assert rules.all[0].destination == "prod"


def test_a_source_whose_calls_start_nothing_is_a_warning() -> None:
    text = "- {name: a, scenario: 1, source: crm}"

    assert warnings(text, sources=("crm", "shop")) == [
        "sources.shop: no rule takes its calls: they are kept and start nothing"
    ]
    assert warnings("- {name: a, scenario: 1}", sources=("crm", "shop")) == []


def test_a_condition_is_taken_apart_so_that_the_failed_part_can_be_named() -> None:
    rules, _ = build("- {name: a, scenario: 1, when: ['body.a && (body.b || body.c)', body.d]}")

    assert [one.text for one in rules.all[0].conditions] == [
        "body.a", "(body.b || body.c)", "body.d",
    ]  # fmt: skip


def test_a_rule_knows_what_it_reads_of_a_call() -> None:
    rules, _ = build(
        "- {name: a, scenario: {by: query.s, of: {x: 1}}, when: 'headers[\"x-a\"] == body.a', "
        "content: {p: path}, match: [{custom: A, value: source}]}"
    )

    assert rules.all[0].reads().names == {"query", "headers", "body", "path", "source"}

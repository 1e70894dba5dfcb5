"""A call held against the rules: which scenarios start, for whom, with what, or why none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.model.json import Json
from app.model.start import InDoubt, Match, Matching, ScenarioStart
from tests.rules.support import decide, matches, start

CRM = Match(Matching.CUSTOM, "12345", "CRM_ID")
SOMEBODY: dict[str, Json] = {"crm_id": "12345"}


def names(text: str, body: Json = None) -> list[str]:
    return [one.rule for one in decide(text, body).starts]


DEAL = """
- name: deal won
  source: crm
  when: body.event == "ONCRMDEALUPDATE" && body.data.FIELDS.STAGE_ID == "WON"
  match:
    - {custom: CRM_ID, value: body.data.FIELDS.CONTACT_ID}
    - {email: body.data.FIELDS.EMAIL}
  scenario: 3
  content: {deal: body.data.FIELDS.ID}
"""


def deal(*, without: str = "", **fields: Json) -> Json:
    given_ = {"ID": "17", "STAGE_ID": "WON", "CONTACT_ID": "12345", "EMAIL": "ivan@example.com"}
    kept = {name: value for name, value in {**given_, **fields}.items() if name != without}
    return {"event": "ONCRMDEALUPDATE", "data": {"FIELDS": kept}}


def test_a_rule_that_holds_makes_a_start_of_the_event() -> None:
    assert start(DEAL, deal()) == ScenarioStart(
        rule="deal won",
        destination="main",
        scenario=3,
        matches=(CRM, Match(Matching.EMAIL, "ivan@example.com")),
        content={"deal": "17"},
        in_doubt=InDoubt.RETRY,
    )


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("{email: body.v}", Match(Matching.EMAIL, "ivan@example.com")),
        ("{phone: body.p}", Match(Matching.PHONE, "+79161234567")),
        ("{profile_id: body.i}", Match(Matching.PROFILE_ID, "66acb337240d5213037986d8")),
        ("{custom: CRM_ID, value: body.n}", Match(Matching.CUSTOM, 7, "CRM_ID")),
        ("{custom: Имя, value: string(body.n)}", Match(Matching.CUSTOM, "7", "Имя")),
    ],
)
def test_each_matching_takes_the_value_of_its_expression(text: str, match: Match) -> None:
    body: Json = {
        "v": "ivan@EXAMPLE.com",
        "p": "8 916 123-45-67",
        "i": "66ACB337240D5213037986D8",
        "n": 7,
    }

    assert matches(f"- {{name: a, scenario: 1, match: [{text}]}}", body, region="RU") == (match,)


def test_a_match_that_cannot_be_used_leaves_the_next_and_a_note() -> None:
    decision = decide(DEAL, deal(without="CONTACT_ID"))

    assert decision.starts[0].matches == (Match(Matching.EMAIL, "ivan@example.com"),)
    assert decision.notes == (
        'rule "deal won": match[0] body.data.FIELDS.CONTACT_ID: no key "CONTACT_ID"',
    )


def test_a_wrong_email_leaves_the_next_match_and_a_note() -> None:
    text = "- {name: a, scenario: 1, match: [{email: body.e}, {phone: body.p}]}"

    decision = decide(text, {"e": "ivan(at)example.com", "p": "+79161234567"})

    assert decision.starts[0].matches == (Match(Matching.PHONE, "+79161234567"),)
    assert decision.notes == ('rule "a": match[0] body.e: the value is no e-mail address',)


def test_two_matches_that_are_the_same_are_tried_once() -> None:
    text = "- {name: a, scenario: 1, match: [{email: body.e}, {email: body.e2}]}"

    assert len(matches(text, {"e": "a@EXAMPLE.com", "e2": "a@example.com"})) == 1


def test_where_no_match_can_be_used_nothing_starts_and_each_is_named() -> None:
    decision = decide(DEAL, deal(CONTACT_ID="", EMAIL=None))

    assert decision.starts == ()
    assert decision.notes == ()
    assert decision.reason == (
        'nearest is rule "deal won": its condition holds, but nobody is named: '
        "match[0] body.data.FIELDS.CONTACT_ID: the value is empty; "
        "match[1] body.data.FIELDS.EMAIL: the value is no e-mail address: it is empty"
    )


def test_every_rule_that_holds_starts_its_scenario_in_their_order() -> None:
    text = """
- {name: a, scenario: 1}
- {name: b, scenario: 2, when: body.x == 1}
- {name: c, scenario: 3, when: body.x == 2}
- {name: d, scenario: 1}
"""

    assert names(text, {**SOMEBODY, "x": 1}) == ["a", "b", "d"]


def test_stop_ends_the_search_only_where_its_rule_holds() -> None:
    text = """
- {name: a, scenario: 1, when: body.x == 1, stop: true}
- {name: b, scenario: 2}
"""

    assert names(text, {**SOMEBODY, "x": 1}) == ["a"]
    assert names(text, {**SOMEBODY, "x": 2}) == ["b"]
    assert names(text, SOMEBODY) == ["b"]


def test_stop_ends_the_search_where_its_condition_holds_but_nobody_is_named() -> None:
    text = """
- {name: a, scenario: 1, when: body.x == 1, match: [{email: body.e}], stop: true}
- {name: b, scenario: 2}
"""

    assert names(text, {**SOMEBODY, "x": 1}) == []


def test_a_rule_is_asked_for_its_sources_alone() -> None:
    text = """
- {name: any, scenario: 1}
- {name: crm, scenario: 2, source: crm}
- {name: both, scenario: 3, source: [crm, web]}
"""

    def of(source: str) -> list[str]:
        decision = decide(text, SOMEBODY, source=source, sources=("crm", "web", "shop"))
        return [one.rule for one in decision.starts]

    assert of("crm") == ["any", "crm", "both"]
    assert of("web") == ["any", "both"]
    assert of("shop") == ["any"]


def test_a_source_without_a_rule_is_told_so() -> None:
    text = "- {name: a, scenario: 1, source: crm}"

    decision = decide(text, SOMEBODY, source="web", sources=("crm", "web"))

    assert decision.reason == "no rule is for this source"
    assert decision.misses == ()


TABLE = "- {name: a, scenario: {by: body.status, of: {paid: 2, '7': 5, true: 6, null: 8}%s}}"


@pytest.mark.parametrize(
    ("status", "scenario"),
    [("paid", 2), (7, 5), ("7", 5), (7.0, 5), (True, 6), ("true", 6), (None, 8), ("lost", 9),
     (False, 9), ([1], 9)],
)  # fmt: skip
def test_the_scenario_is_looked_up_by_a_value(status: Json, scenario: int) -> None:
    found = start(TABLE % ", default: 9", {**SOMEBODY, "status": status})

    assert found.scenario == scenario


def test_a_missing_value_has_the_default_scenario() -> None:
    assert start(TABLE % ", default: 9", SOMEBODY).scenario == 9


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"status": "lost"}, "scenario.of has no entry for body.status, and no default"),
        ({}, 'scenario.by body.status: no key "status"'),
    ],
)
def test_without_a_default_a_value_that_is_not_in_the_table_starts_nothing(
    more: dict[str, Json], why: str
) -> None:
    decision = decide(TABLE % "", {**SOMEBODY, **more})

    assert decision.reason == f'nearest is rule "a": it takes every call, but {why}'


def test_content_holds_the_values_of_its_expressions() -> None:
    text = """
- name: a
  scenario: 1
  content:
    number: body.n
    total: double(body.n) * 1.5
    text: string(body.n) + " RUB"
    list: body.items.map(i, i.sku)
    whole: body.items[0]
    flag: true
    fixed: 7
    nothing: body.none
    at: received
"""
    body: Json = {**SOMEBODY, "n": 10, "items": [{"sku": "a", "n": None}], "none": None}

    assert start(text, body).content == {
        "number": 10,
        "total": 15.0,
        "text": "10 RUB",
        "list": ["a"],
        "whole": {"sku": "a", "n": None},
        "flag": True,
        "fixed": 7,
        "nothing": None,
        "at": "2026-11-23T09:10:11Z",
    }


def test_a_missing_value_of_the_content_starts_nothing_and_is_named() -> None:
    decision = decide(DEAL, deal(without="ID"))

    assert decision.starts == ()
    assert decision.reason == (
        'nearest is rule "deal won": its condition holds, but content.deal '
        'body.data.FIELDS.ID: no key "ID"'
    )


def test_a_value_of_the_content_that_json_has_not_starts_nothing() -> None:
    decision = decide(
        "- {name: a, scenario: 1, content: {x: 1.0 / body.n}}", {**SOMEBODY, "n": 0.0}
    )

    assert str(decision.reason).endswith(
        "yields a number that is infinite or none, which JSON " + ("has not")
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            {"event": "OTHER"},
            'rule "deal won": condition 1 of 2 failed: body.event == "ONCRMDEALUPDATE"',
        ),
        (
            deal(STAGE_ID="NEW"),
            'rule "deal won": condition 2 of 2 failed: body.data.FIELDS.STAGE_ID == "WON"',
        ),
        (
            {"event": "ONCRMDEALUPDATE", "data": {}},
            'rule "deal won": condition 2 of 2 failed: body.data.FIELDS.STAGE_ID == "WON" '
            '(no key "FIELDS")',
        ),
        (
            None,
            'rule "deal won": condition 1 of 2 failed: body.event == "ONCRMDEALUPDATE" '
            "(an operation does not fit the types of its values)",
        ),
    ],
)
def test_the_condition_that_failed_is_named(body: Json, reason: str) -> None:
    assert decide(DEAL, body).reason == f"nearest is {reason}"


def test_the_nearest_rule_is_the_one_of_which_most_held() -> None:
    text = """
- {name: far, scenario: 1, when: body.a == 1 && body.b == 1}
- {name: near, scenario: 1, when: [body.a == 2, body.b == 2 && body.c == 2]}
- {name: middle, scenario: 1, when: body.a == 2 && body.b == 3}
- {name: late, scenario: 1, when: body.a == 2 && body.b == 2 && body.c == 4}
"""

    decision = decide(text, {**SOMEBODY, "a": 2, "b": 2, "c": 3})

    assert decision.reason == ('nearest is rule "near": condition 3 of 3 failed: body.c == 2')
    assert [(miss.rule, miss.held, miss.total) for miss in decision.misses] == [
        ("far", 0, 2), ("near", 2, 3), ("middle", 1, 2), ("late", 2, 3),
    ]  # fmt: skip


def test_a_rule_whose_condition_held_is_nearer_than_any_other() -> None:
    text = """
- {name: a, scenario: 1, when: body.a == 1 && body.b == 2}
- {name: b, scenario: 1, when: body.a == 1, match: [{email: body.e}]}
"""

    assert str(decide(text, {"a": 1, "b": 3}).reason).startswith(
        'nearest is rule "b": its condition'
    )


def test_a_call_that_starts_something_has_no_reason_but_tells_its_misses() -> None:
    text = "- {name: a, scenario: 1}\n- {name: b, scenario: 2, when: body.x}"

    decision = decide(text, SOMEBODY)

    assert decision.reason is None
    assert [str(miss) for miss in decision.misses] == [
        'rule "b": its condition failed: body.x (no key "x")'
    ]


def test_a_condition_that_yields_no_true_or_false_does_not_hold() -> None:
    decision = decide("- {name: a, scenario: 1, when: body.x}", {**SOMEBODY, "x": "yes"})

    assert decision.reason == (
        'nearest is rule "a": its condition failed: body.x (yields a text, not true or false)'
    )


def test_of_a_list_of_conditions_all_must_hold() -> None:
    text = "- {name: a, scenario: 1, when: [body.x == 1, body.y == 1]}"

    assert names(text, {**SOMEBODY, "x": 1, "y": 1}) == ["a"]
    assert names(text, {**SOMEBODY, "x": 1, "y": 2}) == []


def test_what_a_rule_says_of_doubt_goes_with_the_start() -> None:
    assert start("- {name: a, scenario: 1, in_doubt: hold}", SOMEBODY).in_doubt is InDoubt.HOLD


def test_the_same_rules_are_asked_for_call_after_call() -> None:
    first, second = deal(), deal(CONTACT_ID="777", ID="18")

    assert [start(DEAL, body).content for body in (first, second, first)] == [
        {"deal": "17"}, {"deal": "18"}, {"deal": "17"},
    ]  # fmt: skip


_LEAVES: st.SearchStrategy[Json] = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
)
_BODIES: st.SearchStrategy[Json] = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["event", "data", "FIELDS", "status", "crm_id", "email", "x"]), inner
        )
    ),
    max_leaves=10,
)


@given(body=_BODIES)
@settings(max_examples=200, deadline=None)
def test_any_body_starts_something_or_has_a_reason(body: Json) -> None:
    text = DEAL + TABLE % "" + "\n- {name: b, scenario: 1, content: {x: body.x}}"

    decision = decide(text, body)

    assert bool(decision.starts) == (decision.reason is None)
    assert len(decision.starts) + len(decision.misses) == 3


@given(secret=st.text("ab19@.йж", min_size=6, max_size=20).map(lambda end: "Zq" + end))
@settings(max_examples=100, deadline=None)
def test_no_reason_or_note_holds_a_value_of_the_call(secret: str) -> None:
    text = """
- {name: a, scenario: 1, when: body.x == 1 && body.y}
- {name: b, scenario: 1, match: [{email: body.x}, {phone: body.x}, {profile_id: body.x}]}
- {name: c, scenario: {by: body.x, of: {a: 1}}, match: [{custom: A, value: body.x}]}
- {name: d, scenario: 1, content: {a: int(body.x)}, match: [{custom: A, value: body.x}]}
- {name: e, scenario: 1, when: 'body.z[body.x] == 1'}
- {name: f, scenario: 1, match: [{email: body.x}, {custom: A, value: body.x}]}
"""

    decision = decide(text, {"x": secret, "y": secret, "z": {}})

    assert decision.starts[-1].rule == "f"
    for said in (*(str(miss) for miss in decision.misses), *decision.notes):
        assert secret not in said

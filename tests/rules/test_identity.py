"""The profile is named by a match, or by the usual names; what can't be used is said."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.expressions import ExpressionFailed
from app.model.json import Json
from app.model.start import Match, Matching
from app.rules.identity import match_of, usual_identity
from tests.rules.support import decide, matches

PLAIN = "- {name: one, scenario: 1}"
PROFILE = "66acb337240d5213037986d8"
CRM = Match(Matching.CUSTOM, "12345", "CRM_ID")
EMAIL = Match(Matching.EMAIL, "ivan@example.com")
PHONE = Match(Matching.PHONE, "+79161234567")
PROFILE_ID = Match(Matching.PROFILE_ID, PROFILE)


def custom(value: str | int) -> Match:
    return Match(Matching.CUSTOM, value, "CRM_ID")


@pytest.mark.parametrize(
    ("name", "value", "match"),
    [
        ("crm_id", "12345", CRM),
        ("crm_id", 12345, custom(12345)),
        ("profile_id", PROFILE, PROFILE_ID),
        ("email", "ivan@EXAMPLE.com", EMAIL),
        ("phone", "8 (916) 123-45-67", PHONE),
        ("phone", 79161234567, PHONE),
    ],
)
def test_the_simplest_caller_needs_no_expression(name: str, value: Json, match: Match) -> None:
    assert matches(PLAIN, {name: value}, region="RU") == (match,)
    assert matches(PLAIN, None, query={name: value}, region="RU") == (match,)


def test_the_usual_names_are_tried_in_their_order_wherever_they_stand() -> None:
    body = {"phone": "+79161234567", "email": "ivan@example.com", "crm_id": "12345"}

    assert matches(PLAIN, body, query={"profile_id": PROFILE}) == (CRM, PROFILE_ID, EMAIL, PHONE)


def test_the_body_goes_before_the_query() -> None:
    assert matches(PLAIN, {"crm_id": "1"}, query={"crm_id": "2"}) == (custom("1"),)


@pytest.mark.parametrize("empty", [None, ""])
def test_an_empty_value_of_the_body_leaves_it_to_the_query(empty: Json) -> None:
    assert matches(PLAIN, {"crm_id": empty}, query={"crm_id": "2"}) == (custom("2"),)


@pytest.mark.parametrize(
    "body", [None, [], [{"crm_id": "1"}], "crm_id", 7, {"data": {"crm_id": 1}}]
)
def test_only_the_top_of_an_object_is_looked_at(body: Json) -> None:
    decision = decide(PLAIN, body)

    assert decision.starts == ()
    assert decision.reason == (
        'nearest is rule "one": it takes every call, but nobody is named: '
        "no crm_id, profile_id, email or phone at the top of the body or the query"
    )


def test_a_usual_value_that_cannot_be_used_leaves_the_next_and_a_note() -> None:
    decision = decide(PLAIN, {"email": "ivan(at)example.com", "phone": "+79161234567"})

    assert decision.starts[0].matches == (PHONE,)
    assert decision.notes == ('rule "one": email: the value is no e-mail address',)


def test_when_no_usual_value_can_be_used_each_is_named() -> None:
    decision = decide(PLAIN, {"email": "ivan", "profile_id": "66ac", "crm_id": True})

    assert decision.reason == (
        'nearest is rule "one": it takes every call, but nobody is named: '
        "crm_id: the value is true or false, not a text; "
        "profile_id: the value is no profile id (24 hex characters); "
        "email: the value is no e-mail address"
    )


@pytest.mark.parametrize(
    ("given_", "value"),
    [("12345", "12345"), (" 12345 ", "12345"), (12345, 12345), (0, 0), (12345.0, 12345),
     (-5, -5), ("00123", "00123"), ("Иванов", "Иванов"), ("tag-1, tag-2", "tag-1, tag-2"),
     ("x" * 1000, "x" * 1000)],
)  # fmt: skip
def test_a_custom_field_is_a_text_or_a_whole_number_as_it_came(
    given_: Json, value: str | int
) -> None:
    found = match_of(Matching.CUSTOM, given_, "CRM_ID", None)

    assert found == custom(value)
    assert type(found.value) is type(value)


@pytest.mark.parametrize(
    ("given_", "reason"),
    [
        (None, "the value is empty"),
        ("", "the value is empty"),
        ("  ", "the value is empty"),
        (True, "the value is true or false, not a text"),
        (1.5, "the value is no text or whole number"),
        (1e300, "the value is no text or whole number"),
        (float("inf"), "the value is no text or whole number"),
        (["1"], "the value is no text or whole number"),
        ({"id": 1}, "the value is no text or whole number"),
        ("x" * 1001, "the value is too long"),
    ],
)
def test_what_is_no_value_of_a_custom_field_is_refused(given_: Json, reason: str) -> None:
    with pytest.raises(ExpressionFailed, match=f"^{reason}$"):
        match_of(Matching.CUSTOM, given_, "CRM_ID", None)


@pytest.mark.parametrize("given_", [PROFILE, PROFILE.upper(), f" {PROFILE}\n"])
def test_a_profile_id_is_24_hex_characters(given_: str) -> None:
    assert match_of(Matching.PROFILE_ID, given_, None, None) == PROFILE_ID


@pytest.mark.parametrize("given_", [None, "", 5, PROFILE[:-1], PROFILE + "0", "g" * 24, [PROFILE]])
def test_what_is_no_profile_id_is_refused(given_: Json) -> None:
    with pytest.raises(ExpressionFailed, match=r"is no profile id \(24 hex characters\)"):
        match_of(Matching.PROFILE_ID, given_, None, None)


_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
_VALUES: st.SearchStrategy[Json] = _LEAVES | st.lists(_LEAVES) | st.dictionaries(st.text(), _LEAVES)


@given(body=st.dictionaries(st.sampled_from(["crm_id", "profile_id", "email", "phone"]), _VALUES))
@settings(max_examples=200, deadline=None)
def test_whatever_stands_there_is_a_match_or_is_named_once(body: dict[str, Json]) -> None:
    found, wrong = usual_identity(body, {}, "RU")

    present = [name for name, value in body.items() if value not in (None, "")]
    assert len(found) + len(wrong) == len(present)
    assert all(text.split(":")[0] in present for text in wrong)


@given(
    matching=st.sampled_from(Matching),
    secret=st.text("ab19@._-йж", min_size=8, max_size=40).map(lambda end: "Zq" + end),
)
@settings(max_examples=100, deadline=None)
def test_a_refusal_never_holds_the_value(matching: Matching, secret: str) -> None:
    try:
        match_of(matching, [secret], "CRM_ID", None)
        match_of(matching, secret, "CRM_ID", None)
    except ExpressionFailed as failed:
        assert secret not in str(failed)  # noqa: PT017 - whether it is refused is not the matter

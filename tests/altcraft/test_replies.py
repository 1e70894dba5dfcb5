"""What each answer of Altcraft means."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.altcraft.replies import Answer, judge, meanings
from app.config.schema.destination import OutcomeRule
from app.model.outcome import Outcome, OutcomeKind

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HTML = b"<html><body>Maintenance</body></html>"


def said(error: object, text: str = "", *, status: int = 200, **headers: str) -> Outcome:
    body = orjson.dumps({"error": error, "error_text": text})
    return judge(Answer(status, headers, body), (), NOW)


def test_error_0_is_success() -> None:
    outcome = said(0, "Successful operation")

    assert (outcome.kind, outcome.in_doubt) == (OutcomeKind.ACCEPTED, False)


@pytest.mark.parametrize("error", [False, "0", 0.0, None, [], {}])
def test_what_only_looks_like_0_is_no_success(error: object) -> None:
    assert said(error).kind is OutcomeKind.UNREADABLE


@pytest.mark.parametrize(
    ("error", "text", "kind"),
    [
        (400, "Incorrect request", OutcomeKind.MALFORMED),
        (401, "Token required", OutcomeKind.TOKEN_REFUSED),
        (403, "No rights", OutcomeKind.TOKEN_REFUSED),
        (402, "Tariff limit reached", OutcomeKind.PLAN_LIMIT),
        (404, "Profile not found", OutcomeKind.UNKNOWN_PROFILE),
        (404, "", OutcomeKind.UNKNOWN_PROFILE),
        (404, "Workflow not found", OutcomeKind.SCENARIO_UNAVAILABLE),
        (404, "Profile not found for workflow 3", OutcomeKind.UNKNOWN_PROFILE),
        (404, "Сценарий не активен", OutcomeKind.SCENARIO_UNAVAILABLE),
        (429, "Too many requests", OutcomeKind.THROTTLED),
        (500, "Internal error", OutcomeKind.TEMPORARY),
        (7, "Something new", OutcomeKind.UNKNOWN_CODE),
        (-1, "", OutcomeKind.UNKNOWN_CODE),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_refusal_is_known_by_its_code_whatever_the_http_status(
    error: int, text: str, kind: OutcomeKind, status: int
) -> None:
    outcome = said(error, text, status=status)

    assert (outcome.kind, outcome.in_doubt, outcome.text) == (kind, False, text)


@pytest.mark.parametrize(
    ("status", "kind", "in_doubt"),
    [
        (200, OutcomeKind.UNREADABLE, True),
        (204, OutcomeKind.UNREADABLE, True),
        (302, OutcomeKind.UNREADABLE, False),
        (401, OutcomeKind.TOKEN_REFUSED, False),
        (403, OutcomeKind.TOKEN_REFUSED, False),
        (404, OutcomeKind.UNREADABLE, False),
        (408, OutcomeKind.TEMPORARY, False),
        (413, OutcomeKind.UNREADABLE, False),
        (429, OutcomeKind.THROTTLED, False),
        (500, OutcomeKind.TEMPORARY, False),
        (502, OutcomeKind.IN_DOUBT, True),
        (503, OutcomeKind.TEMPORARY, False),
        (504, OutcomeKind.IN_DOUBT, True),
        (520, OutcomeKind.IN_DOUBT, True),
        (521, OutcomeKind.TEMPORARY, False),
        (522, OutcomeKind.IN_DOUBT, True),
        (524, OutcomeKind.IN_DOUBT, True),
    ],
)
@pytest.mark.parametrize("body", [HTML, b"", b"[]", b'{"error": 0', b'{"profile_id": "1"}'])
def test_an_answer_that_is_not_altcrafts_is_judged_by_its_status_and_is_never_success(
    status: int, kind: OutcomeKind, in_doubt: bool, body: bytes
) -> None:
    outcome = judge(Answer(status, {}, body), (), NOW)

    assert (outcome.kind, outcome.in_doubt) == (kind, in_doubt)


def test_error_0_with_a_failing_status_is_in_doubt() -> None:
    outcome = said(0, status=500)

    assert (outcome.kind, outcome.in_doubt) == (OutcomeKind.UNREADABLE, True)


def test_a_whole_looking_answer_that_was_cut_is_in_doubt() -> None:
    outcome = judge(Answer(200, {}, b'{"error": 0}', is_cut=True), (), NOW)

    assert (outcome.kind, outcome.in_doubt) == (OutcomeKind.UNREADABLE, True)


def test_the_configuration_may_give_a_meaning_by_code_and_text() -> None:
    rules = (
        OutcomeRule(error=404, text="(?i)user", outcome=OutcomeKind.SCENARIO_UNAVAILABLE),
        OutcomeRule(error=7, outcome=OutcomeKind.UNKNOWN_PROFILE),
    )

    def kind(error: int, text: str) -> OutcomeKind:
        body = orjson.dumps({"error": error, "error_text": text})
        return judge(Answer(200, {}, body), meanings(rules), NOW).kind

    assert kind(404, "No such User") is OutcomeKind.SCENARIO_UNAVAILABLE
    assert kind(404, "Profile not found") is OutcomeKind.UNKNOWN_PROFILE
    assert kind(7, "") is OutcomeKind.UNKNOWN_PROFILE


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("12", 12.0),
        (format_datetime(NOW + timedelta(seconds=30), usegmt=True), 30.0),
        (format_datetime(NOW - timedelta(seconds=30), usegmt=True), 0.0),
        ("999999", 3600.0),
        ("soon", None),
        ("-5", None),
        ("Thu, 01 Jan 99999999999999999999 00:00:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_never_above_an_hour(
    text: str, seconds: float | None
) -> None:
    outcome = judge(Answer(429, {"retry-after": text}, b""), (), NOW)

    assert outcome.retry_after_s == seconds


@given(st.integers(100, 599), st.binary(max_size=300))
@settings(deadline=None)
def test_no_bytes_are_success_that_do_not_say_error_0(status: int, body: bytes) -> None:
    outcome = judge(Answer(status, {}, body), (), NOW)

    assert outcome.kind is not OutcomeKind.ACCEPTED or orjson.loads(body)["error"] == 0


def test_a_long_text_is_kept_short() -> None:
    outcome = said(400, "x" * 10_000)

    assert outcome.text is not None
    assert len(outcome.text) <= 300


def test_a_meaning_of_in_doubt_is_in_doubt() -> None:
    rules = (OutcomeRule(error=9, outcome=OutcomeKind.IN_DOUBT),)
    answer = Answer(200, {}, b'{"error": 9, "error_text": "accepted for processing"}')

    assert judge(answer, meanings(rules), NOW).in_doubt


@given(st.integers(), st.text())
@settings(deadline=None)
def test_what_is_recorded_of_an_answer_can_be_stored_and_shown(error: int, text: str) -> None:
    body = json.dumps({"error": error, "error_text": text}).encode()

    outcome = judge(Answer(200, {}, body), (), NOW)

    assert abs(outcome.altcraft_error or 0) < 2**63
    assert (outcome.text or "").isprintable()


@given(st.text())
@settings(deadline=None)
def test_no_header_makes_judging_fail(text: str) -> None:
    outcome = judge(Answer(429, {"retry-after": text, "content-type": text}, b""), (), NOW)

    assert 0 <= (outcome.retry_after_s or 0) <= 3600


@pytest.mark.parametrize("before", ["", "x" * 290, "x" * 1990])
def test_a_text_that_repeats_the_token_is_kept_without_it(before: str) -> None:
    token = "0123456789abcdef"
    body = orjson.dumps({"error": 401, "error_text": f"{before} {token} is not known"})

    outcome = judge(Answer(200, {}, body), (), NOW, hidden=token)

    assert "0123" not in (outcome.text or "")

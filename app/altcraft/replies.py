"""What an answer of Altcraft means: one table, here.

| answer                                      | outcome              | in doubt |
| ------------------------------------------- | -------------------- | -------- |
| 2xx, JSON, `error` 0                         | accepted             |          |
| JSON, `error` named by the configuration     | as it says           |          |
| JSON, `error` 400                            | malformed            |          |
| JSON, `error` 401, 403                       | token_refused        |          |
| JSON, `error` 402                            | plan_limit           |          |
| JSON, `error` 404, text of a scenario only   | scenario_unavailable |          |
| JSON, `error` 404, any other text            | unknown_profile      |          |
| JSON, `error` 429, or HTTP 429               | throttled            |          |
| JSON, `error` 500 to 599                     | temporary            |          |
| JSON, any other `error`                      | unknown_code         |          |
| JSON, `error` 0, not 2xx                     | unreadable           | yes      |
| HTTP 502, 504, 520, 522, 524 of a gateway    | in_doubt             | yes      |
| HTTP 401, 403, without Altcraft's body       | token_refused        |          |
| HTTP 5xx, 408, without Altcraft's body       | temporary            |          |
| HTTP 3xx, other 4xx, without Altcraft's body | unreadable           |          |
| 2xx, no JSON, no `error`, cut                | unreadable           | yes      |

`error` 0 in the body is success and nothing else is. Which codes say "no such profile" and
"scenario not active" is not documented, nor which codes exist beyond these: hence
`destinations.NAME.outcomes`. A 404 that does not say which is taken for an unknown profile: that
tries the other matches of the rule, which starts nothing that should not start, and ends as a dead
letter as the other would.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import orjson

from app.config.schema.destination import OutcomeRule
from app.model.json import Json
from app.model.outcome import Outcome, OutcomeKind

_MAX_TEXT = 300
_MAX_READ_TEXT = 2000
_MAX_ERROR = 2**63 - 1
_MAX_RETRY_AFTER_S = 3600.0
# A gateway that may have passed the request on. 521 and 523 say that it could not.
_GATEWAY_IN_DOUBT = frozenset({502, 504, 520, 522, 524})
_BY_ERROR = {
    400: OutcomeKind.MALFORMED,
    401: OutcomeKind.TOKEN_REFUSED,
    402: OutcomeKind.PLAN_LIMIT,
    403: OutcomeKind.TOKEN_REFUSED,
    429: OutcomeKind.THROTTLED,
}
_OF_SCENARIO = re.compile(r"scenario|workflow|campaign|сценари", re.IGNORECASE)
_OF_PROFILE = re.compile(r"profile|профил", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Meaning:
    error: int
    text: re.Pattern[str] | None
    outcome: OutcomeKind


def meanings(rules: Sequence[OutcomeRule]) -> tuple[Meaning, ...]:
    return tuple(
        Meaning(rule.error, re.compile(rule.text) if rule.text else None, rule.outcome)
        for rule in rules
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` have lower-case names. `is_cut`: the body did not come whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_cut: bool = False


def judge(answer: Answer, known: Sequence[Meaning], now: datetime, *, hidden: str = "") -> Outcome:
    """`hidden` is a text, the token, that the outcome must not repeat though the answer does."""
    said = None if answer.is_cut else _parsed(answer.body)
    return judge_body(said, answer, known, now, hidden=hidden)


def judge_body(
    body: Json, answer: Answer, known: Sequence[Meaning], now: datetime, *, hidden: str = ""
) -> Outcome:
    """`body` is what `answer` says, or says of one start among many."""
    said = _altcraft_body(body, hidden)
    if said is None:
        return _without_body(answer, now)
    error, text = said
    is_2xx = 200 <= answer.status < 300
    if error == 0 and not is_2xx:
        kind, in_doubt = OutcomeKind.UNREADABLE, True
    else:
        kind = _kind(error, text, answer.status, known)
        in_doubt = kind is OutcomeKind.IN_DOUBT
    return Outcome(
        kind,
        http_status=answer.status,
        altcraft_error=error,
        text=text[:_MAX_TEXT],
        in_doubt=in_doubt,
        retry_after_s=_retry_after_s(answer.headers, now),
    )


def _kind(error: int, text: str, status: int, known: Sequence[Meaning]) -> OutcomeKind:
    for meaning in known:
        if meaning.error == error and (meaning.text is None or meaning.text.search(text)):
            return meaning.outcome
    if error == 0:
        return OutcomeKind.ACCEPTED
    if status == 429:
        return OutcomeKind.THROTTLED
    if error == 404:
        is_scenario = _OF_SCENARIO.search(text) and not _OF_PROFILE.search(text)
        return OutcomeKind.SCENARIO_UNAVAILABLE if is_scenario else OutcomeKind.UNKNOWN_PROFILE
    if 500 <= error < 600:
        return OutcomeKind.TEMPORARY
    return _BY_ERROR.get(error, OutcomeKind.UNKNOWN_CODE)


def _without_body(answer: Answer, now: datetime) -> Outcome:
    kind, in_doubt = _by_status(answer.status)
    what = "the answer was cut short" if answer.is_cut else "the answer is not Altcraft's"
    return Outcome(
        kind,
        http_status=answer.status,
        text=f"{what} (HTTP {answer.status}, {_content_type(answer.headers)})",
        in_doubt=in_doubt,
        retry_after_s=_retry_after_s(answer.headers, now),
    )


def _by_status(status: int) -> tuple[OutcomeKind, bool]:
    if 200 <= status < 300:
        return OutcomeKind.UNREADABLE, True
    if status in _GATEWAY_IN_DOUBT:
        return OutcomeKind.IN_DOUBT, True
    if status == 429:
        return OutcomeKind.THROTTLED, False
    if status in (401, 403):
        return OutcomeKind.TOKEN_REFUSED, False
    if status >= 500 or status == 408:
        return OutcomeKind.TEMPORARY, False
    return OutcomeKind.UNREADABLE, False


def _parsed(body: bytes) -> Json:
    try:
        said: Json = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return said


def _altcraft_body(said: Json, hidden: str) -> tuple[int, str] | None:
    """`error` and `error_text`, or None when the body is not one of Altcraft's."""
    if not isinstance(said, dict):
        return None
    error, text = said.get("error"), said.get("error_text")
    if not isinstance(error, int) or isinstance(error, bool) or abs(error) > _MAX_ERROR:
        return None
    return error, _one_line(text, hidden) if isinstance(text, str) else ""


def _one_line(text: str, hidden: str) -> str:
    """Without what stores refuse (NUL) and terminals obey (escapes)."""
    # Before it is cut: a piece of the token would not be found.
    text = text.replace(hidden, "***") if hidden else text
    words = " ".join(text[:_MAX_READ_TEXT].split())
    if words.isprintable():
        return words
    return "".join(character for character in words if character.isprintable())


def _content_type(headers: Mapping[str, str]) -> str:
    kind = headers.get("content-type", "").partition(";")[0].strip()
    return kind if re.fullmatch(r"[\w.+-]+/[\w.+-]+", kind) else "no content type"


def _retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds, whether written as such or as a date (RFC 9110, 10.2.3); never above an hour."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isdecimal():
        return min(float(text), _MAX_RETRY_AFTER_S)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - now).total_seconds(), 0.0), _MAX_RETRY_AFTER_S)

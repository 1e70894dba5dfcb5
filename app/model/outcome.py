"""What Altcraft's side did with one attempt."""

from dataclasses import dataclass
from enum import StrEnum


class OutcomeKind(StrEnum):
    ACCEPTED = "accepted"
    """`error` 0 in the body: the scenario started."""
    UNKNOWN_PROFILE = "unknown_profile"
    """No profile is found by this match."""
    SCENARIO_UNAVAILABLE = "scenario_unavailable"
    """The scenario does not exist or is not active."""
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - a name, not a password
    """The token is wrong or lacks the rights."""
    PLAN_LIMIT = "plan_limit"
    MALFORMED = "malformed"
    """Altcraft could not use the request as it stands; the same again fails the same."""
    THROTTLED = "throttled"
    TEMPORARY = "temporary"
    """Altcraft said that it failed; nothing was started."""
    NOT_SENT = "not_sent"
    """No connection: the request never left."""
    IN_DOUBT = "in_doubt"
    """The request may have been received, and no answer says what became of it."""
    UNREADABLE = "unreadable"
    """An answer came that is not Altcraft's (HTML, a cut body): not known what became of it."""
    UNKNOWN_CODE = "unknown_code"
    """Altcraft refused with a code that no table names."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`text` is safe to store and show to operators: Altcraft's `error_text` or what broke.
    `in_doubt` is true when the scenario may have started. `retry_after_s` is what the answer
    asked to wait, in seconds. `is_of_all`: of a request that many share, said of all together and
    of none by itself."""

    kind: OutcomeKind
    http_status: int | None = None
    altcraft_error: int | None = None
    text: str | None = None
    in_doubt: bool = False
    retry_after_s: float | None = None
    is_of_all: bool = False

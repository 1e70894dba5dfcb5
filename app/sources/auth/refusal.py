"""Why a call is not let in: for our log; the caller hears only that it is not."""

from dataclasses import dataclass
from enum import StrEnum

UNAUTHENTICATED = "unauthenticated"
TEMPORARY = "temporarily_unavailable"
_RETRY_AFTER_S = 5


class Why(StrEnum):
    ABSENT = "the call holds no proof"
    UNREADABLE = "the proof can't be read"
    WRONG = "the proof does not match"
    NOT_SIGNED_PART = "a part that is signed is missing"
    BODY_NOT_COVERED = "the body is not what was signed"
    NO_TIME = "its time is missing or can't be read"
    TOO_OLD = "signed too long ago"
    TOO_EARLY = "signed in the future"
    ADDRESS = "the address is not allowed"
    EXPIRED = "the token or certificate has expired"
    CLAIMS = "a claim of the token is missing or another"
    NOT_ALLOWED_URL = "the certificate's address is not allowed"
    NOT_VOUCHED = "no authority vouches for the certificate"
    KEYS_UNREADABLE = "the fetched keys can't be read"
    KEYS_NOT_THERE = "the keys are not fetched yet"


@dataclass(frozen=True, slots=True)
class Refusal:
    """`slug` is `unauthenticated`, or `temporarily_unavailable` where the same call may be let in
    later. `why` holds no value of the call. `challenge` is for the header WWW-Authenticate."""

    slug: str
    why: str
    challenge: str | None = None
    retry_after_s: int | None = None

    @property
    def is_temporary(self) -> bool:
        return self.slug == TEMPORARY


def refuse(scheme: str, why: Why, challenge: str | None = None) -> Refusal:
    if why is Why.KEYS_NOT_THERE:
        return Refusal(TEMPORARY, f"{scheme}: {why}", None, _RETRY_AFTER_S)
    return Refusal(UNAUTHENTICATED, f"{scheme}: {why}", challenge)

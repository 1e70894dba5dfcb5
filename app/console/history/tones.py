"""In which tone something is said: what went well, what to look at, what is wrong."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.console.words import Words
from app.model.delivery import DeliveryState, Ending
from app.model.outcome import OutcomeKind
from app.outbox import Started

STATES = {
    DeliveryState.DEAD: "bad",
    DeliveryState.PAUSED: "warn",
    DeliveryState.PENDING: "",
    DeliveryState.IN_FLIGHT: "",
    DeliveryState.DONE: "good",
}
"""The worst first."""
_FAILED = (
    OutcomeKind.SCENARIO_UNAVAILABLE,
    OutcomeKind.TOKEN_REFUSED,
    OutcomeKind.PLAN_LIMIT,
    OutcomeKind.MALFORMED,
    OutcomeKind.UNKNOWN_CODE,
)


def outcome_tone(outcome: str | None) -> str:
    if outcome is None or outcome in set(Ending):
        return ""
    if outcome == OutcomeKind.ACCEPTED:
        return "good"
    return "bad" if outcome in _FAILED else "warn"


def worst(started: Iterable[Started]) -> DeliveryState | None:
    """None: nothing was started."""
    found = {one.state for one in started}
    return next((state for state in STATES if state in found), None)


def _pairs(t: Words, prefix: str, values: Iterable[str]) -> list[tuple[str, str]]:
    """For a field to choose from, each with what it is called."""
    return [(str(value), str(t(f"{prefix}{value}"))) for value in values]


SAID: Mapping[str, Any] = {"states": STATES, "outcome_tone": outcome_tone, "pairs": _pairs}
"""What templates need to say of states and outcomes."""

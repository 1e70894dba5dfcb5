"""Failures with one cause: what an operator mends once, however many starts it met."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.model.delivery import Ending, ending_or_outcome
from app.model.outcome import OutcomeKind
from app.model.start import Target

_LARGEST = 2**63
_KEY = re.compile(r"([a-z0-9_-]{1,64})\.(scenario|trigger)\.(-?[0-9]{1,19})\.([a-z_]{1,32})")


class ProblemState(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    """Somebody knows of it: it is quiet while failures go on."""
    RESOLVED = "resolved"
    """Until the next failure."""


@dataclass(frozen=True, slots=True, order=True)
class Cause:
    """Dead letters of one cause are those to this destination that were to start this target and
    ended so."""

    destination: str
    target: Target
    scenario: int
    outcome: OutcomeKind | Ending

    def __str__(self) -> str:
        return f"{self.destination}.{self.target}.{self.scenario}.{self.outcome}"

    @property
    def key(self) -> str:
        """Stable, and fit for an address."""
        return str(self)


def cause_of(key: str) -> Cause:
    """Raises ValueError."""
    found = _KEY.fullmatch(key)
    if found is None:
        raise ValueError("expected a key such as main.scenario.3.scenario_unavailable")
    destination, target, scenario, outcome = found.groups()
    if not -_LARGEST <= int(scenario) < _LARGEST:
        raise ValueError("there is no scenario of such a number")
    return Cause(destination, Target(target), int(scenario), ending_or_outcome(outcome))


@dataclass(frozen=True, slots=True)
class Touched:
    """Whom and what it met, of its newest dead letters: `is_whole` false: there are more than were
    looked at, so there may be more people. A person is whom the request named, in all its ways."""

    people: int
    is_whole: bool
    rules: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """`letters`: dead letters that nobody has replayed. `first_at`, `last_at`: of all its
    failures; `opened_at`: when it began the last time. `who` changed its state and said `note`;
    None: the bridge. `touched` None: not counted yet."""

    cause: Cause
    state: ProblemState
    letters: int
    first_at: datetime
    last_at: datetime
    opened_at: datetime
    changed_at: datetime
    who: str | None
    note: str | None
    touched: Touched | None

    @property
    def key(self) -> str:
        return self.cause.key

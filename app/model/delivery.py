"""One scenario start on its way to Altcraft, and each exchange made for it."""

from datetime import datetime
from enum import StrEnum
from typing import NewType

from app.kit.light import light, maker
from app.model.event import EventId
from app.model.outcome import OutcomeKind
from app.model.start import Match, ScenarioStart
from app.model.trace import TraceContext

DeliveryId = NewType("DeliveryId", str)
AttemptId = NewType("AttemptId", str)


class DeliveryState(StrEnum):
    PENDING = "pending"
    PAUSED = "paused"
    """It waits until an operator lets its rule or scenario go on."""
    IN_FLIGHT = "in_flight"
    DONE = "done"
    DEAD = "dead"


class Ending(StrEnum):
    """Why a delivery ended without Altcraft having had the last word."""

    EXPIRED = "expired"
    CANCELLED = "cancelled"
    OVER_LIMIT = "over_limit"
    """The person had as many of these starts as the rule allows."""
    COLLAPSED = "collapsed"
    """A later call of the same burst takes its place."""


def ending_or_outcome(text: str) -> "OutcomeKind | Ending":
    """Raises ValueError."""
    try:
        return OutcomeKind(text)
    except ValueError:
        return Ending(text)


@light
class Delivery:
    """`attempts` counts those made so far, `failures` those that count against the limit of
    tries; `failing_since` is when the first of these was. `match_index` is the match to try next
    (from 0); one past the last is the import of a profile that no match found. `outcome` is the
    last attempt's or how it ended; `reason` says in words why it is where it is. `batch_size`:
    how many may share its next request. `replay_of` names the delivery that this one repeats,
    `act_id` the operator's act that made it, `replayed_as` the one that repeats it. `trace` is
    that of its call, where it was traced."""

    id: DeliveryId
    event_id: EventId
    source: str
    start: ScenarioStart
    config_revision: str
    state: DeliveryState
    match_index: int
    attempts: int
    created_at: datetime
    next_attempt_at: datetime
    lease_owner: str | None = None
    lease_until: datetime | None = None
    outcome: OutcomeKind | Ending | None = None
    reason: str | None = None
    finished_at: datetime | None = None
    replay_of: DeliveryId | None = None
    failures: int = 0
    failing_since: datetime | None = None
    batch_size: int = 1
    burst_at: datetime | None = None
    act_id: str | None = None
    replayed_as: DeliveryId | None = None
    trace: TraceContext | None = None

    @property
    def is_erased(self) -> bool:
        """Nobody is named any more."""
        return not self.start.matches

    @property
    def match(self) -> Match:
        """How its next request finds the profile."""
        matches = self.start.matches
        if self.match_index < len(matches):
            return matches[self.match_index]
        return self.start.creating_match or matches[-1]

    @property
    def imports(self) -> bool:
        """Whether its next request creates the profile where there is none."""
        start = self.start
        if start.imports is None:
            return False
        return start.imports.is_always or self.match_index >= len(start.matches)


make_delivery = maker(Delivery)


@light
class Attempt:
    """`in_doubt` is true when the scenario may have started by this exchange. `together`: how
    many starts shared it."""

    id: AttemptId
    delivery_id: DeliveryId
    at: datetime
    duration_ms: int
    match_index: int
    outcome: OutcomeKind
    http_status: int | None = None
    altcraft_error: int | None = None
    error_text: str | None = None
    in_doubt: bool = False
    together: int = 1

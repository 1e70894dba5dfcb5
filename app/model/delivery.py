"""One scenario start on its way to Altcraft, and each exchange made for it."""

from datetime import datetime
from enum import StrEnum
from typing import NewType

from app.kit.light import light
from app.model.event import EventId
from app.model.outcome import OutcomeKind
from app.model.start import ScenarioStart

DeliveryId = NewType("DeliveryId", str)
AttemptId = NewType("AttemptId", str)


class DeliveryState(StrEnum):
    PENDING = "pending"
    IN_FLIGHT = "in_flight"
    DONE = "done"
    DEAD = "dead"


@light
class Delivery:
    """`attempts` counts those made so far, `match_index` is the match to try next (from 0).
    `outcome` is the last attempt's; `reason` says in words why it is where it is.
    `replay_of` names the delivery that this one repeats."""

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
    outcome: OutcomeKind | None = None
    reason: str | None = None
    finished_at: datetime | None = None
    replay_of: DeliveryId | None = None


@light
class Attempt:
    """`in_doubt` is true when the scenario may have started by this exchange."""

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

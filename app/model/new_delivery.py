"""The delivery of a scenario start, before anything was tried."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.kit.ids import new_id
from app.model.delivery import (
    Delivery,
    DeliveryId,
    DeliveryState,
    Ending,
    make_delivery,
)
from app.model.event import Event
from app.model.handling import PLAIN, Handling
from app.model.start import ScenarioStart
from app.model.trace import TraceContext, linked

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new_delivery(
    start: ScenarioStart,
    event: Event,
    revision: str,
    at: datetime,
    replay_of: DeliveryId | None = None,
    act_id: str | None = None,
    trace: TraceContext | None = None,
) -> Delivery:
    """Made at `at`, due when its handling says."""
    handling = start.handling
    return make_delivery(
        id=DeliveryId(new_id()),
        event_id=event.id,
        source=event.source,
        start=start,
        config_revision=revision,
        state=DeliveryState.PENDING,
        match_index=0,
        attempts=0,
        created_at=at,
        next_attempt_at=at if handling is PLAIN else due_at(handling, at),
        replay_of=replay_of,
        act_id=act_id,
        batch_size=handling.batch.size if handling.batch else 1,
        burst_at=at if handling.burst else None,
        trace=trace,
    )


def due_at(handling: Handling, at: datetime) -> datetime:
    """When the first attempt is due for what was made at `at`; quiet hours are looked at then."""
    due = at
    if handling.burst is not None:
        due = at + timedelta(seconds=handling.burst.quiet_s)
    elif handling.batch is not None and handling.batch.within_s > 0:
        due = _end_of_window(at, handling.batch.within_s)
    return max(due, handling.not_before) if handling.not_before else due


def _end_of_window(at: datetime, length_s: float) -> datetime:
    """Windows lie at fixed times, so that all that came within one are due at the same instant."""
    length = timedelta(seconds=length_s)
    return at + length - (at - _EPOCH) % length


def for_now(start: ScenarioStart, *, lifts_limit: bool = False) -> ScenarioStart:
    """Without what is about the time of the call: whoever repeats it wants it now. `lifts_limit`:
    also when the person had as many as the rule allows."""
    handling = start.handling
    if handling is PLAIN:
        return start
    at_most = None if lifts_limit else handling.at_most
    return replace(
        start,
        handling=replace(handling, not_before=None, expires_at=None, burst=None, at_most=at_most),
    )


def repeated_delivery(old: Delivery, at: datetime, act_id: str) -> Delivery:
    """The same start again, made by an operator's act."""
    start = for_now(old.start, lifts_limit=old.outcome is Ending.OVER_LIMIT)
    batch = start.handling.batch
    return Delivery(
        id=DeliveryId(new_id()),
        event_id=old.event_id,
        source=old.source,
        start=start,
        config_revision=old.config_revision,
        state=DeliveryState.PENDING,
        match_index=0,
        attempts=0,
        created_at=at,
        next_attempt_at=at,
        replay_of=old.id,
        act_id=act_id,
        batch_size=batch.size if batch else 1,
        trace=linked(old.trace),
    )

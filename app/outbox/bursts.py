"""Of a burst of calls only the last starts: each takes the place of the one before it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from app.model.delivery import Delivery, DeliveryId, DeliveryState, Ending
from app.outbox import tables
from app.outbox.dialect import lock_names
from app.outbox.rows import instant, micros

_table = tables.delivery.c


def collapsed(connection: Connection, fresh: Sequence[Delivery]) -> list[Delivery]:
    """The new deliveries, those of a burst with the time of the burst; what they take the place
    of is ended, whether it was stored or is one of them."""
    kept: list[Delivery] = []
    last: dict[str, int] = {}
    bursts = (delivery.start.handling.burst for delivery in fresh)
    # Two processes that take calls of one burst at once would not see each other's.
    lock_names(connection, (f"burst {burst.key}" for burst in bursts if burst is not None))
    for delivery in fresh:
        burst = delivery.start.handling.burst
        if burst is not None:
            before = last.get(burst.key)
            if before is None:
                began = _end_stored(connection, burst.key, delivery)
            else:
                began = kept[before].burst_at
                kept[before] = _ended(kept[before], delivery)
            last[burst.key] = len(kept)
            delivery = _timed(delivery, began or delivery.created_at, burst.longest_s)
        kept.append(delivery)
    return kept


def _timed(delivery: Delivery, began: datetime, longest_s: float) -> Delivery:
    latest = began + timedelta(seconds=longest_s)
    not_before = delivery.start.handling.not_before or delivery.created_at
    due = max(min(delivery.next_attempt_at, latest), delivery.created_at, not_before)
    return replace(delivery, burst_at=began, next_attempt_at=due)


def _reason(by: DeliveryId) -> str:
    return f"a later call of the same burst takes its place: {by}"


def _ended(before: Delivery, by: Delivery) -> Delivery:
    return replace(
        before,
        state=DeliveryState.DONE,
        outcome=Ending.COLLAPSED,
        reason=_reason(by.id),
        finished_at=by.created_at,
    )


def _end_stored(connection: Connection, key: str, by: Delivery) -> datetime | None:
    """When the burst began, if it has. What was tried before is none of a burst any more."""
    waiting = (DeliveryState.PENDING.value, DeliveryState.PAUSED.value)
    rows = connection.execute(
        select(_table.id, _table.burst_at)
        .where(_table.burst_key == key, _table.state.in_(waiting), _table.attempts == 0)
        .order_by(_table.id)
        .with_for_update()
    ).all()
    if not rows:
        return None
    connection.execute(
        update(tables.delivery)
        .where(_table.id.in_([row.id for row in rows]))
        .values(
            state=DeliveryState.DONE.value,
            outcome=Ending.COLLAPSED.value,
            reason=_reason(by.id),
            finished_at=micros(by.created_at),
        )
    )
    began = [row.burst_at for row in rows if row.burst_at is not None]
    return instant(min(began)) if began else None

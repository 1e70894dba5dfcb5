"""Ends deliveries without an attempt: expired, cancelled, over the limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, literal_column, select, update

from app.model.delivery import Delivery, DeliveryId, DeliveryState, Ending
from app.outbox import tables
from app.outbox.order import release
from app.outbox.problems import failed
from app.outbox.rows import delivery_of, micros

_table = tables.delivery.c
_WAITING = (DeliveryState.PENDING.value, DeliveryState.PAUSED.value)
# Written out as the partial index has it.
_may_expire: ColumnElement[bool] = literal_column(
    "state IN ('pending', 'paused') AND expires_at IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class End:
    state: DeliveryState
    ending: Ending
    reason: str
    at: datetime


def end_all(connection: Connection, deliveries: Sequence[Delivery], end: End) -> list[DeliveryId]:
    """Those that still waited; what is in flight or done stays as it is."""
    done = connection.execute(
        update(tables.delivery)
        .where(_table.id.in_([d.id for d in deliveries]), _table.state.in_(_WAITING))
        .values(
            state=end.state.value,
            outcome=end.ending.value,
            reason=end.reason,
            finished_at=micros(end.at),
        )
        .returning(_table.id)
    )
    ended = [DeliveryId(row.id) for row in done]
    release(connection, order_keys(deliveries), end.at)
    if end.ending is Ending.EXPIRED:
        failed(connection, ended, end.at)
    return ended


def order_keys(deliveries: Sequence[Delivery]) -> list[str]:
    orders = (delivery.start.handling.order for delivery in deliveries)
    return [order.key for order in orders if order is not None]


def expire(connection: Connection, now: datetime, limit: int) -> list[Delivery]:
    """A step of ending what is too old, whatever it waits for: what was ended, as it was."""
    rows = connection.execute(late(now, limit).with_for_update(skip_locked=True))
    found = [delivery_of(row) for row in rows]
    if found:
        reason = "it was older than `expires`"
        end_all(connection, found, End(DeliveryState.DEAD, Ending.EXPIRED, reason, now))
    return found


def late(now: datetime, limit: int) -> Select[tuple[object, ...]]:
    return (
        select(*tables.delivery.c)
        .where(_may_expire, _table.expires_at <= micros(now))
        .order_by(_table.expires_at)
        .limit(limit)
    )

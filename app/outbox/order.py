"""Deliveries with the same key go one after the other."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, exists, select, update

from app.model.delivery import Delivery, DeliveryState
from app.outbox import tables
from app.outbox.rows import micros

_table = tables.delivery.c
WAITS_ITS_TURN = "waits for an earlier start with the same order_by"
_UNFINISHED = (
    DeliveryState.PENDING.value,
    DeliveryState.PAUSED.value,
    DeliveryState.IN_FLIGHT.value,
)


def has_earlier(connection: Connection, delivery: Delivery, key: str) -> bool:
    """Whether one that was received before it is not done."""
    found = select(
        exists().where(
            _table.order_key == key, _table.state.in_(_UNFINISHED), _table.id < delivery.id
        )
    )
    return bool(connection.execute(found).scalar())


def release(connection: Connection, keys: Iterable[str], now: datetime) -> None:
    """After one of each is done: the next of them need not wait any longer for its turn."""
    for key in sorted(set(keys)):
        following = (
            select(_table.id)
            .where(_table.order_key == key, _table.state.in_(_UNFINISHED))
            .order_by(_table.id)
            .limit(1)
            # One that is just looked at looks again by itself (see `Sorter`).
            .with_for_update(skip_locked=True)
        )
        connection.execute(
            update(tables.delivery)
            .where(
                _table.id == following.scalar_subquery(),
                _table.state == DeliveryState.PENDING.value,
                # Not one that waits for another reason: a retry, a delay.
                _table.reason == WAITS_ITS_TURN,
            )
            .values(next_attempt_at=micros(now), reason=None)
        )

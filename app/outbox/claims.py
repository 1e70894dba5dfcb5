"""Claims deliveries for a worker, by a lease; a lease that runs out gives them back."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.model.delivery import Delivery, DeliveryId, DeliveryState
from app.outbox import tables
from app.outbox.rows import delivery_of, instant, micros

_table = tables.delivery.c


def in_state(state: DeliveryState) -> ColumnElement[bool]:
    # Written out, not bound: a partial index is used only where the text shows its condition.
    return _table.state == literal(state.value, literal_execute=True)


def due(destination: str, now: datetime, limit: int) -> Select[tuple[str]]:
    return (
        select(_table.id)
        .where(
            in_state(DeliveryState.PENDING),
            _table.destination == destination,
            _table.next_attempt_at <= micros(now),
        )
        .order_by(_table.next_attempt_at, _table.id)
        .limit(limit)
    )


async def claim(
    connection: AsyncConnection,
    *,
    owner: str,
    destination: str,
    limit: int,
    now: datetime,
    lease_s: float,
) -> list[Delivery]:
    chosen = due(destination, now, limit).with_for_update(skip_locked=True)
    found = await connection.execute(
        update(tables.delivery)
        .where(_table.id.in_(chosen.scalar_subquery()))
        .values(
            state=DeliveryState.IN_FLIGHT.value,
            lease_owner=owner,
            lease_until=micros(now + timedelta(seconds=lease_s)),
        )
        .returning(*tables.delivery.c)
    )
    claimed = [delivery_of(row) for row in found]
    return sorted(claimed, key=lambda delivery: (delivery.next_attempt_at, delivery.id))


async def renew(
    connection: AsyncConnection, owner: str, ids: Sequence[DeliveryId], until: datetime
) -> int:
    done = await connection.execute(
        update(tables.delivery).where(*_held_by(owner, ids)).values(lease_until=micros(until))
    )
    return done.rowcount


async def give_back(connection: AsyncConnection, owner: str, ids: Sequence[DeliveryId]) -> int:
    done = await connection.execute(
        update(tables.delivery)
        .where(*_held_by(owner, ids))
        .values(state=DeliveryState.PENDING.value, lease_owner=None, lease_until=None)
    )
    return done.rowcount


def _held_by(owner: str, ids: Sequence[DeliveryId]) -> tuple[ColumnElement[bool], ...]:
    return (
        _table.id.in_(ids),
        in_state(DeliveryState.IN_FLIGHT),
        _table.lease_owner == owner,
    )


def expired(now: datetime, limit: int) -> Select[tuple[object, ...]]:
    return (
        select(*tables.delivery.c)
        .where(in_state(DeliveryState.IN_FLIGHT), _table.lease_until <= micros(now))
        .order_by(_table.lease_until)
        .limit(limit)
    )


async def take_expired(
    connection: AsyncConnection, *, owner: str, now: datetime, limit: int, lease_s: float
) -> list[Delivery]:
    """Takes over deliveries whose worker was lost, so that one process alone settles each."""
    chosen = (
        select(_table.id)
        .where(in_state(DeliveryState.IN_FLIGHT), _table.lease_until <= micros(now))
        .order_by(_table.lease_until)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = await connection.execute(
        update(tables.delivery)
        .where(_table.id.in_(chosen.scalar_subquery()))
        .values(lease_owner=owner, lease_until=micros(now + timedelta(seconds=lease_s)))
        .returning(*tables.delivery.c)
    )
    return [delivery_of(row) for row in found]


async def next_due_at(connection: AsyncConnection, destinations: Sequence[str]) -> datetime | None:
    firsts = [
        select(func.min(_table.next_attempt_at).label("at")).where(
            in_state(DeliveryState.PENDING), _table.destination == destination
        )
        for destination in destinations
    ]
    times = [(await connection.execute(first)).scalar() for first in firsts]
    known = [at for at in times if at is not None]
    return instant(min(known)) if known else None

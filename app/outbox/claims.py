"""Claims deliveries for a worker, by a lease; a lease that runs out gives them back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, func, literal, select, update

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


@dataclass(frozen=True, slots=True)
class Hold:
    """A lease: who holds, from when, for how many seconds."""

    owner: str
    now: datetime
    lease_s: float

    @property
    def until(self) -> int:
        return micros(self.now + timedelta(seconds=self.lease_s))


def claim(connection: Connection, hold: Hold, destination: str, limit: int) -> list[Delivery]:
    chosen = due(destination, hold.now, limit).with_for_update(skip_locked=True)
    found = connection.execute(
        update(tables.delivery)
        .where(_table.id.in_(chosen.scalar_subquery()))
        .values(state=DeliveryState.IN_FLIGHT.value, lease_owner=hold.owner, lease_until=hold.until)
        .returning(*tables.delivery.c)
    )
    claimed = [delivery_of(row) for row in found]
    return sorted(claimed, key=lambda delivery: (delivery.next_attempt_at, delivery.id))


def cancel(connection: Connection, delivery_id: DeliveryId, reason: str, now: datetime) -> bool:
    done = connection.execute(
        update(tables.delivery)
        .where(_table.id == delivery_id, in_state(DeliveryState.PENDING))
        .values(state=DeliveryState.DEAD.value, reason=reason, finished_at=micros(now))
    )
    return done.rowcount == 1


def expired(now: datetime, limit: int) -> Select[tuple[object, ...]]:
    return (
        select(*tables.delivery.c)
        .where(in_state(DeliveryState.IN_FLIGHT), _table.lease_until <= micros(now))
        .order_by(_table.lease_until)
        .limit(limit)
    )


def take_expired(connection: Connection, hold: Hold, limit: int) -> list[Delivery]:
    """Takes over deliveries whose worker was lost, so that one process alone settles each."""
    chosen = (
        select(_table.id)
        .where(in_state(DeliveryState.IN_FLIGHT), _table.lease_until <= micros(hold.now))
        .order_by(_table.lease_until)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = connection.execute(
        update(tables.delivery)
        .where(_table.id.in_(chosen.scalar_subquery()))
        .values(lease_owner=hold.owner, lease_until=hold.until)
        .returning(*tables.delivery.c)
    )
    return [delivery_of(row) for row in found]


def next_due_at(connection: Connection, destinations: Sequence[str]) -> datetime | None:
    firsts = [
        select(func.min(_table.next_attempt_at).label("at")).where(
            in_state(DeliveryState.PENDING), _table.destination == destination
        )
        for destination in destinations
    ]
    times = [connection.execute(first).scalar() for first in firsts]
    known = [at for at in times if at is not None]
    return instant(min(known)) if known else None

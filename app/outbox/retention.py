"""Lets go of what is past, a step at a time: events with their deliveries and attempts, and
deduplication keys. What is not delivered yet stays, however old it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select, tuple_

from app.kit.ids import first_id_at
from app.model.delivery import Delivery, DeliveryId, DeliveryState, Ending
from app.model.event import EventId
from app.outbox import tables
from app.outbox.people import forget
from app.outbox.problems import causes, taken_away
from app.outbox.rows import delivery_of, micros

_event = tables.event.c
_delivery = tables.delivery.c
_dedup = tables.dedup.c
_FINAL = (DeliveryState.DONE, DeliveryState.DEAD)


@dataclass(frozen=True, slots=True)
class Ages:
    """Seconds after which an event goes, and one with a dead letter that nobody has replayed or
    cancelled. None: never."""

    events_s: float | None
    dead_s: float | None


@dataclass(frozen=True, slots=True)
class Purged:
    """A step. `after` is where the next one goes on, None: that was the last."""

    events: int
    deliveries: int
    after: EventId | None


@dataclass(frozen=True, slots=True)
class Past:
    """`kept`: events that are old enough but wait, or died not long enough ago."""

    events: int
    kept: int
    keys: int


def purge(
    connection: Connection,
    ages: Ages,
    after: EventId | None,
    now: datetime,
    person_key: bytes,
    limit: int,
) -> Purged:
    """Looks at up to `limit` events that are old enough, from the one after `after` on."""
    old = _old(ages, now)
    if old is None:
        return Purged(0, 0, None)
    query = select(_event.id).where(old).order_by(_event.id).limit(limit)
    if after is not None:
        query = query.where(_event.id > after)
    held = query.with_for_update(skip_locked=True)
    ids = [EventId(row.id) for row in connection.execute(held)]
    deliveries = _deliveries(connection, ids)
    stays = {one.event_id for one in deliveries if _stays(one, ages, now)}
    stays |= _used_by_others(connection, ids, deliveries)
    gone = [one for one in deliveries if one.event_id not in stays]
    chosen = [one for one in ids if one not in stays]
    left = causes(connection, [one.id for one in gone if one.state is DeliveryState.DEAD])
    forget(connection, person_key, gone, chosen)
    _delete_deliveries(connection, gone)
    if chosen:
        connection.execute(delete(tables.event).where(_event.id.in_(chosen)))
    taken_away(connection, left, now, "past")
    return Purged(len(chosen), len(gone), ids[-1] if len(ids) == limit else None)


def purge_keys(connection: Connection, ages: Ages, now: datetime, limit: int) -> int:
    """As old as the events: a call with such a key is a new one from then on."""
    if ages.events_s is None:
        return 0
    before = micros(now - timedelta(seconds=ages.events_s))
    chosen = (
        select(_dedup.source, _dedup.key)
        .where(_dedup.received_at < before)
        .order_by(_dedup.received_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    keys = [(row.source, row.key) for row in connection.execute(chosen)]
    if keys:
        of_them = tuple_(_dedup.source, _dedup.key).in_(keys)
        connection.execute(delete(tables.dedup).where(of_them))
    return len(keys)


def past(connection: Connection, ages: Ages, now: datetime) -> Past:
    """As many rows are read as it counts."""
    old = _old(ages, now)
    if old is None or ages.events_s is None:
        return Past(0, 0, 0)
    count = select(func.count()).select_from(tables.event).where(old)
    waiting = select(_delivery.event_id).where(_stays_in_the_store(ages, now))
    events = connection.execute(count.where(_event.id.not_in(waiting))).scalar_one()
    kept = connection.execute(count.where(_event.id.in_(waiting))).scalar_one()
    before = micros(now - timedelta(seconds=ages.events_s))
    keys = select(func.count()).select_from(tables.dedup).where(_dedup.received_at < before)
    return Past(events, kept, connection.execute(keys).scalar_one())


def _old(ages: Ages, now: datetime) -> ColumnElement[bool] | None:
    if ages.events_s is None:
        return None
    return _event.id < first_id_at(now - timedelta(seconds=ages.events_s))


def _deliveries(connection: Connection, ids: Sequence[EventId]) -> list[Delivery]:
    """Held. One that is replayed at this moment is not among them."""
    found = connection.execute(
        select(*tables.delivery.c)
        .where(_delivery.event_id.in_(ids))
        .order_by(_delivery.id)
        .with_for_update(skip_locked=True)
    )
    return [delivery_of(row) for row in found.all()]


def _used_by_others(
    connection: Connection, ids: Sequence[EventId], held: Sequence[Delivery]
) -> set[EventId]:
    """Events of which there is a delivery that is not `held`: somebody works on it, or has made it
    just now. They are looked at again in the next round."""
    ours = {one.id for one in held}
    query = select(_delivery.id, _delivery.event_id).where(_delivery.event_id.in_(ids))
    return {EventId(row.event_id) for row in connection.execute(query) if row.id not in ours}


def _stays(delivery: Delivery, ages: Ages, now: datetime) -> bool:
    if delivery.state not in _FINAL:
        return True
    is_settled = delivery.replayed_as is not None or delivery.outcome is Ending.CANCELLED
    if delivery.state is DeliveryState.DONE or is_settled:
        return False
    if ages.dead_s is None:
        return True
    return delivery.created_at >= now - timedelta(seconds=ages.dead_s)


def _stays_in_the_store(ages: Ages, now: datetime) -> ColumnElement[bool]:
    """As `_stays`."""
    waits = _delivery.state.not_in([state.value for state in _FINAL])
    dead = (
        (_delivery.state == DeliveryState.DEAD.value)
        & _delivery.replayed_as.is_(None)
        & or_(_delivery.outcome.is_(None), _delivery.outcome != Ending.CANCELLED.value)
    )
    if ages.dead_s is not None:
        dead &= _delivery.created_at >= micros(now - timedelta(seconds=ages.dead_s))
    return or_(waits, dead)


def _delete_deliveries(connection: Connection, deliveries: Sequence[Delivery]) -> None:
    if not deliveries:
        return
    ids: list[DeliveryId] = [one.id for one in deliveries]
    connection.execute(delete(tables.attempt).where(tables.attempt.c.delivery_id.in_(ids)))
    connection.execute(delete(tables.delivery).where(_delivery.id.in_(ids)))

"""What came in and what became of it: look-ups, and lists by id, the newest first."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, func, literal, select

from app.model.delivery import Attempt, Delivery, DeliveryId, DeliveryState
from app.model.event import Event, EventId, EventStatus
from app.model.outcome import OutcomeKind
from app.outbox import tables
from app.outbox.claims import in_state
from app.outbox.rows import attempt_of, delivery_of, event_of, instant

_event = tables.event.c
_delivery = tables.delivery.c


@dataclass(frozen=True, slots=True)
class EventFilter:
    """`before` is the last id of the page before this one."""

    source: str | None = None
    status: EventStatus | None = None
    before: EventId | None = None


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    source: str | None = None
    rule: str | None = None
    destination: str | None = None
    state: DeliveryState | None = None
    outcome: OutcomeKind | None = None
    event_id: EventId | None = None
    before: DeliveryId | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is not delivered yet, by destination and state."""

    destination: str
    state: DeliveryState
    count: int
    oldest_at: datetime


def event(connection: Connection, event_id: EventId) -> Event | None:
    row = connection.execute(select(*tables.event.c).where(_event.id == event_id)).one_or_none()
    return event_of(row) if row else None


def delivery(connection: Connection, delivery_id: DeliveryId) -> Delivery | None:
    found = connection.execute(select(*tables.delivery.c).where(_delivery.id == delivery_id))
    row = found.one_or_none()
    return delivery_of(row) if row else None


def events_query(wanted: EventFilter, limit: int) -> Select[tuple[object, ...]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.source is not None:
        conditions.append(_event.source == wanted.source)
    if wanted.status is not None:
        # Written out for the partial index of the ignored ones.
        conditions.append(_event.status == literal(wanted.status.value, literal_execute=True))
    if wanted.before is not None:
        conditions.append(_event.id < wanted.before)
    return select(*tables.event.c).where(*conditions).order_by(_event.id.desc()).limit(limit)


def deliveries_query(wanted: DeliveryFilter, limit: int) -> Select[tuple[object, ...]]:
    pairs = (
        (_delivery.event_id, wanted.event_id),
        (_delivery.rule, wanted.rule),
        (_delivery.source, wanted.source),
        (_delivery.destination, wanted.destination),
        (_delivery.outcome, wanted.outcome.value if wanted.outcome else None),
    )
    conditions = [column == value for column, value in pairs if value is not None]
    if wanted.state is not None:
        conditions.append(in_state(wanted.state))
    if wanted.before is not None:
        conditions.append(_delivery.id < wanted.before)
    return select(*tables.delivery.c).where(*conditions).order_by(_delivery.id.desc()).limit(limit)


def events(connection: Connection, wanted: EventFilter, limit: int) -> list[Event]:
    return [event_of(row) for row in connection.execute(events_query(wanted, limit))]


def deliveries(connection: Connection, wanted: DeliveryFilter, limit: int) -> list[Delivery]:
    found = connection.execute(deliveries_query(wanted, limit))
    return [delivery_of(row) for row in found]


def attempts(connection: Connection, delivery_id: DeliveryId) -> list[Attempt]:
    table = tables.attempt.c
    found = connection.execute(
        select(*tables.attempt.c).where(table.delivery_id == delivery_id).order_by(table.id)
    )
    return [attempt_of(row) for row in found]


def backlog(connection: Connection) -> list[Backlog]:
    """Counted within the partial indexes of what waits, whatever lies behind."""
    found: list[Backlog] = []
    for state in (DeliveryState.PENDING, DeliveryState.PAUSED, DeliveryState.IN_FLIGHT):
        rows = connection.execute(
            select(
                _delivery.destination,
                func.count().label("number"),
                func.min(_delivery.created_at).label("oldest"),
            )
            .where(in_state(state))
            .group_by(_delivery.destination)
        )
        found += [Backlog(row.destination, state, row.number, instant(row.oldest)) for row in rows]
    return found

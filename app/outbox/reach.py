"""Lists by what no index has: rows are looked at up to a bound, and the list goes on from there.

Else a filter that finds little would read all that is past, for each page and each refreshing of
it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from sqlalchemy import Connection, Select, select

from app.model.delivery import Delivery, DeliveryState
from app.model.event import Event, EventStatus
from app.model.outcome import OutcomeKind
from app.outbox import tables
from app.outbox.history import (
    DeliveryFilter,
    EventFilter,
    deliveries_query,
    delivery_conditions,
    event_conditions,
    events_query,
)
from app.outbox.rows import delivery_of, event_of

T = TypeVar("T")
REACH = 20_000
_event = tables.event.c
_delivery = tables.delivery.c


@dataclass(frozen=True, slots=True)
class Look(Generic[T]):
    """`following`: the `before` of the next; None: that was all. `is_short`: it ended at its reach,
    and there may be more."""

    items: Sequence[T]
    following: str | None
    is_short: bool = False


def look_at_events(
    connection: Connection, wanted: EventFilter, limit: int, reach: int = REACH
) -> Look[Event]:
    """The newest first."""
    bound = events_bound(wanted, reach)
    end = None if bound is None else connection.execute(bound).scalar()
    query = events_query(wanted, limit + 1)
    rows = connection.execute(query if end is None else query.where(_event.id >= end))
    return _look([(row.id, event_of(row)) for row in rows], limit, end)


def look_at_deliveries(
    connection: Connection, wanted: DeliveryFilter, limit: int, reach: int = REACH
) -> Look[Delivery]:
    """The newest first."""
    bound = deliveries_bound(wanted, reach)
    end = None if bound is None else connection.execute(bound).scalar()
    query = deliveries_query(wanted, limit + 1)
    rows = connection.execute(query if end is None else query.where(_delivery.id >= end))
    return _look([(row.id, delivery_of(row)) for row in rows], limit, end)


def events_bound(wanted: EventFilter, reach: int) -> Select[str] | None:
    """The last id within reach; None: an index finds all that is wanted."""
    part = _served_events(wanted)
    if part == wanted:
        return None
    query = select(_event.id).where(*event_conditions(part))
    return query.order_by(_event.id.desc()).offset(reach - 1).limit(1)


def deliveries_bound(wanted: DeliveryFilter, reach: int) -> Select[str] | None:
    """As `events_bound`."""
    part = _served_deliveries(wanted)
    if part == wanted:
        return None
    query = select(_delivery.id).where(*delivery_conditions(part))
    return query.order_by(_delivery.id.desc()).offset(reach - 1).limit(1)


def _served_events(wanted: EventFilter) -> EventFilter:
    """What one index finds of it."""
    if wanted.people:
        return wanted
    if wanted.status is EventStatus.IGNORED:
        return replace(wanted, source=None)
    return replace(wanted, status=None)


def _served_deliveries(wanted: DeliveryFilter) -> DeliveryFilter:
    if wanted.people or wanted.ids or wanted.event_id or wanted.act_id:
        return wanted
    times = DeliveryFilter(
        since=wanted.since, until=wanted.until, before=wanted.before, after=wanted.after
    )
    if wanted.state not in (None, DeliveryState.DONE):
        return replace(times, state=wanted.state)
    if wanted.outcome not in (None, OutcomeKind.ACCEPTED):
        return replace(times, outcome=wanted.outcome)
    if wanted.rule is not None:
        return replace(times, rule=wanted.rule)
    return replace(times, source=wanted.source)


def _look(found: Sequence[tuple[str, T]], limit: int, end: str | None) -> Look[T]:
    items = [value for _, value in found[:limit]]
    if len(found) > limit:
        return Look(items, found[limit - 1][0])
    return Look(items, end, is_short=end is not None)

"""Lists by what no index has: rows are looked at up to a bound, and the list goes on from there.

Else a filter that finds little would read all that is past, for each page and each refreshing of
it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Select, func, literal, select

from app.model.delivery import Delivery, DeliveryState
from app.model.event import Event, EventStatus
from app.model.outcome import OutcomeKind
from app.outbox import tables
from app.outbox.claims import in_state
from app.outbox.history import (
    Count,
    DeliveryFilter,
    EventFilter,
    counts,
    deliveries_query,
    delivery_conditions,
    event_conditions,
    events_query,
    time_conditions,
)
from app.outbox.rows import delivery_of, event_of

T = TypeVar("T")
REACH = 20_000
COUNTED = 200_000
"""Rows that are looked at for a count."""
# What indexes have of these is in another order than lists are.
_ON_THE_WAY = (DeliveryState.PENDING, DeliveryState.IN_FLIGHT)
_event = tables.event.c
_delivery = tables.delivery.c


@dataclass(frozen=True, slots=True)
class Look(Generic[T]):
    """`following`: the `before` of the next; None: that was all. `is_short`: it ended at its reach,
    and there may be more."""

    items: Sequence[T]
    following: str | None
    is_short: bool = False


@dataclass(frozen=True, slots=True)
class CountedDeliveries:
    """`is_whole` false: there may be more of them, which were not looked at."""

    counts: Sequence[Count]
    is_whole: bool


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
    if _are_few(connection, wanted, reach):
        query, end = few_query(wanted, limit + 1), None
    else:
        query, end = deliveries_query(wanted, limit + 1), _end(connection, wanted, reach)
    rows = connection.execute(query if end is None else query.where(_delivery.id >= end))
    return _look([(row.id, delivery_of(row)) for row in rows], limit, end)


def count_deliveries(
    connection: Connection, wanted: DeliveryFilter, most: int, reach: int = COUNTED
) -> CountedDeliveries:
    """Up to `most`, of the newest."""
    end = None if _are_few(connection, wanted, reach) else _end(connection, wanted, reach)
    found = counts(connection, wanted, most, end)
    return CountedDeliveries(found, end is None and sum(one.count for one in found) < most)


def _end(connection: Connection, wanted: DeliveryFilter, reach: int) -> str | None:
    """The last id within reach; None: all that is wanted is."""
    bound = deliveries_bound(wanted, reach)
    return None if bound is None else connection.execute(bound).scalar()


def _are_few(connection: Connection, wanted: DeliveryFilter, reach: int) -> bool:
    """Whether all that is in their state can be looked at. Where that is much, it is found soon
    among the newest."""
    if wanted.state is None or wanted.state not in _ON_THE_WAY:
        return False
    found = ids_in(wanted.state).limit(reach + 1).subquery()
    return connection.execute(select(func.count()).select_from(found)).scalar_one() <= reach


def few_query(wanted: DeliveryFilter, limit: int) -> Select[Any]:
    """As `deliveries_query`, by all that is in the state wanted."""
    # Within these, and written so that no engine goes by the ids of all there are instead.
    of_time = time_conditions(_delivery.id.concat(literal("", literal_execute=True)), wanted)
    few = ids_in(wanted.state or DeliveryState.PENDING).where(*of_time)
    whenever = replace(wanted, since=None, until=None, before=None, after=None)
    query = deliveries_query(whenever, limit).where(_delivery.id.in_(few))
    return query if wanted.after is None else query.order_by(None).order_by(_delivery.id)


def ids_in(state: DeliveryState) -> Select[Any]:
    return select(_delivery.id).where(in_state(state))


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
    if wanted.people or wanted.ids or wanted.event_id or wanted.act_id or wanted.cause:
        return wanted
    times = DeliveryFilter(
        since=wanted.since, until=wanted.until, before=wanted.before, after=wanted.after
    )
    if wanted.state in (DeliveryState.DEAD, DeliveryState.PAUSED):
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

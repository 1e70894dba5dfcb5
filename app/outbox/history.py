"""What came in and what became of it: look-ups, and lists by id, the newest first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    func,
    literal,
    literal_column,
    select,
    union_all,
)

from app.kit.ids import first_id_at, made_at
from app.model.delivery import Attempt, Delivery, DeliveryId, DeliveryState, Ending
from app.model.event import Event, EventId, EventStatus
from app.model.outcome import OutcomeKind
from app.model.problem import Cause
from app.model.start import Target
from app.outbox import tables
from app.outbox.causes import left_of
from app.outbox.claims import in_state
from app.outbox.people import deliveries_of
from app.outbox.rows import attempt_of, delivery_of, event_of, instant

_event = tables.event.c
_delivery = tables.delivery.c
_RULES_AT_ONCE = 100
_rare: ColumnElement[bool] = literal_column("outcome <> 'accepted'")


OLDEST = select(_event.received_at).order_by(_event.id).limit(1)


@dataclass(frozen=True, slots=True)
class EventFilter:
    """`before` is the last id of the page before this one, `after` that of one before it, going
    the other way. `since` (with it) and `until` (without it): when it was received. `people`:
    digests, of which one is to be of it or of one of its deliveries."""

    source: str | None = None
    status: EventStatus | None = None
    people: tuple[int, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    before: EventId | None = None
    after: EventId | None = None


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """As EventFilter, by when it was made. `ids`: only these. `people`: digests, of which one is
    to be of it. `is_replayed`: whether another takes its place. `cause`: dead letters of this
    problem that are not replayed."""

    source: str | None = None
    rule: str | None = None
    destination: str | None = None
    target: Target | None = None
    scenario: int | None = None
    cause: Cause | None = None
    state: DeliveryState | None = None
    outcome: OutcomeKind | Ending | None = None
    event_id: EventId | None = None
    act_id: str | None = None
    is_replayed: bool | None = None
    people: tuple[int, ...] = ()
    ids: tuple[DeliveryId, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    before: DeliveryId | None = None
    after: DeliveryId | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """How many deliveries are alike."""

    rule: str
    state: DeliveryState
    outcome: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Started:
    """How many deliveries of an event are in a state, without those that another took the place
    of."""

    event_id: EventId
    state: DeliveryState
    count: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is not delivered yet, by destination and state."""

    destination: str
    state: DeliveryState
    count: int
    oldest_at: datetime


@dataclass(frozen=True, slots=True)
class RecentCall:
    """An event without what was called with."""

    id: EventId
    received_at: datetime
    status: EventStatus


@dataclass(frozen=True, slots=True)
class Pulse:
    """The last ids: of the last call that is kept, the last that is not, the last exchange with a
    platform, the last act."""

    event: str | None
    attempt: str | None
    act: str | None
    refusal: str | None


_PULSE = select(
    *(
        select(func.max(table.c.id)).scalar_subquery().label(table.name)
        for table in (tables.event, tables.attempt, tables.act, tables.refusal)
    )
)


def pulse(connection: Connection) -> Pulse:
    row = connection.execute(_PULSE).one()
    return Pulse(row.event, row.attempt, row.act, row.refusal)


def event(connection: Connection, event_id: EventId) -> Event | None:
    row = connection.execute(select(*tables.event.c).where(_event.id == event_id)).one_or_none()
    return event_of(row) if row else None


def delivery(connection: Connection, delivery_id: DeliveryId) -> Delivery | None:
    found = connection.execute(select(*tables.delivery.c).where(_delivery.id == delivery_id))
    row = found.one_or_none()
    return delivery_of(row) if row else None


def time_conditions(
    column: ColumnElement[str], wanted: EventFilter | DeliveryFilter
) -> Iterator[ColumnElement[bool]]:
    """By the id alone, which sorts by time: no list needs another index for that."""
    if wanted.since is not None:
        yield column >= first_id_at(wanted.since)
    if wanted.until is not None:
        yield column < first_id_at(wanted.until)
    if wanted.before is not None:
        yield column < wanted.before
    if wanted.after is not None:
        yield column > wanted.after


def _besides(column: ColumnElement[str], value: str) -> ColumnElement[bool]:
    """Looked at in rows that a partial index of the few finds: SQLite would else take the index of
    this column, and with it all that is past."""
    return column.concat(literal("", literal_execute=True)) == value


def event_conditions(wanted: EventFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.source is not None and wanted.status is EventStatus.IGNORED:
        yield _besides(_event.source, wanted.source)
    elif wanted.source is not None:
        yield _event.source == wanted.source
    if wanted.status is not None:
        # Written out for the partial index of the ignored ones.
        yield _event.status == literal(wanted.status.value, literal_execute=True)
    if wanted.people:
        known = deliveries_of(wanted.people)
        of_deliveries = select(_delivery.event_id).where(_delivery.id.in_(known))
        yield _event.id.in_(known.union_all(of_deliveries))
    yield from time_conditions(_event.id, wanted)


def events_query(wanted: EventFilter, limit: int) -> Select[tuple[object, ...]]:
    """The newest first; after an id, the oldest first."""
    order = _event.id.asc() if wanted.after is not None else _event.id.desc()
    query = select(*tables.event.c).where(*event_conditions(wanted))
    return query.order_by(order).limit(limit)


def recent_query(source: str, limit: int) -> Select[tuple[str, int, str]]:
    columns = (_event.id, _event.received_at, _event.status)
    query = select(*columns).where(_event.source == source)
    return query.order_by(_event.id.desc()).limit(limit)


def recent_calls(
    connection: Connection, sources: Sequence[str], limit: int
) -> dict[str, list[RecentCall]]:
    """Of each source the last, the newest first."""
    return {
        source: [
            RecentCall(EventId(row.id), instant(row.received_at), EventStatus(row.status))
            for row in connection.execute(recent_query(source, limit))
        ]
        for source in sources
    }


def delivery_conditions(wanted: DeliveryFilter) -> Iterator[ColumnElement[bool]]:
    pairs = (
        (_delivery.event_id, wanted.event_id),
        (_delivery.destination, wanted.destination),
        (_delivery.act_id, wanted.act_id),
        (_delivery.target, wanted.target.value if wanted.target else None),
        (_delivery.scenario, wanted.scenario),
    )
    yield from (column == value for column, value in pairs if value is not None)
    if wanted.cause is not None:
        yield from left_of(wanted.cause)
    is_few = wanted.state not in (None, DeliveryState.DONE)
    for column, value in ((_delivery.rule, wanted.rule), (_delivery.source, wanted.source)):
        if value is not None:
            yield _besides(column, value) if is_few else column == value
    if wanted.state is not None:
        yield in_state(wanted.state)
    if wanted.outcome is not None:
        yield _delivery.outcome == wanted.outcome.value
        if wanted.outcome is not OutcomeKind.ACCEPTED:
            # For the partial index of these, too.
            yield _rare
    if wanted.is_replayed is not None:
        is_none = _delivery.replayed_as.is_(None)
        yield ~is_none if wanted.is_replayed else is_none
    if wanted.people:
        yield _delivery.id.in_(deliveries_of(wanted.people))
    if wanted.ids:
        yield _delivery.id.in_(wanted.ids)
    yield from time_conditions(_delivery.id, wanted)


def deliveries_query(wanted: DeliveryFilter, limit: int) -> Select[tuple[object, ...]]:
    """The newest first; after an id, the oldest first."""
    order = _delivery.id.asc() if wanted.after is not None else _delivery.id.desc()
    query = select(*tables.delivery.c).where(*delivery_conditions(wanted))
    return query.order_by(order).limit(limit)


def counts(
    connection: Connection,
    wanted: DeliveryFilter,
    most: int | None = None,
    end: str | None = None,
) -> list[Count]:
    """Of those from the id `end` on, where that is given; `most` of them, where that is."""
    columns = (_delivery.rule, _delivery.state, _delivery.outcome)
    chosen = select(*columns).where(*delivery_conditions(wanted))
    if end is not None:
        chosen = chosen.where(_delivery.id >= end)
    within = chosen.limit(most).subquery()
    alike = (within.c.rule, within.c.state, within.c.outcome)
    query = select(*alike, func.count().label("number"))
    rows = connection.execute(query.group_by(*alike).order_by(*alike))
    return [Count(row.rule, DeliveryState(row.state), row.outcome, row.number) for row in rows]


def events(connection: Connection, wanted: EventFilter, limit: int) -> list[Event]:
    return [event_of(row) for row in connection.execute(events_query(wanted, limit))]


def deliveries(connection: Connection, wanted: DeliveryFilter, limit: int) -> list[Delivery]:
    found = connection.execute(deliveries_query(wanted, limit))
    return [delivery_of(row) for row in found]


def last_query(rule: str) -> Select[tuple[str]]:
    """Of its deliveries the last: a look at the end of its part of an index."""
    return select(func.max(_delivery.id)).where(_delivery.rule == rule)


def last_made(connection: Connection, rules: Sequence[str]) -> dict[str, datetime]:
    """When each of them started something last; those that never did are left out."""
    found: dict[str, datetime] = {}
    for start in range(0, len(rules), _RULES_AT_ONCE):
        chosen = rules[start : start + _RULES_AT_ONCE]
        looks = [select(literal(rule), last_query(rule).scalar_subquery()) for rule in chosen]
        rows = connection.execute(union_all(*looks))
        found |= {rule: made_at(last) for rule, last in rows if last is not None}
    return found


def attempts(connection: Connection, delivery_id: DeliveryId) -> list[Attempt]:
    table = tables.attempt.c
    found = connection.execute(
        select(*tables.attempt.c).where(table.delivery_id == delivery_id).order_by(table.id)
    )
    return [attempt_of(row) for row in found]


def attempts_query(ids: Sequence[DeliveryId], limit: int) -> Select[tuple[object, ...]]:
    table = tables.attempt.c
    query = select(*tables.attempt.c).where(table.delivery_id.in_(ids))
    return query.order_by(table.delivery_id, table.id).limit(limit)


def attempts_of(
    connection: Connection, ids: Sequence[DeliveryId], limit: int
) -> dict[DeliveryId, list[Attempt]]:
    """The exchanges of several deliveries, of each the oldest first."""
    found: dict[DeliveryId, list[Attempt]] = {one: [] for one in ids}
    for row in connection.execute(attempts_query(ids, limit)) if ids else ():
        found[DeliveryId(row.delivery_id)].append(attempt_of(row))
    return found


def started_query(ids: Sequence[EventId]) -> Select[tuple[object, ...]]:
    columns = (_delivery.event_id, _delivery.state)
    query = select(*columns, func.count().label("number"))
    query = query.where(_delivery.event_id.in_(ids), _delivery.replayed_as.is_(None))
    return query.group_by(*columns)


def started(connection: Connection, ids: Sequence[EventId]) -> list[Started]:
    """What became of some events."""
    rows = connection.execute(started_query(ids)) if ids else ()
    return [Started(EventId(r.event_id), DeliveryState(r.state), r.number) for r in rows]


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

"""Accepts events: the event, its deduplication key and its deliveries in one commit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection, select, tuple_, update

from app.kit.light import light
from app.model.delivery import Delivery
from app.model.event import Event, EventId
from app.model.start import Match
from app.outbox import tables
from app.outbox.bursts import collapsed
from app.outbox.dialect import insert_all, insert_new
from app.outbox.people import PERSON_COLUMNS, person_rows, write_people
from app.outbox.rows import (
    DELIVERY_COLUMNS,
    EVENT_COLUMNS,
    PLAIN_COLUMNS,
    Row,
    Values,
    delivery_row,
    event_row,
    is_plain,
    micros,
    plain_row,
    storable,
)
from app.outbox.writer import Usual, Write


@light
class Acceptance:
    """One event with what it starts. `dedup_window_s` is the age in seconds from which on a
    known key is taken for a new call; None: never. `named`: whom an event that starts nothing
    names, so that it is found when they ask."""

    event: Event
    dedup_key: str | None
    deliveries: tuple[Delivery, ...]
    dedup_window_s: float | None = None
    named: tuple[Match, ...] = ()

    @property
    def key(self) -> tuple[str, str] | None:
        """As it is stored."""
        return None if self.dedup_key is None else (self.event.source, storable(self.dedup_key))


@dataclass(frozen=True, slots=True)
class Accepted:
    pass


@dataclass(frozen=True, slots=True)
class Duplicate:
    """`event_id` is that of the first call with this key."""

    event_id: EventId


Unit = Sequence[Acceptance]
Results = list[Accepted | Duplicate]
_ACCEPTED = Accepted()
# PostgreSQL takes some thousands of pairs in a statement, and a call may be a batch of as many.
_KEYS_AT_ONCE = 500
_DEDUP_COLUMNS = ("source", "key", "event_id", "received_at")


def accepting(
    person_key: bytes, accepted: Callable[[Sequence[Unit]], None] | None = None
) -> Write[Unit, Results]:
    """Accepts into the store that has this key; `accepted` is told of what is on disk."""

    def accept(connection: Connection, units: Sequence[Unit]) -> list[Results]:
        results, fresh = _sorted_out(connection, units)
        if fresh:
            rows = [event_row(acceptance.event) for acceptance in fresh]
            insert_all(connection, tables.event, EVENT_COLUMNS, rows)
            deliveries = [d for acceptance in fresh for d in acceptance.deliveries]
            add_deliveries(connection, person_key, deliveries)
            named = [(one.event.id, one.named) for one in fresh if one.named]
            write_people(connection, person_key, (), named)
        return results

    return Write("accept", accept, partial(_usual, person_key), accepted)


def _usual(person_key: bytes, units: Sequence[Unit]) -> Usual[Results] | None:
    acceptances = [acceptance for unit in units for acceptance in unit]
    deliveries = [delivery for acceptance in acceptances for delivery in acceptance.deliveries]
    keys = _dedup_rows(acceptances)
    if keys is None or not all(map(is_plain, deliveries)):
        return None
    named = [(one.event.id, one.named) for one in acceptances if one.named]
    parts = (
        # First: where one of them is taken, nothing else is tried.
        (tables.dedup, _DEDUP_COLUMNS, keys),
        (tables.event, EVENT_COLUMNS, [event_row(one.event) for one in acceptances]),
        (tables.delivery, PLAIN_COLUMNS, [plain_row(delivery) for delivery in deliveries]),
        (tables.person, PERSON_COLUMNS, person_rows(person_key, deliveries, named)),
    )
    results: list[Results] = [[_ACCEPTED] * len(unit) for unit in units]
    size = sum([len(one.event.body) for one in acceptances])
    return Usual([part for part in parts if part[2]], results, size)


def _dedup_rows(acceptances: Sequence[Acceptance]) -> list[Row] | None:
    """In order of the keys, so that of two processes with the same ones none waits for the other
    in turns. None: two have the same."""
    rows = [
        (*key, one.event.id, micros(one.event.received_at))
        for one in acceptances
        if (key := one.key) is not None
    ]
    if len(rows) > 1:
        if len({row[:2] for row in rows}) < len(rows):
            return None
        rows.sort()
    return rows


def _sorted_out(
    connection: Connection, units: Sequence[Unit]
) -> tuple[list[Results], list[Acceptance]]:
    """What to say of each acceptance, and those that are new."""
    every = [acceptance for unit in units for acceptance in unit]
    if all(acceptance.dedup_key is None for acceptance in every):
        return [[_ACCEPTED] * len(unit) for unit in units], every
    first = _first_events(connection, every)
    results: list[Results] = []
    fresh: list[Acceptance] = []
    for unit in units:
        results.append([])
        for acceptance in unit:
            known = first.get(acceptance.key) if acceptance.key else None
            if known is None or known == acceptance.event.id:
                fresh.append(acceptance)
                results[-1].append(_ACCEPTED)
            else:
                results[-1].append(Duplicate(known))
    return results, fresh


def add_deliveries(
    connection: Connection, person_key: bytes, deliveries: Sequence[Delivery]
) -> None:
    if not deliveries:
        return
    if all(is_plain(delivery) for delivery in deliveries):
        rows = [plain_row(delivery) for delivery in deliveries]
        insert_all(connection, tables.delivery, PLAIN_COLUMNS, rows)
    else:
        rows = [delivery_row(delivery) for delivery in collapsed(connection, deliveries)]
        insert_all(connection, tables.delivery, DELIVERY_COLUMNS, rows)
    write_people(connection, person_key, deliveries)


def _first_events(
    connection: Connection, acceptances: Sequence[Acceptance]
) -> dict[tuple[str, str], EventId]:
    """The event that holds each key after this commit."""
    wanted: dict[tuple[str, str], Acceptance] = {}
    for acceptance in acceptances:
        if acceptance.key is not None:
            wanted.setdefault(acceptance.key, acceptance)
    first: dict[tuple[str, str], EventId] = {}
    # A key that another process held may be purged before it is looked at: then it is free.
    while left := [key for key in wanted if key not in first]:
        first |= _taken(connection, [wanted[key] for key in sorted(left)])
        known = [wanted[key] for key in sorted(left) if key not in first]
        for start in range(0, len(known), _KEYS_AT_ONCE):
            first |= _known_events(connection, known[start : start + _KEYS_AT_ONCE])
    return first


def _taken(
    connection: Connection, acceptances: Sequence[Acceptance]
) -> dict[tuple[str, str], EventId]:
    """In order of the keys: of two processes with the same ones none waits for the other in
    turns."""
    table = tables.dedup
    statement = insert_new(table, connection.dialect).returning(
        table.c.source, table.c.key, table.c.event_id, sort_by_parameter_order=False
    )
    taken = connection.execute(statement, [_dedup_values(a) for a in acceptances])
    return {(row.source, row.key): EventId(row.event_id) for row in taken}


def _known_events(
    connection: Connection, acceptances: Sequence[Acceptance]
) -> dict[tuple[str, str], EventId]:
    by_key = {acceptance.key: acceptance for acceptance in acceptances}
    table = tables.dedup.c
    found = connection.execute(
        select(table.source, table.key, table.event_id, table.received_at)
        .where(tuple_(table.source, table.key).in_(list(by_key)))
        .order_by(table.source, table.key)
        # Of two that find the same key too old, the second must see what the first made of it.
        .with_for_update()
    )
    first: dict[tuple[str, str], EventId] = {}
    for holder in found.all():
        acceptance = by_key[holder.source, holder.key]
        if _is_past(acceptance, holder.received_at):
            _take_over(connection, acceptance)
            first[holder.source, holder.key] = acceptance.event.id
        else:
            first[holder.source, holder.key] = EventId(holder.event_id)
    return first


def _is_past(acceptance: Acceptance, received_at: int) -> bool:
    if acceptance.dedup_window_s is None:
        return False
    age = micros(acceptance.event.received_at) - received_at
    return age >= acceptance.dedup_window_s * 1e6


def _take_over(connection: Connection, acceptance: Acceptance) -> None:
    values = _dedup_values(acceptance)
    table = tables.dedup
    connection.execute(
        update(table)
        .where(table.c.source == values["source"], table.c.key == values["key"])
        .values(event_id=values["event_id"], received_at=values["received_at"])
    )


def _dedup_values(acceptance: Acceptance) -> Values:
    return {
        "source": acceptance.event.source,
        "key": storable(acceptance.dedup_key or ""),
        "event_id": acceptance.event.id,
        "received_at": micros(acceptance.event.received_at),
    }

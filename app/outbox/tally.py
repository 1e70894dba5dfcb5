"""What was counted: by minutes for three hours, by hours for as long as events are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    delete,
    func,
    literal,
    literal_column,
    select,
)

from app.model.tally import Tally, TallyKind, TallySum
from app.outbox import tables
from app.outbox.dialect import put
from app.outbox.retention import Ages
from app.outbox.rows import instant, storable

_table = tables.tally.c
_count = tables.tally.c["count"]
_HOUR = 60
# Of 130 names a day of minutes is 187,000 rows, which no page can add up at once.
MINUTES_KEPT = 3 * 60
# Of one step of rolling up, so that no call waits long for it.
_ROLLED_AT_ONCE = 10
_KINDS = {one.value: one for one in TallyKind}
# Written out as the partial index has it.
_is_of_a_minute: ColumnElement[bool] = literal_column("minute % 60 <> 0")


@dataclass(frozen=True, slots=True)
class TalliesAsked:
    """From the minute of `since` on, up to the one before that of `until`; `step_s` in whole
    minutes, None: one sum of it all. `kinds`: only these; none: all."""

    since: datetime
    until: datetime
    step_s: int | None = None
    kinds: tuple[TallyKind, ...] = ()
    name: str | None = None


def add(connection: Connection, tallies: Sequence[Tally], now: datetime) -> None:
    """To the minute of `now`. In one order: of two processes none waits for the other in turns."""
    rows = [
        {
            "minute": minute_of(now),
            "kind": one.kind.value,
            "name": storable(one.name),
            "label": one.label,
            "count": one.count,
        }
        for one in sorted(tallies, key=lambda one: (one.kind, one.name, one.label))
    ]
    if rows:
        connection.execute(_adding(connection), rows)


def tallies_query(asked: TalliesAsked, limit: int) -> Select[Any]:
    step = max(1, (asked.step_s or 60) // 60)
    at = _table.minute - _table.minute % step
    kept = (_table.kind, _table.name, _table.label)
    sums = (*kept, func.sum(_count).label("sum"), func.max(_table.minute).label("last"))
    query = select(*sums).group_by(*kept).order_by(*kept)
    if asked.step_s is not None:
        shown = at.label("at")
        query = select(*sums, shown).group_by(shown, *kept).order_by(shown, *kept)
    query = query.where(
        _table.minute >= minute_of(asked.since), _table.minute < minute_of(asked.until)
    )
    if asked.kinds:
        query = query.where(_table.kind.in_([kind.value for kind in asked.kinds]))
    if asked.name is not None:
        query = query.where(_table.name == asked.name)
    return query.limit(limit)


def tallies(connection: Connection, asked: TalliesAsked, limit: int) -> list[TallySum]:
    """The earliest first."""
    query = tallies_query(asked, limit)
    if asked.step_s is None:
        query = query.add_columns(literal(minute_of(asked.since)))
    # Few minutes in many rows, which are read on the loop.
    at = _Instants()
    return [
        TallySum(_KINDS[kind], name, label, int(total), at[first], at[last])
        for kind, name, label, total, last, first in connection.execute(query)
    ]


def oldest_minute_query(before: int) -> Select[Any]:
    """Of those that are not rolled up."""
    found = select(_table.minute).where(_is_of_a_minute, _table.minute < before)
    return found.order_by(_table.minute).limit(1)


def roll_up(connection: Connection, now: datetime) -> int:
    """A step: how many rows went into those of their hour, 0 at the end."""
    kept = minute_of(now) - MINUTES_KEPT
    oldest = connection.execute(oldest_minute_query(kept - kept % _HOUR)).scalar()
    if oldest is None:
        return 0
    hour = oldest - oldest % _HOUR
    chosen = (
        _table.minute >= oldest,
        _table.minute < min(oldest + _ROLLED_AT_ONCE, hour + _HOUR),
        _is_of_a_minute,
    )
    kept_apart = (_table.kind, _table.name, _table.label)
    sums = select(*kept_apart, func.sum(_count).label("sum")).where(*chosen).group_by(*kept_apart)
    rows = [
        {"minute": hour, "kind": row.kind, "name": row.name, "label": row.label, "count": row.sum}
        for row in connection.execute(sums.order_by(*kept_apart))
    ]
    connection.execute(_adding(connection), rows)
    return connection.execute(delete(tables.tally).where(*chosen)).rowcount


def purge(connection: Connection, ages: Ages, now: datetime) -> int:
    """A step of letting go what is older than events are kept: how many rows."""
    if ages.events_s is None:
        return 0
    oldest = connection.execute(select(func.min(_table.minute))).scalar()
    before = minute_of(now - timedelta(seconds=ages.events_s))
    if oldest is None or oldest >= before:
        return 0
    chosen = _table.minute < min(before, oldest + _HOUR)
    return connection.execute(delete(tables.tally).where(chosen)).rowcount


def minute_of(at: datetime) -> int:
    return int(at.timestamp() // 60)


class _Instants(dict[int, datetime]):
    """Each minute's, made once."""

    def __missing__(self, minute: int) -> datetime:
        self[minute] = instant(minute * 60_000_000)
        return self[minute]


def _adding(connection: Connection) -> Any:
    table = tables.tally
    return put(table, connection.dialect, lambda new: {"count": _count + new["count"]})

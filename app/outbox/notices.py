"""What was told to whom, so that all processes together tell it once.

A claim is a lease: who has it sends, and says so afterwards. A process that is killed in between
leaves a lease that runs out, and the notice is sent again: at least once, at worst twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, Row, delete, select, update

from app.outbox import tables
from app.outbox.dialect import insert_new
from app.outbox.rows import micros

MOST_TRIES = 8
_table = tables.notice.c
Name: TypeAlias = tuple[str, str]
"""Kind and cause."""


@dataclass(frozen=True, slots=True)
class Tellable:
    """What needs a person now. `since` tells one time from the next; None: nothing does. With
    `is_quiet` somebody knows of it already."""

    kind: str
    cause: str
    since: datetime | None = None
    is_quiet: bool = False

    @property
    def name(self) -> Name:
        return self.kind, self.cause


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is told of what. `repeat_s`: how long after it was told once more; None: never.
    `hears_end`: also that it is over."""

    channel: str
    tellables: Sequence[Tellable]
    repeat_s: float | None = None
    hears_end: bool = False


@dataclass(frozen=True, slots=True)
class NoticeClaim:
    """To be told by whoever claimed it. `tries` counts this one."""

    channel: str
    kind: str
    cause: str
    is_over: bool
    tries: int

    @property
    def name(self) -> Name:
        return self.kind, self.cause


def claim(
    connection: Connection, audiences: Sequence[Audience], now: datetime, lease_s: float
) -> list[NoticeClaim]:
    names = [one.channel for one in audiences]
    connection.execute(delete(tables.notice).where(_table.channel.not_in(names)))
    return [
        found
        for audience in sorted(audiences, key=lambda one: one.channel)
        for found in _Claiming(connection, audience, now, lease_s).all()
    ]


class _Claiming:
    def __init__(
        self, connection: Connection, audience: Audience, now: datetime, lease_s: float
    ) -> None:
        self._connection = connection
        self._audience = audience
        self._now = now
        self._until = micros(now + timedelta(seconds=lease_s))

    def all(self) -> Iterator[NoticeClaim]:
        known = {(row.kind, row.cause): row for row in self._held()}
        for one in self._audience.tellables:
            row = known.pop(one.name, None)
            if row is None:
                yield from self._begin(one)
            elif not one.is_quiet:
                yield from self._again(one, row)
        for row in known.values():
            yield from self._end(row)

    def _held(self) -> Sequence[Row[Any]]:
        query = select(*tables.notice.c).where(_table.channel == self._audience.channel)
        return self._connection.execute(query.with_for_update()).all()

    def _begin(self, one: Tellable) -> Iterator[NoticeClaim]:
        if one.is_quiet:
            return
        given = {
            "channel": self._audience.channel,
            "kind": one.kind,
            "cause": one.cause,
            "since": self._since(one),
            "is_over": False,
            "next_at": self._until,
            "tries": 1,
        }
        statement = insert_new(tables.notice, self._connection.dialect)
        if self._connection.execute(statement, given).rowcount == 1:
            yield self._claim(one.name, is_over=False, tries=1)

    def _again(self, one: Tellable, row: Row[Any]) -> Iterator[NoticeClaim]:
        is_new = row.is_over or (one.since is not None and row.since != self._since(one))
        if not is_new and not self._is_due(row):
            return
        tries = 1 if is_new or row.sent_at is not None else row.tries + 1
        values = {"since": self._since(one), "is_over": False, "sent_at": None}
        self._change(row, tries=tries, **values)
        yield self._claim(one.name, is_over=False, tries=tries)

    def _end(self, row: Row[Any]) -> Iterator[NoticeClaim]:
        """Of what is over, those are told who were told that it began."""
        was_told = row.is_over or row.sent_at is not None
        tries = row.tries + 1 if row.is_over else 1
        if not was_told or not self._audience.hears_end or tries > MOST_TRIES:
            self._connection.execute(delete(tables.notice).where(*_row_of(row)))
        elif not row.is_over or row.next_at <= micros(self._now):
            self._change(row, tries=tries, is_over=True)
            yield self._claim((row.kind, row.cause), is_over=True, tries=tries)

    def _is_due(self, row: Row[Any]) -> bool:
        if row.sent_at is None:
            return bool(row.tries < MOST_TRIES and row.next_at <= micros(self._now))
        repeat_s = self._audience.repeat_s
        return repeat_s is not None and bool(row.sent_at + repeat_s * 1e6 <= micros(self._now))

    def _since(self, one: Tellable) -> int:
        return micros(one.since or self._now)

    def _change(self, row: Row[Any], **values: object) -> None:
        query = update(tables.notice).where(*_row_of(row)).values(next_at=self._until, **values)
        self._connection.execute(query)

    def _claim(self, name: Name, *, is_over: bool, tries: int) -> NoticeClaim:
        kind, cause = name
        return NoticeClaim(self._audience.channel, kind, cause, is_over, tries)


def _row_of(row: Row[Any] | NoticeClaim) -> Iterator[ColumnElement[bool]]:
    yield _table.channel == row.channel
    yield _table.kind == row.kind
    yield _table.cause == row.cause


def sent(connection: Connection, claims: Sequence[NoticeClaim], now: datetime) -> None:
    for one in claims:
        same = (*_row_of(one), _table.is_over == one.is_over)
        if one.is_over:
            connection.execute(delete(tables.notice).where(*same))
        else:
            values = {"sent_at": micros(now), "tries": 0}
            connection.execute(update(tables.notice).where(*same).values(**values))


def put_off(connection: Connection, claims: Sequence[NoticeClaim], until: datetime) -> None:
    """They could not be sent."""
    for one in claims:
        query = update(tables.notice).where(
            *_row_of(one), _table.sent_at.is_(None) | _table.is_over
        )
        connection.execute(query.values(next_at=micros(until)))

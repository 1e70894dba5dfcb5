"""Lists problems, and looks through their dead letters for whom they met."""

from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, Row, Select, and_, func, or_, select, tuple_, update

from app.model.delivery import Ending
from app.model.problem import Cause, Problem, ProblemState, Touched, cause_of
from app.outbox import tables
from app.outbox.causes import (
    CAUSE,
    IS_LEFT,
    PROBLEM,
    cause_of_row,
    left_of,
    row_of,
    values_of,
)
from app.outbox.rows import instant, micros

MOST_LOOKED_AT = 10_000
"""Dead letters of a problem that are looked through."""
_MOST_NAMES = 20
_problem = tables.problem.c
_delivery = tables.delivery.c
_is_stale = _problem.counted != _problem.changes


@dataclass(frozen=True, slots=True)
class ProblemFilter:
    """`is_over` false: open or acknowledged. `before`: the `place` of the last of the page before
    this one."""

    state: ProblemState | None = None
    is_over: bool | None = None
    before: str | None = None


def place(problem: Problem) -> str:
    """In the list."""
    return f"{micros(problem.opened_at)}.{problem.key}"


def place_of(text: str) -> tuple[int, Cause]:
    """Raises ValueError."""
    opened, _, key = text.partition(".")
    if not (opened.isascii() and opened.isdigit() and len(opened) <= 18):
        raise ValueError("expected an instant in microseconds")
    return int(opened), cause_of(key)


def problems_query(wanted: ProblemFilter, limit: int) -> Select[Any]:
    """What began last comes first. Without an index: there are as few as there are scenarios."""
    query = select(*tables.problem.c).order_by(_problem.opened_at.desc(), *PROBLEM).limit(limit)
    if wanted.state is not None:
        query = query.where(_problem.state == wanted.state.value)
    if wanted.is_over is not None:
        is_over = _problem.state == ProblemState.RESOLVED.value
        query = query.where(is_over if wanted.is_over else ~is_over)
    if wanted.before is not None:
        opened, cause = place_of(wanted.before)
        following = tuple_(*PROBLEM) > values_of(cause)
        same = and_(_problem.opened_at == opened, following)
        query = query.where(or_(_problem.opened_at < opened, same))
    return query


def problems(connection: Connection, wanted: ProblemFilter, limit: int) -> list[Problem]:
    return [_problem_of(row) for row in connection.execute(problems_query(wanted, limit))]


def problem(connection: Connection, cause: Cause) -> Problem | None:
    row = connection.execute(select(*tables.problem.c).where(row_of(cause))).one_or_none()
    return _problem_of(row) if row else None


def _problem_of(row: Row[Any]) -> Problem:
    return Problem(
        cause=cause_of_row(row),
        state=ProblemState(row.state),
        letters=row.letters,
        first_at=instant(row.first_at),
        last_at=instant(row.last_at),
        opened_at=instant(row.opened_at),
        changed_at=instant(row.changed_at),
        who=row.who,
        note=row.note,
        touched=_touched_of(row.touched),
    )


def _touched_of(text: str | None) -> Touched | None:
    if text is None:
        return None
    people, is_whole, rules, sources = orjson.loads(text)
    return Touched(people, is_whole, tuple(rules), tuple(sources))


@dataclass(frozen=True, slots=True)
class Looked:
    """Through its dead letters, when it had undergone so many `changes`."""

    cause: Cause
    changes: int
    letters: int
    touched: Touched


def stale(connection: Connection, limit: int) -> list[Cause]:
    """Those that have changed since somebody looked; of these that have longest not failed first,
    so that one that fails all the time does not take the turn of another."""
    query = select(*tables.problem.c).where(_is_stale).order_by(_problem.last_at).limit(limit)
    return [cause_of_row(row) for row in connection.execute(query)]


def look(connection: Connection, cause: Cause) -> Looked | None:
    """None: it has not changed since the last time."""
    changes = connection.execute(select(_problem.changes).where(row_of(cause), _is_stale)).scalar()
    if changes is None:
        return None
    letters = connection.execute(select(func.count()).where(*left_of(cause))).scalar_one()
    newest = newest_of(cause).subquery().c
    people = connection.execute(select(func.count(newest.matches.distinct()))).scalar_one()
    names = [
        tuple(connection.execute(select(column).distinct().order_by(column)).scalars())
        for column in (newest.rule, newest.source)
    ]
    rules, sources = (found[:_MOST_NAMES] for found in names)
    touched = Touched(people, letters <= MOST_LOOKED_AT, rules, sources)
    return Looked(cause, changes, letters, touched)


def newest_of(cause: Cause) -> Select[Any]:
    columns = (_delivery.matches, _delivery.rule, _delivery.source)
    query = select(*columns).where(*left_of(cause))
    return query.order_by(_delivery.id.desc()).limit(MOST_LOOKED_AT)


def keep(connection: Connection, looked: Looked) -> bool:
    """False when it changed meanwhile: then it is looked through again. The number of its letters
    is put right, too: a process of an older version makes some without saying so."""
    query = (
        update(tables.problem)
        .where(row_of(looked.cause), _problem.changes == looked.changes)
        .values(letters=looked.letters, counted=looked.changes)
    )
    if looked.letters:
        # Without any left it goes on saying whom they met.
        found = looked.touched
        text = orjson.dumps([found.people, found.is_whole, found.rules, found.sources]).decode()
        query = query.values(touched=text)
    return connection.execute(query).rowcount == 1


def miscounted(connection: Connection) -> dict[Cause, int]:
    """Causes of which a process of an older version made dead letters, or took some away, without
    saying so; with how many there are. As many entries of the index are read as it counts."""
    query = select(*CAUSE, func.count().label("number")).where(
        IS_LEFT, _delivery.outcome != Ending.CANCELLED.value
    )
    found = {cause_of_row(row): row.number for row in connection.execute(query.group_by(*CAUSE))}
    rows = connection.execute(select(*tables.problem.c)).all()
    told = {cause_of_row(row): row.letters for row in rows}
    return {
        cause: found.get(cause, 0)
        for cause in found | told
        if found.get(cause, 0) != told.get(cause)
    }

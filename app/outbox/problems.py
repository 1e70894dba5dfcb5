"""Problems: dead letters of one cause, counted in the commit that makes them dead or takes them
away, so that no list has to count.

Two statements for each cause, and only in commits with dead letters: what goes well pays nothing.
They come last, in the order of the causes: of two processes with the same ones none waits for the
other in turns.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, select, update

from app.kit.ids import new_id
from app.model.delivery import DeliveryId, Ending
from app.model.problem import Cause, ProblemState
from app.outbox import tables
from app.outbox.acts import Act, ActId, ActKind, record
from app.outbox.causes import CAUSE, IS_LEFT, cause_of_row, row_of
from app.outbox.dialect import insert_new
from app.outbox.rows import micros, storable

BRIDGE = "the bridge"
"""Who did what nobody did."""
_ROWS_AT_ONCE = 1000
_delivery = tables.delivery.c
_problem = tables.problem.c
_OPEN, _RESOLVED = ProblemState.OPEN.value, ProblemState.RESOLVED.value


def causes(connection: Connection, ids: Sequence[DeliveryId]) -> Counter[Cause]:
    """How many of these deliveries are dead letters of which cause, and not replayed."""
    found: Counter[Cause] = Counter()
    for start in range(0, len(ids), _ROWS_AT_ONCE):
        rows = connection.execute(died(ids[start : start + _ROWS_AT_ONCE]))
        found.update({cause_of_row(row): row.number for row in rows})
    return found


def died(ids: Sequence[DeliveryId]) -> Select[Any]:
    return (
        select(*CAUSE, func.count().label("number"))
        .where(_delivery.id.in_(ids), IS_LEFT, _delivery.outcome != Ending.CANCELLED.value)
        .group_by(*CAUSE)
    )


def failed(connection: Connection, ids: Sequence[DeliveryId], at: datetime) -> None:
    """These have just become dead."""
    for cause, count in sorted(causes(connection, ids).items(), key=_in_order):
        _failed(connection, cause, count, at)


def _in_order(one: tuple[Cause, int]) -> str:
    return one[0].key


def _failed(connection: Connection, cause: Cause, count: int, at: datetime) -> None:
    if _add(connection, cause, count, at, _problem.state != _RESOLVED):
        return
    if _begin(connection, cause, count, at):
        return
    opened = {"state": _OPEN, "opened_at": micros(at), "changed_at": micros(at), "who": None}
    if _add(connection, cause, count, at, _problem.state == _RESOLVED, **opened):
        _record(connection, ActKind.REOPEN, cause, at, "it failed again")
        return
    # Somebody reopened it just now.
    _add(connection, cause, count, at)


def _add(
    connection: Connection,
    cause: Cause,
    count: int,
    at: datetime,
    *conditions: ColumnElement[bool],
    **more: object,
) -> bool:
    now = micros(at)
    done = connection.execute(
        update(tables.problem)
        .where(row_of(cause), *conditions)
        .values(
            letters=_problem.letters + count,
            changes=_problem.changes + 1,
            last_at=case((_problem.last_at < now, now), else_=_problem.last_at),
            **more,
        )
    )
    return done.rowcount == 1


def _begin(connection: Connection, cause: Cause, count: int, at: datetime) -> bool:
    now = micros(at)
    given = {
        "destination": cause.destination,
        "target": cause.target.value,
        "scenario": cause.scenario,
        "outcome": cause.outcome.value,
        "state": _OPEN,
        "letters": count,
        "changes": 1,
        "counted": 0,
        **dict.fromkeys(("first_at", "last_at", "opened_at", "changed_at"), now),
    }
    done = connection.execute(insert_new(tables.problem, connection.dialect), given)
    return bool(done.rowcount == 1)


def taken_away(connection: Connection, gone: Mapping[Cause, int], at: datetime, why: str) -> None:
    """So many dead letters of these are replayed, erased or let go. A problem without any is
    resolved."""
    for cause, count in sorted(gone.items(), key=_in_order):
        less = _problem.letters - count
        connection.execute(
            update(tables.problem)
            .where(row_of(cause))
            .values(letters=case((less < 0, 0), else_=less), changes=_problem.changes + 1)
        )
        _resolve_empty(connection, cause, at, why)


def _resolve_empty(connection: Connection, cause: Cause, at: datetime, why: str) -> None:
    done = connection.execute(
        update(tables.problem)
        .where(row_of(cause), _problem.letters == 0, _problem.state != _RESOLVED)
        .values(state=_RESOLVED, changed_at=micros(at), who=None)
    )
    if done.rowcount:
        _record(connection, ActKind.RESOLVE, cause, at, why)


def put_right(connection: Connection, counted: Mapping[Cause, int], at: datetime) -> None:
    """So many dead letters there were when somebody counted. Those of a problem that is known are
    counted once more, when nothing comes in between."""
    for cause, count in sorted(counted.items(), key=_in_order):
        if not count or not _begin(connection, cause, count, at):
            changed = update(tables.problem).where(row_of(cause))
            connection.execute(changed.values(changes=_problem.changes + 1))


def resolve_empty(connection: Connection, cause: Cause, at: datetime) -> None:
    _resolve_empty(connection, cause, at, "none is left")


def _record(connection: Connection, kind: ActKind, cause: Cause, at: datetime, why: str) -> None:
    act = Act(ActId(new_id()), at, BRIDGE, kind, {"problem": cause.key, "why": why})
    record(connection, act, 1)


_BEFORE = {
    ProblemState.OPEN: (ProblemState.ACKNOWLEDGED, ProblemState.RESOLVED),
    ProblemState.ACKNOWLEDGED: (ProblemState.OPEN,),
    ProblemState.RESOLVED: (ProblemState.OPEN, ProblemState.ACKNOWLEDGED),
}


def set_state(
    connection: Connection, cause: Cause, state: ProblemState, act: Act, note: str | None
) -> bool:
    """False when it can't be: it is in that state already, is resolved and can't be acknowledged,
    has no dead letter for which it could be opened, or there is none."""
    query = (
        update(tables.problem)
        .where(row_of(cause), _problem.state.in_([one.value for one in _BEFORE[state]]))
        .values(state=state.value, changed_at=micros(act.at), who=act.who)
    )
    if state is ProblemState.OPEN:
        query = query.where(_problem.letters > 0).values(opened_at=micros(act.at))
    if note is not None:
        query = query.values(note=storable(note))
    done = connection.execute(query)
    if done.rowcount:
        record(connection, act, 1)
    return done.rowcount == 1

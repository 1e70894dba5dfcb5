"""Settles deliveries: the attempt and what follows of it in one commit."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from app.kit.light import light
from app.model.delivery import Attempt, DeliveryId, DeliveryState, Ending
from app.model.outcome import OutcomeKind
from app.outbox import tables
from app.outbox.dialect import insert_all
from app.outbox.order import release
from app.outbox.problems import failed
from app.outbox.rows import ATTEMPT_COLUMNS, attempt_row, micros, storable
from app.outbox.writer import Write


@light
class Settlement:
    """What follows for a delivery that `lease_owner` holds. Without an `attempt` none is
    counted. `failures` and `failing_since` are new values; `flow` is that of its next request,
    of up to `batch_size`; `order_key` is whose next may go when this one is done."""

    delivery_id: DeliveryId
    lease_owner: str
    attempt: Attempt | None
    state: DeliveryState
    match_index: int
    next_attempt_at: datetime
    outcome: OutcomeKind | Ending | None
    reason: str | None
    finished_at: datetime | None
    flow: str
    failures: int = 0
    failing_since: datetime | None = None
    batch_size: int = 1
    order_key: str | None = None


_table = tables.delivery
_NAMES = (
    "new_state",
    "new_match_index",
    "made",
    "due",
    "new_outcome",
    "new_reason",
    "finished",
    "new_flow",
    "new_failures",
    "new_failing_since",
    "new_batch_size",
)
_change = update(_table).values(
    state=bindparam("new_state"),
    match_index=bindparam("new_match_index"),
    attempts=_table.c.attempts + bindparam("made"),
    next_attempt_at=bindparam("due"),
    outcome=bindparam("new_outcome"),
    reason=bindparam("new_reason"),
    finished_at=bindparam("finished"),
    flow=bindparam("new_flow"),
    failures=bindparam("new_failures"),
    failing_since=bindparam("new_failing_since"),
    batch_size=bindparam("new_batch_size"),
    lease_owner=None,
    lease_until=None,
)
_settle = _change.where(_table.c.id == bindparam("delivery_id"))
_settle_alike = _change.where(_table.c.id.in_(bindparam("ids", expanding=True)))
_HELD = (
    select(_table.c.id, _table.c.lease_owner)
    .where(
        _table.c.id.in_(bindparam("ids", expanding=True)),
        _table.c.state == DeliveryState.IN_FLIGHT.value,
    )
    # In the same order everywhere: of two that want the same ones none waits for the other.
    .order_by(_table.c.id)
    .with_for_update()
)
# Engines take some thousands of values in a statement.
_ROWS_AT_ONCE = 1000
_FINAL = (DeliveryState.DONE, DeliveryState.DEAD)


def _perform(connection: Connection, units: Sequence[Sequence[Settlement]]) -> list[Sequence[bool]]:
    held = _held(connection, [one for unit in units for one in unit])
    kept: list[Settlement] = []
    results: list[Sequence[bool]] = [_sorted_out(unit, held, kept) for unit in units]
    _write(connection, kept)
    attempts = [attempt_row(s.attempt) for s in kept if s.attempt]
    insert_all(connection, tables.attempt, ATTEMPT_COLUMNS, attempts)
    _release(connection, kept)
    if dead := [one for one in kept if one.state is DeliveryState.DEAD]:
        at = max(one.finished_at or one.next_attempt_at for one in dead)
        failed(connection, [one.delivery_id for one in dead], at)
    return results


def _sorted_out(
    unit: Sequence[Settlement], held: dict[str, str | None], kept: list[Settlement]
) -> list[bool]:
    results = []
    for settlement in unit:
        # Popped: of two settlements of one delivery in one commit only the first is true.
        is_ours = held.pop(settlement.delivery_id, None) == settlement.lease_owner
        results.append(is_ours)
        if is_ours:
            kept.append(settlement)
    return results


def _write(connection: Connection, kept: Sequence[Settlement]) -> None:
    """Those with the same new values, as most of a batch, by one statement."""
    alike: dict[tuple[object, ...], list[str]] = {}
    for settlement in kept:
        alike.setdefault(_values(settlement), []).append(settlement.delivery_id)
    apart = []
    for values, ids in alike.items():
        given = dict(zip(_NAMES, values, strict=True))
        if len(ids) == 1:
            apart.append({**given, "delivery_id": ids[0]})
            continue
        for start in range(0, len(ids), _ROWS_AT_ONCE):
            connection.execute(_settle_alike, {**given, "ids": ids[start : start + _ROWS_AT_ONCE]})
    if apart:
        connection.execute(_settle, apart)


def _release(connection: Connection, kept: Sequence[Settlement]) -> None:
    for one in kept:
        if one.order_key is not None and one.state in _FINAL:
            release(connection, [one.order_key], one.finished_at or one.next_attempt_at)


def _held(connection: Connection, settlements: Sequence[Settlement]) -> dict[str, str | None]:
    """Who holds each delivery; locked, so that it stays true until the commit."""
    ids = [settlement.delivery_id for settlement in settlements]
    held: dict[str, str | None] = {}
    for start in range(0, len(ids), _ROWS_AT_ONCE):
        found = connection.execute(_HELD, {"ids": ids[start : start + _ROWS_AT_ONCE]})
        held |= {row.id: row.lease_owner for row in found.all()}
    return held


def _values(settlement: Settlement) -> tuple[object, ...]:
    """In the order of `_NAMES`."""
    finished, failing = settlement.finished_at, settlement.failing_since
    return (
        settlement.state.value,
        settlement.match_index,
        1 if settlement.attempt else 0,
        micros(settlement.next_attempt_at),
        settlement.outcome.value if settlement.outcome else None,
        storable(settlement.reason) if settlement.reason else None,
        micros(finished) if finished else None,
        settlement.flow,
        settlement.failures,
        micros(failing) if failing else None,
        settlement.batch_size,
    )


SETTLE: Write[Sequence[Settlement], Sequence[bool]] = Write("settle", _perform)

"""Settles deliveries: the attempt and what follows of it in one commit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from app.model.delivery import Attempt, DeliveryId, DeliveryState
from app.model.outcome import OutcomeKind
from app.outbox import tables
from app.outbox.engine import insert_all
from app.outbox.rows import ATTEMPT_COLUMNS, Values, attempt_row, micros
from app.outbox.writer import Write


@dataclass(frozen=True, slots=True)
class Settlement:
    """What follows for a delivery that `lease_owner` holds. Without an `attempt` none is
    counted."""

    delivery_id: DeliveryId
    lease_owner: str
    attempt: Attempt | None
    state: DeliveryState
    match_index: int
    next_attempt_at: datetime
    outcome: OutcomeKind | None
    reason: str | None
    finished_at: datetime | None


_table = tables.delivery
_settle = (
    update(_table)
    .where(_table.c.id == bindparam("delivery_id"))
    .values(
        state=bindparam("new_state"),
        match_index=bindparam("new_match_index"),
        attempts=_table.c.attempts + bindparam("made"),
        next_attempt_at=bindparam("due"),
        outcome=bindparam("new_outcome"),
        reason=bindparam("new_reason"),
        finished_at=bindparam("finished"),
        lease_owner=None,
        lease_until=None,
    )
)


def _perform(connection: Connection, settlements: Sequence[Settlement]) -> list[bool]:
    held = _held(connection, settlements)
    results: list[bool] = []
    kept: list[Settlement] = []
    for settlement in settlements:
        # Popped: of two settlements of one delivery in one commit only the first is true.
        is_ours = held.pop(settlement.delivery_id, None) == settlement.lease_owner
        results.append(is_ours)
        if is_ours:
            kept.append(settlement)
    if kept:
        connection.execute(_settle, [_values(settlement) for settlement in kept])
    attempts = [attempt_row(s.attempt) for s in kept if s.attempt]
    if attempts:
        insert_all(connection, tables.attempt, ATTEMPT_COLUMNS, attempts)
    return results


def _held(connection: Connection, settlements: Sequence[Settlement]) -> dict[str, str | None]:
    """Who holds each delivery; locked, so that it stays true until the commit."""
    ids = [settlement.delivery_id for settlement in settlements]
    found = connection.execute(
        select(_table.c.id, _table.c.lease_owner)
        .where(_table.c.id.in_(ids), _table.c.state == DeliveryState.IN_FLIGHT.value)
        .with_for_update()
    )
    return {row.id: row.lease_owner for row in found}


def _values(settlement: Settlement) -> Values:
    finished = settlement.finished_at
    return {
        "delivery_id": settlement.delivery_id,
        "new_state": settlement.state.value,
        "new_match_index": settlement.match_index,
        "made": 1 if settlement.attempt else 0,
        "due": micros(settlement.next_attempt_at),
        "new_outcome": settlement.outcome.value if settlement.outcome else None,
        "new_reason": settlement.reason,
        "finished": micros(finished) if finished else None,
    }


SETTLE: Write[Settlement, bool] = Write("settle", _perform)

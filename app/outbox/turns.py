"""The flows of a destination that have something waiting."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Select, bindparam, func, literal, select

from app.model.delivery import DeliveryState
from app.outbox import tables

_table = tables.delivery.c
_pending = _table.state == literal(DeliveryState.PENDING.value, literal_execute=True)


@dataclass(frozen=True, slots=True)
class Flow:
    """`due_at`: when the first of it is due, microseconds since 1970."""

    name: str
    due_at: int


def _flows_query() -> Select[tuple[str, int]]:
    """From one flow to the next by the index, however many deliveries are in each: a DISTINCT
    would read them all."""
    of_destination = (_pending, _table.destination == bindparam("destination"))
    first = select(func.min(_table.flow).label("name")).where(*of_destination)
    flow = first.cte("flow", recursive=True)
    following = (
        select(func.min(_table.flow)).where(*of_destination, _table.flow > flow.c.name)
    ).scalar_subquery()
    flow = flow.union_all(select(following).where(flow.c.name.is_not(None)))
    due_at = (
        select(func.min(_table.next_attempt_at)).where(*of_destination, _table.flow == flow.c.name)
    ).scalar_subquery()
    return select(flow.c.name, due_at.label("due_at")).where(flow.c.name.is_not(None))


# Made once: to put it together costs as much as to run it.
FLOWS = _flows_query()


def waiting_flows(connection: Connection, destination: str) -> Sequence[Flow]:
    rows = connection.execute(FLOWS, {"destination": destination})
    return [Flow(row.name, row.due_at) for row in rows]

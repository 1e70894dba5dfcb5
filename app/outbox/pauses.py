"""What operators told to wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, delete, literal, select, update

from app.model.delivery import Delivery, DeliveryState
from app.model.flow import source_of
from app.model.start import Target
from app.outbox import tables
from app.outbox.rows import instant, micros

_delivery = tables.delivery.c
_pause = tables.pause.c
_STEP = 1000
_PAUSES = select(*tables.pause.c).order_by(_pause.since)
_PAUSES_HELD = _PAUSES.with_for_update(read=True)


class PauseKind(StrEnum):
    SOURCE = "source"
    RULE = "rule"
    SCENARIO = "scenario"
    TRIGGER = "trigger"
    DESTINATION = "destination"


@dataclass(frozen=True, slots=True)
class Pause:
    """`name` is that of a source, rule or destination, or a number of a scenario or trigger
    mailing. `who` told it."""

    kind: PauseKind
    name: str
    since: datetime
    who: str
    reason: str | None = None


class Paused:
    """The pauses in force, asked by what they hold up."""

    def __init__(self, pauses: Sequence[Pause]) -> None:
        self._all = {(pause.kind, pause.name) for pause in pauses}

    def destination(self, name: str) -> bool:
        return (PauseKind.DESTINATION, name) in self._all

    def flow(self, name: str) -> bool:
        return (PauseKind.SOURCE, source_of(name)) in self._all

    def delivery(self, delivery: Delivery) -> str | None:
        """What holds it up, in words; None: nothing."""
        if not self._all:
            return None
        start = delivery.start
        numbered = PauseKind.TRIGGER if start.target is Target.TRIGGER else PauseKind.SCENARIO
        for kind, name in ((PauseKind.RULE, start.rule), (numbered, str(start.scenario))):
            if (kind, name) in self._all:
                return f"{kind} {name} is paused"
        return None


def pauses(connection: Connection, *, held: bool = False) -> list[Pause]:
    """With `held` they stay until the end of the transaction: what is put away for one of them is
    so before its end lets all go."""
    rows = connection.execute(_PAUSES_HELD if held else _PAUSES)
    return [
        Pause(PauseKind(row.kind), row.name, instant(row.since), row.who, row.reason)
        for row in rows
    ]


def begin(connection: Connection, pause: Pause) -> bool:
    """False when it is paused already."""
    known = (_pause.kind == pause.kind.value, _pause.name == pause.name)
    if connection.execute(select(_pause.name).where(*known)).first():
        return False
    values = {"kind": pause.kind.value, "name": pause.name, "since": micros(pause.since)}
    connection.execute(tables.pause.insert().values(**values, who=pause.who, reason=pause.reason))
    return True


def end(connection: Connection, kind: PauseKind, name: str) -> bool:
    """False when it is not paused. What it held up is let go by `let_go`."""
    done = connection.execute(
        delete(tables.pause).where(_pause.kind == kind.value, _pause.name == name)
    )
    return done.rowcount == 1


def let_go(connection: Connection) -> int:
    """A step of giving back what no pause holds up any more: how many it was, 0 at the end."""
    paused = literal(DeliveryState.PAUSED.value, literal_execute=True)
    held = [condition for pause in pauses(connection) if (condition := _held_by(pause)) is not None]
    free = select(_delivery.id).where(_delivery.state == paused, *(~one for one in held))
    chosen = free.order_by(_delivery.id).limit(_STEP).with_for_update(skip_locked=True)
    done = connection.execute(
        update(tables.delivery)
        .where(_delivery.id.in_(chosen.scalar_subquery()))
        .values(state=DeliveryState.PENDING.value, reason=None)
    )
    return done.rowcount


def _held_by(pause: Pause) -> ColumnElement[bool] | None:
    match pause.kind:
        case PauseKind.RULE:
            return _delivery.rule == pause.name
        case PauseKind.SCENARIO | PauseKind.TRIGGER if pause.name.isdecimal():
            target = Target(pause.kind.value).value
            return (_delivery.target == target) & (_delivery.scenario == int(pause.name))
        case _:
            return None

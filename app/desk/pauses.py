"""Tells a source, rule, scenario, trigger mailing or destination to wait, and lets it go on."""

from pydantic import BaseModel, Field

from app.desk.asked import Asked, Text
from app.desk.desk import Desk
from app.desk.refusals import Conflict, Invalid
from app.model.operator import Operator
from app.outbox import ActKind, Pause, PauseKind

_STEPS = 10
_NUMBERED = (PauseKind.SCENARIO, PauseKind.TRIGGER)


class PauseAsked(Asked):
    kind: PauseKind
    name: str = Field(max_length=200, description="of a scenario or trigger mailing its number")
    reason: Text = Field(None, description="shown to whoever wonders")


class Resumed(BaseModel):
    """`is_over`: all that waited goes on; if not, ask again."""

    was_paused: bool
    is_over: bool


async def pause_of(desk: Desk, kind: PauseKind, name: str) -> Pause | None:
    """None: it is not paused."""
    found = await desk.outbox.pauses()
    return next((one for one in found if (one.kind, one.name) == (kind, name)), None)


async def pause(desk: Desk, operator: Operator, asked: PauseAsked) -> Pause:
    """Calls are still taken; what expires meanwhile does not start. Raises Invalid, Conflict."""
    if asked.kind in _NUMBERED and not asked.name.isdecimal():
        raise Invalid(f"name: expected the number of the {asked.kind}, such as 3")
    act = desk.act(ActKind.PAUSE, operator, {"kind": asked.kind.value, "name": asked.name})
    wanted = Pause(asked.kind, asked.name, act.at, act.who, asked.reason)
    if not await desk.outbox.pause(wanted, act):
        raise Conflict(f"{asked.kind} {asked.name} is paused already")
    return wanted


async def resume(desk: Desk, operator: Operator, kind: PauseKind, name: str) -> Resumed:
    """It goes on, with what waited: a bounded number a request."""
    act = desk.act(ActKind.RESUME, operator, {"kind": kind.value, "name": name})
    was_paused = await desk.outbox.end_pause(kind, name, act)
    for _ in range(_STEPS):
        if not await desk.outbox.let_go():
            return Resumed(was_paused=was_paused, is_over=True)
    return Resumed(was_paused=was_paused, is_over=False)

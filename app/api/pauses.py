"""`/pauses`: what operators told to wait."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.api.access import Acting, Whoever, refusals
from app.desk.asked import Asked, Text
from app.desk.desk import Desk
from app.desk.refusals import Conflict, Invalid
from app.outbox import ActKind, Pause, PauseKind

_STEPS = 10
_NUMBERED = (PauseKind.SCENARIO, PauseKind.TRIGGER)


class PauseAsked(Asked):
    kind: PauseKind
    name: str = Field(max_length=200, description="of a scenario or trigger mailing its number")
    reason: Text = Field(None, description="shown to whoever wonders")


class PauseShown(BaseModel):
    kind: PauseKind
    name: str
    since: datetime
    who: str
    reason: str | None


class Pauses(BaseModel):
    items: list[PauseShown]


class Resumed(BaseModel):
    """`is_over`: all that waited goes on; if not, ask again."""

    was_paused: bool
    is_over: bool


def pause_routes(desk: Desk) -> APIRouter:
    routes = APIRouter(prefix="/pauses", tags=["pauses"])

    @routes.get("", responses=refusals())
    async def list_pauses(_: Whoever) -> Pauses:
        """The oldest first. What a destination itself does not take is at `/destinations`."""
        return Pauses(items=[_shown(one) for one in await desk.outbox.pauses()])

    @routes.post("", status_code=201, responses=refusals("forbidden", "conflict", "invalid"))
    async def pause(operator: Acting, asked: PauseAsked) -> PauseShown:
        """Let it wait. Calls are still taken; what expires meanwhile does not start."""
        if asked.kind in _NUMBERED and not asked.name.isdecimal():
            raise Invalid(f"name: expected the number of the {asked.kind}, such as 3")
        act = desk.act(ActKind.PAUSE, operator, {"kind": asked.kind.value, "name": asked.name})
        wanted = Pause(asked.kind, asked.name, act.at, act.who, asked.reason)
        if not await desk.outbox.pause(wanted, act):
            raise Conflict(f"{asked.kind} {asked.name} is paused already")
        return _shown(wanted)

    @routes.delete("/{kind}/{name:path}", responses=refusals("forbidden", "invalid"))
    async def resume(operator: Acting, kind: PauseKind, name: str) -> Resumed:
        """Let it go on, with what waited: a bounded number a request."""
        act = desk.act(ActKind.RESUME, operator, {"kind": kind.value, "name": name})
        was_paused = await desk.outbox.end_pause(kind, name, act)
        for _ in range(_STEPS):
            if not await desk.outbox.let_go():
                return Resumed(was_paused=was_paused, is_over=True)
        return Resumed(was_paused=was_paused, is_over=False)

    return routes


def _shown(pause: Pause) -> PauseShown:
    return PauseShown(
        kind=pause.kind, name=pause.name, since=pause.since, who=pause.who, reason=pause.reason
    )

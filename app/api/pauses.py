"""`/pauses`: what operators told to wait."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from app.api.access import Acting, Whoever, refusals
from app.desk import pauses
from app.desk.desk import Desk
from app.desk.pauses import PauseAsked, Resumed
from app.outbox import Pause, PauseKind


class PauseShown(BaseModel):
    kind: PauseKind
    name: str
    since: datetime
    who: str
    reason: str | None


class Pauses(BaseModel):
    items: list[PauseShown]


def pause_routes(desk: Desk) -> APIRouter:
    routes = APIRouter(prefix="/pauses", tags=["pauses"])

    @routes.get("", responses=refusals())
    async def list_pauses(_: Whoever) -> Pauses:
        """The oldest first. What a destination itself does not take is at `/destinations`."""
        return Pauses(items=[_shown(one) for one in await desk.outbox.pauses()])

    @routes.post("", status_code=201, responses=refusals("forbidden", "conflict", "invalid"))
    async def pause(operator: Acting, asked: PauseAsked) -> PauseShown:
        """Let it wait. Calls are still taken; what expires meanwhile does not start."""
        return _shown(await pauses.pause(desk, operator, asked))

    @routes.delete("/{kind}/{name:path}", responses=refusals("forbidden", "invalid"))
    async def resume(operator: Acting, kind: PauseKind, name: str) -> Resumed:
        """Let it go on, with what waited: a bounded number a request."""
        return await pauses.resume(desk, operator, kind, name)

    return routes


def _shown(pause: Pause) -> PauseShown:
    return PauseShown(
        kind=pause.kind, name=pause.name, since=pause.since, who=pause.who, reason=pause.reason
    )

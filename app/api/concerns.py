"""`/concerns`: what needs a person now."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.api.access import Whoever, refusals
from app.concerns import concerns
from app.desk.desk import Desk
from app.model.concern import Advice, Concern, ConcernKind, Severity


class ConcernShown(BaseModel):
    kind: ConcernKind
    cause: str = Field(description="names it among those of its kind; of a problem its id")
    severity: Severity
    since: datetime
    advice: Advice = Field(description="what to do, by a key that stays")
    where: str = Field(description="the request that shows more")
    about: dict[str, str | int]
    is_quiet: bool = Field(description="somebody acknowledged it")


class Concerns(BaseModel):
    items: list[ConcernShown]


def concern_routes(desk: Desk) -> APIRouter:
    routes = APIRouter(prefix="/concerns", tags=["problems"])

    @routes.get("", responses=refusals())
    async def list_concerns(_: Whoever) -> Concerns:
        """What needs a person now: what is critical first, then what began first. The notices tell
        the same. That the configuration was refused is known to the process that answers."""
        found = await concerns(desk.outbox, desk.current, desk.clock)
        return Concerns(items=[_shown(one) for one in found])

    return routes


def _shown(concern: Concern) -> ConcernShown:
    return ConcernShown(
        kind=concern.kind,
        cause=concern.cause,
        severity=concern.severity,
        since=concern.since,
        advice=concern.advice,
        where=concern.where,
        about=dict(concern.about),
        is_quiet=concern.is_quiet,
    )

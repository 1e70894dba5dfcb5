"""`/acts`: what operators did."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, cast

from fastapi import APIRouter, Query
from pydantic import BaseModel, JsonValue

from app.api.access import Whoever, refusals
from app.desk.asked import Page, Paged, cut
from app.desk.desk import Desk
from app.outbox import Act, ActId, ActKind


class ActShown(BaseModel):
    """`subject` is what was asked for, and names no person; `count` how many it touched."""

    id: str
    at: datetime
    who: str
    kind: ActKind
    subject: dict[str, JsonValue]
    count: int


def act_routes(desk: Desk) -> APIRouter:
    routes = APIRouter(prefix="/acts", tags=["acts"])

    @routes.get("", responses=refusals("invalid"))
    async def list_acts(_: Whoever, asked: Annotated[Paged, Query()]) -> Page[ActShown]:
        """The newest first."""
        last = ActId(asked.before) if asked.before else None
        found = await desk.outbox.acts(before=last, limit=asked.limit + 1)
        items, following = cut(found, asked.limit)
        return Page(items=[_shown(one) for one in items], next=following)

    return routes


def _shown(act: Act) -> ActShown:
    subject = cast("Mapping[str, JsonValue]", act.subject)
    return ActShown(
        id=act.id, at=act.at, who=act.who, kind=act.kind, subject=dict(subject), count=act.count
    )

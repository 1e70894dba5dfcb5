"""`/events`: calls as they came in."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from app.api.access import Whoever, refusals
from app.desk.asked import EventPage, Page
from app.desk.bodies import Body, shown_body
from app.desk.desk import Desk
from app.desk.refusals import NotFound
from app.model.event import Event, EventId, EventStatus
from app.shown.masking import masked


class EventShort(BaseModel):
    id: str
    source: str
    received_at: datetime
    method: str
    path: str
    content_type: str
    status: EventStatus
    reason: str | None = Field(description="why it started nothing, or not all as configured")
    is_erased: bool


class EventWhole(EventShort):
    """Headers, query and body are masked for a viewer."""

    headers: dict[str, str]
    query: str
    body: Body


def event_routes(desk: Desk) -> APIRouter:
    routes = APIRouter(prefix="/events", tags=["events"])

    @routes.get("", responses=refusals("invalid"))
    async def list_events(_: Whoever, asked: Annotated[EventPage, Query()]) -> Page[EventShort]:
        """The newest first."""
        last = EventId(asked.before) if asked.before else None
        wanted = replace(asked.filter(desk), before=last)
        found = await desk.outbox.look_at_events(wanted, limit=asked.limit)
        items = [EventShort(**_short(one)) for one in found.items]
        return Page(items=items, next=found.following)

    @routes.get("/{event_id}", responses=refusals("not_found"))
    async def show_event(operator: Whoever, event_id: str) -> EventWhole:
        """One call, whole. Its deliveries are at `/deliveries?event=`."""
        event = await desk.outbox.event(EventId(event_id))
        if event is None:
            raise NotFound("there is no such event")
        source = desk.revision.sources.get(event.source)
        reveal = operator.may_act
        return EventWhole(
            **_short(event),
            headers=dict(event.headers) if reveal else dict.fromkeys(event.headers, "***"),
            query=event.query if reveal else str(masked(event.query)),
            body=shown_body(event, source, reveal=reveal),
        )

    return routes


def _short(event: Event) -> dict[str, object]:
    return {
        "id": event.id,
        "source": event.source,
        "received_at": event.received_at,
        "method": event.method,
        "path": event.path,
        "content_type": event.content_type,
        "status": event.status,
        "reason": event.reason,
        "is_erased": event.is_erased,
    }

"""Replays of calls: held against today's rules, a bounded number a request (see `replays`)."""

from dataclasses import replace

from fastapi import APIRouter
from pydantic import Field

from app import lookup
from app.api.access import Acting, Desk, Invalid, NotFound, refusals
from app.api.asked import EventsAsked, Text
from app.api.replays import NEXT, Replayed, going_on, replayed_of
from app.model.event import EventId
from app.outbox import ActKind, EventFilter
from app.replay import Plan, Replay


class EventReplay(EventsAsked):
    """Rules that hold today and have no delivery of the event start it."""

    rate: Text = Field(None, description="how fast they become due: 10/s, 600/m")
    limit: int = Field(500, ge=1, le=2000, description="how many to look at in this request")
    next: Text = Field(None, description=NEXT)
    dry_run: bool = Field(False, description="only count")


def event_replay_routes(desk: Desk) -> APIRouter:
    routes = APIRouter(tags=["replay"])

    @routes.post("/events/replay", responses=refusals("forbidden", "invalid"))
    async def replay_events(operator: Acting, asked: EventReplay) -> Replayed:
        """Hold stored calls against today's rules, a bounded number a request."""
        wanted = asked.filter(desk)
        if wanted == EventFilter():
            raise Invalid("say which by source, status, since, until or a person")
        act = desk.act(ActKind.REPLAY, operator, {"source": asked.source or "any"})
        plan = Plan(act, desk.revision, lookup.per_second("rate", asked.rate), asked.limit)
        plan = replace(plan, is_dry_run=asked.dry_run)
        plan = await going_on(desk, operator, plan, asked.next)
        report = await Replay(desk.outbox, plan, desk.clock).events(wanted)
        if not asked.dry_run:
            return replayed_of(plan.act, report)
        return Replayed(act=None, count=len(report.added), deliveries=[], left=dict(report.left))

    @routes.post("/events/{event_id}/replay", responses=refusals("forbidden", "not_found"))
    async def replay_event(operator: Acting, event_id: str) -> Replayed:
        """Hold one stored call against today's rules."""
        if await desk.outbox.event(EventId(event_id)) is None:
            raise NotFound("there is no such event")
        act = desk.act(ActKind.REPLAY, operator, {"events": [event_id]})
        replay = Replay(desk.outbox, Plan(act, desk.revision), desk.clock)
        return replayed_of(act, await replay.these_events([EventId(event_id)]))

    return routes

"""`/events/replay`: calls held against today's rules."""

from fastapi import APIRouter

from app.api.access import Acting, refusals
from app.desk.desk import Desk
from app.desk.event_replays import EventReplay, replay_event, replay_events
from app.desk.replays import Replayed


def event_replay_routes(desk: Desk) -> APIRouter:
    routes = APIRouter(tags=["replay"])

    @routes.post("/events/replay", name="replay_events", responses=refusals("forbidden", "invalid"))
    async def many(operator: Acting, asked: EventReplay) -> Replayed:
        """Hold stored calls against today's rules, a bounded number a request."""
        return await replay_events(desk, operator, asked)

    @routes.post(
        "/events/{event_id}/replay",
        name="replay_event",
        responses=refusals("forbidden", "not_found"),
    )
    async def one(operator: Acting, event_id: str) -> Replayed:
        """Hold one stored call against today's rules."""
        return await replay_event(desk, operator, event_id)

    return routes

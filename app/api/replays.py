"""`/deliveries/replay`: of one, or of all that a filter finds."""

from fastapi import APIRouter

from app.api.access import Acting, refusals
from app.desk.desk import Desk
from app.desk.replays import (
    Counted,
    DeliveryReplay,
    OneReplay,
    Replayed,
    replay_deliveries,
    replay_delivery,
)


def replay_routes(desk: Desk) -> APIRouter:
    routes = APIRouter(tags=["replay"])

    @routes.post(
        "/deliveries/replay",
        name="replay_deliveries",
        responses=refusals("forbidden", "invalid"),
    )
    async def many(operator: Acting, asked: DeliveryReplay) -> Replayed | Counted:
        """Send finished deliveries again, each as a new one, a bounded number a request."""
        return await replay_deliveries(desk, operator, asked)

    @routes.post(
        "/deliveries/{delivery_id}/replay",
        name="replay_delivery",
        responses=refusals("forbidden", "not_found", "conflict", "invalid"),
    )
    async def one(operator: Acting, delivery_id: str, asked: OneReplay) -> Replayed:
        """Send one again, as a new delivery."""
        return await replay_delivery(desk, operator, delivery_id, asked)

    return routes

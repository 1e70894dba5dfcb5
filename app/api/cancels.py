"""`/deliveries/cancel`: of one that waits, or of all that a filter finds."""

from fastapi import APIRouter

from app.api.access import Acting, refusals
from app.desk.cancels import Cancelled, DeliveryCancel, cancel_deliveries, cancel_delivery
from app.desk.desk import Desk
from app.desk.replays import Counted


def cancel_routes(desk: Desk) -> APIRouter:
    routes = APIRouter(prefix="/deliveries", tags=["cancel"])

    @routes.post("/cancel", name="cancel_deliveries", responses=refusals("forbidden", "invalid"))
    async def many(operator: Acting, asked: DeliveryCancel) -> Cancelled | Counted:
        """Make dead letters of what waits. What is under way or done stays as it is."""
        return await cancel_deliveries(desk, operator, asked)

    @routes.post(
        "/{delivery_id}/cancel",
        name="cancel_delivery",
        responses=refusals("forbidden", "not_found", "conflict"),
    )
    async def one(operator: Acting, delivery_id: str) -> Cancelled:
        """Make a dead letter of one that waits."""
        return await cancel_delivery(desk, operator, delivery_id)

    return routes

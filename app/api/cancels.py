"""Cancels deliveries that wait: one, or all that a filter finds, a bounded number a request."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app import lookup
from app.api.access import Acting, Conflict, Desk, NotFound, refusals
from app.api.asked import SomeDeliveries, Text
from app.api.replays import Counted, counted, known_act
from app.model.delivery import DeliveryId, DeliveryState
from app.outbox import ActKind

_WAITING = (DeliveryState.PENDING, DeliveryState.PAUSED)
_STEPS = 4


class DeliveryCancel(SomeDeliveries):
    next: Text = Field(None, description="`next` of the reply before, with the same filter")
    dry_run: bool = Field(False, description="only count")


class Cancelled(BaseModel):
    """`next`: there may be more; ask again with it."""

    act: str
    count: int
    next: str | None = None


def cancel_routes(desk: Desk) -> APIRouter:
    routes = APIRouter(prefix="/deliveries", tags=["cancel"])

    @routes.post("/cancel", responses=refusals("forbidden", "invalid"))
    async def cancel_deliveries(operator: Acting, asked: DeliveryCancel) -> Cancelled | Counted:
        """Make dead letters of what waits. What is under way or done stays as it is."""
        wanted = asked.chosen(desk)
        if asked.dry_run:
            return counted(await desk.outbox.counts(wanted), _WAITING)
        if asked.next is not None:
            act = await known_act(desk, operator, asked.next, ActKind.CANCEL)
        else:
            act = lookup.told(desk.act(ActKind.CANCEL, operator, {}), wanted)
        count = 0
        for _ in range(_STEPS):
            step = await desk.outbox.cancel_some(wanted, act)
            count += step
            if not step:
                return Cancelled(act=act.id, count=count)
        return Cancelled(act=act.id, count=count, next=act.id)

    @routes.post("/{delivery_id}/cancel", responses=refusals("forbidden", "not_found", "conflict"))
    async def cancel_delivery(operator: Acting, delivery_id: str) -> Cancelled:
        """Make a dead letter of one that waits."""
        delivery = await desk.outbox.delivery(DeliveryId(delivery_id))
        if delivery is None:
            raise NotFound("there is no such delivery")
        if delivery.state not in _WAITING:
            raise Conflict(f"it does not wait: it is {delivery.state.value}")
        wanted = lookup.only([delivery_id])
        act = lookup.told(desk.act(ActKind.CANCEL, operator, {}), wanted)
        if not await desk.outbox.cancel_some(wanted, act):
            raise Conflict("it does not wait any more")
        return Cancelled(act=act.id, count=1)

    return routes

"""`/deliveries`: scenario starts on their way, and each as a story to its end."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.console.history.sought import PAGE, DeliveriesSought, options, turned
from app.console.history.story import stories
from app.console.history.tones import SAID
from app.console.house import House
from app.console.visitors import Visiting
from app.desk.desk import Desk
from app.desk.refusals import NotFound
from app.lookup import NotUnderstood
from app.model.delivery import Delivery, DeliveryId, DeliveryState, Ending
from app.model.outcome import OutcomeKind
from app.outbox import Act, ActId, Look
from app.shown.masking import without

FINAL = (None, DeliveryState.DONE, DeliveryState.DEAD)
WAITING = (None, DeliveryState.PENDING, DeliveryState.PAUSED)


def delivery_routes(house: House) -> APIRouter:
    routes = APIRouter()
    desk, page = house.desk, house.pages.page

    @routes.get("/deliveries")
    async def list_deliveries(
        request: Request, visitor: Visiting, sought: Annotated[DeliveriesSought, Query()]
    ) -> Response:
        found: Look[Delivery] = Look((), None)
        wrong = None
        try:
            found = await _look(desk, sought)
        except NotUnderstood as error:
            wrong = str(error)
        return page(
            request,
            "history/deliveries",
            422 if wrong else 200,
            items=[one if visitor.may_act else _masked(one) for one in found.items],
            found=found,
            wrong=wrong,
            words=sought.words,
            to=turned("/deliveries", sought.words),
            is_first=sought.before is None,
            act=await _act(desk, sought.act),
            may_replay=bool(sought.words) and sought.state in FINAL,
            may_cancel=bool(sought.words) and sought.state in WAITING,
            sources=options(desk.revision.sources, sought.source),
            rules=options((rule.name for rule in desk.revision.rules.all), sought.rule),
            destinations=options(desk.revision.platforms, sought.destination),
            outcomes=[*OutcomeKind, *Ending],
            **SAID,
        )

    @routes.get("/deliveries/{delivery_id}")
    async def show_delivery(
        request: Request, visitor: Visiting, delivery_id: str, act: str | None = None
    ) -> Response:
        delivery = await desk.outbox.delivery(DeliveryId(delivery_id))
        if delivery is None:
            raise NotFound("there is no such delivery")
        [story] = await stories(desk, [delivery], reveal=visitor.may_act)
        return page(
            request,
            "history/delivery",
            story=story,
            event=await desk.outbox.event(delivery.event_id),
            act=await _act(desk, act),
            **SAID,
        )

    return routes


async def _look(desk: Desk, sought: DeliveriesSought) -> Look[Delivery]:
    """Raises NotUnderstood."""
    last = DeliveryId(sought.before) if sought.before else None
    wanted = replace(sought.asked().filter(desk), before=last)
    return await desk.outbox.look_at_deliveries(wanted, limit=PAGE)


async def _act(desk: Desk, act_id: str | None) -> Act | None:
    return await desk.outbox.act(ActId(act_id)) if act_id else None


def _masked(delivery: Delivery) -> Delivery:
    """Its reason may repeat words of Altcraft's that name the person."""
    return replace(delivery, reason=without(delivery.reason, delivery.start.matches))

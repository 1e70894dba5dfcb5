"""What operators do to one delivery: each is asked for first, on a page of its own."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from app.console.history.story import Story, stories
from app.console.house import House
from app.console.pages import address
from app.console.visitors import ActingVisitor
from app.desk.cancels import cancel_delivery
from app.desk.refusals import NotFound
from app.desk.replays import OneReplay, Rules, replay_delivery
from app.model.delivery import DeliveryId


def delivery_act_routes(house: House) -> APIRouter:
    routes = APIRouter(prefix="/deliveries/{delivery_id}")
    desk, page = house.desk, house.pages.page

    @routes.get("/replay")
    async def ask_replay(request: Request, _: ActingVisitor, delivery_id: str) -> Response:
        return page(request, "history/replay_delivery", story=await _story(delivery_id))

    @routes.post("/replay")
    async def replay(
        visitor: ActingVisitor,
        delivery_id: str,
        rules: Annotated[Rules, Form()] = Rules.STORED,
        again: Annotated[bool, Form()] = False,
    ) -> Response:
        asked = OneReplay(rules=rules, again=again)
        done = await replay_delivery(desk, visitor.operator, delivery_id, asked)
        return RedirectResponse(address(f"/deliveries/{done.deliveries[0]}", act=done.act), 303)

    @routes.get("/cancel")
    async def ask_cancel(request: Request, _: ActingVisitor, delivery_id: str) -> Response:
        return page(request, "history/cancel_delivery", story=await _story(delivery_id))

    @routes.post("/cancel")
    async def cancel(visitor: ActingVisitor, delivery_id: str) -> Response:
        done = await cancel_delivery(desk, visitor.operator, delivery_id)
        return RedirectResponse(address(f"/deliveries/{delivery_id}", act=done.act), 303)

    async def _story(delivery_id: str) -> Story:
        delivery = await desk.outbox.delivery(DeliveryId(delivery_id))
        if delivery is None:
            raise NotFound("there is no such delivery")
        [story] = await stories(desk, [delivery], reveal=True)
        return story

    return routes

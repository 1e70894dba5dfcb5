"""Lets a source, a rule, a scenario, a trigger mailing or a destination wait, and go on."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from app.console.house import House
from app.console.pages import address
from app.console.visitors import ActingVisitor
from app.desk import pauses
from app.desk.pauses import PauseAsked
from app.outbox import PauseKind

Name = Annotated[str, Query(max_length=200)]


def pausing_routes(house: House) -> APIRouter:
    """What is paused stands in the address of each, as `kind` and `name`."""
    routes = APIRouter()
    desk, page = house.desk, house.pages.page

    @routes.get("/pause")
    async def ask_to_pause(
        request: Request, _: ActingVisitor, kind: PauseKind, name: Name
    ) -> Response:
        if await pauses.pause_of(desk, kind, name) is not None:
            return RedirectResponse(address("/resume", kind=kind, name=name), 303)
        return page(request, "pauses/pause", kind=kind, name=name, back=page_of(kind, name))

    @routes.post("/pause")
    async def pause(
        visitor: ActingVisitor,
        kind: PauseKind,
        name: Name,
        reason: Annotated[str, Form(max_length=400)] = "",
    ) -> Response:
        asked = PauseAsked(kind=kind, name=name, reason=reason.strip() or None)
        await pauses.pause(desk, visitor.operator, asked)
        return RedirectResponse(page_of(kind, name), 303)

    @routes.get("/resume")
    async def ask_to_resume(
        request: Request, _: ActingVisitor, kind: PauseKind, name: Name, more: str = ""
    ) -> Response:
        paused, back = await pauses.pause_of(desk, kind, name), page_of(kind, name)
        if paused is None and not more:
            return RedirectResponse(back, 303)
        return page(request, "pauses/resume", kind=kind, name=name, pause=paused, back=back)

    @routes.post("/resume")
    async def resume(visitor: ActingVisitor, kind: PauseKind, name: Name) -> Response:
        done = await pauses.resume(desk, visitor.operator, kind, name)
        if done.is_over:
            return RedirectResponse(page_of(kind, name), 303)
        # Much waited: the rest is let go by the next request.
        return RedirectResponse(address("/resume", kind=kind, name=name, more="1"), 303)

    return routes


def page_of(kind: PauseKind, name: str) -> str:
    """Where more of it is."""
    match kind:
        case PauseKind.SOURCE:
            return address(f"/sources/{name}")
        case PauseKind.RULE:
            return address(f"/rules/{name}")
        case PauseKind.DESTINATION:
            return address("/deliveries", destination=name)
        case PauseKind.SCENARIO | PauseKind.TRIGGER:
            return address("/deliveries", state="paused")

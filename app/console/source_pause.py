"""Lets a source wait, and go on."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from app.console.house import House
from app.console.pages import address
from app.console.source_of import known_source, pause_of
from app.console.visitors import ActingVisitor
from app.desk import pauses
from app.desk.pauses import PauseAsked
from app.outbox import PauseKind


def source_pause_routes(house: House) -> APIRouter:
    routes = APIRouter(prefix="/sources/{name}")

    @routes.get("/pause")
    async def ask_to_pause(request: Request, _: ActingVisitor, name: str) -> Response:
        source = known_source(house, name)
        paused = await pause_of(house, name)
        if paused is not None:
            return RedirectResponse(address(f"/sources/{name}"), 303)
        return house.pages.page(request, "source_pause", source=source)

    @routes.post("/pause")
    async def pause(
        visitor: ActingVisitor, name: str, reason: Annotated[str, Form(max_length=400)] = ""
    ) -> Response:
        known_source(house, name)
        asked = PauseAsked(kind=PauseKind.SOURCE, name=name, reason=reason.strip() or None)
        await pauses.pause(house.desk, visitor.operator, asked)
        return RedirectResponse(address(f"/sources/{name}"), 303)

    @routes.get("/resume")
    async def ask_to_resume(
        request: Request, _: ActingVisitor, name: str, more: str = ""
    ) -> Response:
        paused = await pause_of(house, name)
        if paused is None and not more:
            return RedirectResponse(address(f"/sources/{name}"), 303)
        source = known_source(house, name)
        return house.pages.page(request, "source_resume", source=source, pause=paused)

    @routes.post("/resume")
    async def resume(visitor: ActingVisitor, name: str) -> Response:
        known_source(house, name)
        done = await pauses.resume(house.desk, visitor.operator, PauseKind.SOURCE, name)
        if done.is_over:
            return RedirectResponse(address(f"/sources/{name}"), 303)
        # Much waited: the rest is let go by the next request.
        return RedirectResponse(address(f"/sources/{name}/resume", more="1"), 303)

    return routes

"""What flows now, and what needs a person."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.console.house import House
from app.console.visitors import Visiting


def overview_routes(house: House) -> APIRouter:
    routes = APIRouter()

    @routes.get("/")
    async def overview(request: Request, _: Visiting) -> Response:
        return house.pages.page(request, "overview")

    return routes

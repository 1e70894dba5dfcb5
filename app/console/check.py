"""What is wrong with the configuration, by itself and in the platforms' eyes."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.console.house import House
from app.console.visitors import Visiting
from app.live import check_live


def check_routes(house: House) -> APIRouter:
    routes = APIRouter(prefix="/check")
    desk = house.desk

    @routes.get("")
    async def check(request: Request, _: Visiting, live: bool = False) -> Response:
        """As `bridge check --live`. `live`: with what the platforms say."""
        revision = desk.revision
        found = await check_live(revision, desk.scenarios) if live else None
        return house.pages.page(
            request,
            "check",
            revision=revision,
            since=desk.current.since,
            refused=desk.current.refused,
            found=found,
        )

    return routes

"""`/try`: what a call would start. Nothing is stored or sent."""

from fastapi import APIRouter

from app.api.access import Whoever, refusals
from app.desk.desk import Desk
from app.desk.trial import try_it
from app.desk.tried import TryAsked, TryShown


def try_routes(desk: Desk) -> APIRouter:
    routes = APIRouter(prefix="/try", tags=["configuration"])

    @routes.post("", name="try_it", responses=refusals("invalid", "busy"))
    async def one(_: Whoever, asked: TryAsked) -> TryShown:
        """Which rules take a call, condition by condition, and what would be sent. Its proof is
        not asked for."""
        return await try_it(desk, asked)

    return routes

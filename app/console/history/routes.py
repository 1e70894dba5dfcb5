"""All pages of the history."""

from fastapi import APIRouter

from app.console.history.acts import act_routes
from app.console.history.deliveries import delivery_routes
from app.console.history.delivery_acts import delivery_act_routes
from app.console.history.events import event_routes
from app.console.history.forget import forget_routes
from app.console.history.many import many_routes
from app.console.history.people import people_routes
from app.console.house import House


def history_routes(house: House) -> APIRouter:
    routes = APIRouter()
    # `many` before the pages of one: its addresses look like ids.
    for part in (
        event_routes,
        many_routes,
        delivery_routes,
        delivery_act_routes,
        act_routes,
        people_routes,
        forget_routes,
    ):
        routes.include_router(part(house))
    return routes

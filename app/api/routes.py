"""The operator API, whole."""

from fastapi import APIRouter

from app.api.acts import act_routes
from app.api.cancels import cancel_routes
from app.api.check import check_routes
from app.api.concerns import concern_routes
from app.api.deliveries import delivery_routes
from app.api.destinations import destination_routes
from app.api.event_replays import event_replay_routes
from app.api.events import event_routes
from app.api.forget import forget_routes
from app.api.pauses import pause_routes
from app.api.problems import problem_routes
from app.api.replays import replay_routes
from app.api.rules import rule_routes
from app.api.sources import source_routes
from app.api.traffic import traffic_routes
from app.api.trial import try_routes
from app.desk.desk import Desk

_PARTS = (
    event_routes,
    delivery_routes,
    replay_routes,
    event_replay_routes,
    problem_routes,
    concern_routes,
    cancel_routes,
    pause_routes,
    source_routes,
    rule_routes,
    destination_routes,
    check_routes,
    try_routes,
    traffic_routes,
    forget_routes,
    act_routes,
)


def api_routes(desk: Desk) -> APIRouter:
    routes = APIRouter(prefix="/api/v1", generate_unique_id_function=lambda route: route.name)
    for part in _PARTS:
        routes.include_router(part(desk))
    return routes

"""`/metrics`: what the store says, and what the processes of this service counted."""

import asyncio
from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter, Response

from app.api.health import Readiness
from app.desk.desk import Desk
from app.observe.exposition import CONTENT_TYPE, InForce, exposition

_DISTRIBUTION = "altcraft-scenario-bridge"


def metrics_routes(readiness: Readiness, desk: Desk) -> APIRouter:
    routes = APIRouter(tags=["health"])
    running = _version()

    @routes.get("/metrics", responses={200: {"content": {"text/plain": {}}}})
    async def metrics() -> Response:
        """In the text format of Prometheus."""
        await readiness.store()
        current = desk.current
        revision = current.revision
        in_force = InForce(running, revision.id, current.since, current.refused is None)
        situation = readiness.situation(revision.destinations)
        # With hundreds of sources it takes some tens of milliseconds, in which calls come in.
        text = await asyncio.to_thread(exposition, situation, in_force, desk.counts.board)
        return Response(text, media_type=CONTENT_TYPE)

    return routes


def _version() -> str:
    try:
        return version(_DISTRIBUTION)
    except PackageNotFoundError:  # run from a folder of sources
        return "unknown"

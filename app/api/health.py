"""Liveness and readiness."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from fastapi import APIRouter, Response
from pydantic import BaseModel

from app.kit.clock import Clock
from app.outbox import StoreUnavailable

_PROBE_EVERY_S = 1.0


class Probed(Protocol):
    async def probe(self) -> None: ...


class Alive(BaseModel):
    status: str


class Ready(BaseModel):
    """`store` is `writable` or says why not; `revision` names the configuration in use."""

    status: str
    store: str
    revision: str


class Readiness:
    """Asks the store at most once a second, however often it is asked itself."""

    def __init__(self, store: Probed, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = asyncio.Lock()
        self._asked_at = float("-inf")
        self._found = "not asked yet"

    async def store(self) -> str:
        async with self._lock:
            if self._clock.monotonic() - self._asked_at >= _PROBE_EVERY_S:
                self._found = await self._ask()
                self._asked_at = self._clock.monotonic()
        return self._found

    async def _ask(self) -> str:
        try:
            await self._store.probe()
        except StoreUnavailable as error:
            return str(error)
        return "writable"


def health_routes(
    readiness: Readiness, revision: Callable[[], str], is_stopping: Callable[[], bool]
) -> APIRouter:
    routes = APIRouter(tags=["health"])

    @routes.get("/healthz")
    async def alive() -> Alive:
        """The process answers."""
        return Alive(status="alive")

    @routes.get("/readyz", responses={503: {"model": Ready}})
    async def ready(response: Response) -> Ready:
        """Calls can be taken: the store is writable and a configuration is loaded."""
        store = await readiness.store()
        is_ready = store == "writable" and not is_stopping()
        if not is_ready:
            response.status_code = 503
        word = "stopping" if is_stopping() else "ready" if is_ready else "unavailable"
        return Ready(status=word, store=store, revision=revision())

    return routes

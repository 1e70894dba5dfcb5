"""Liveness, readiness, and the situation in numbers."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from app.desk.destination_state import DestinationState, state_of
from app.kit.clock import Clock
from app.observe.exposition import Situation, Waiting
from app.outbox import Backlog, Pause, PauseKind, Stoppage, StoreUnavailable

_PROBE_EVERY_S = 1.0


class Looked(Protocol):
    """What health needs of the outbox."""

    async def probe(self) -> None: ...

    async def stoppages(self) -> list[Stoppage]: ...

    async def pauses(self) -> list[Pause]: ...

    async def backlog(self) -> list[Backlog]: ...


class Alive(BaseModel):
    status: str


class Ready(BaseModel):
    """`store` is `writable` or says why not; `revision` names the configuration in use. That a
    destination takes no starts is no reason to take no calls: they wait."""

    status: str
    store: str
    revision: str
    destinations: dict[str, DestinationState] = Field(default_factory=dict)


class Readiness:
    """Asks the store at most once a second, however often it is asked itself."""

    def __init__(self, store: Looked, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = asyncio.Lock()
        self._asked_at = float("-inf")
        self._found = "not asked yet"
        self._stoppages: Sequence[Stoppage] = ()
        self._pauses: Sequence[Pause] = ()
        self._backlog: Sequence[Backlog] = ()

    async def store(self) -> str:
        async with self._lock:
            if self._clock.monotonic() - self._asked_at >= _PROBE_EVERY_S:
                self._found = await self._ask()
                self._asked_at = self._clock.monotonic()
        return self._found

    def destinations(self, names: Sequence[str]) -> dict[str, DestinationState]:
        """As the last look found them."""
        stopped = {one.destination: one for one in self._stoppages}
        paused = {one.name: one for one in self._pauses if one.kind is PauseKind.DESTINATION}
        return {name: state_of(stopped.get(name), paused.get(name)) for name in names}

    def situation(self, names: Sequence[str]) -> Situation:
        """As the last look found it."""
        return Situation(
            at=self._clock.now(),
            is_writable=self._found == "writable",
            destinations=names,
            waiting=[
                Waiting(one.destination, one.state.value, one.count, one.oldest_at)
                for one in self._backlog
            ],
            stopped={one.destination: one.cause for one in self._stoppages},
            paused=[one.kind.value for one in self._pauses],
        )

    async def _ask(self) -> str:
        try:
            await self._store.probe()
            self._stoppages = await self._store.stoppages()
            self._pauses = await self._store.pauses()
            self._backlog = await self._store.backlog()
        except StoreUnavailable as error:
            return str(error)
        return "writable"


class InUse(Protocol):
    """The configuration in use."""

    @property
    def id(self) -> str: ...

    @property
    def destinations(self) -> Sequence[str]: ...


def health_routes(
    readiness: Readiness, in_use: Callable[[], InUse], is_stopping: Callable[[], bool]
) -> APIRouter:
    routes = APIRouter(tags=["health"])

    @routes.get("/healthz")
    async def alive() -> Alive:
        """The process answers."""
        return Alive(status="alive")

    @routes.get("/readyz", responses={503: {"model": Ready}}, response_model_exclude_none=True)
    async def ready(response: Response) -> Ready:
        """Calls can be taken: the store is writable and a configuration is loaded."""
        store = await readiness.store()
        is_ready = store == "writable" and not is_stopping()
        if not is_ready:
            response.status_code = 503
        word = "stopping" if is_stopping() else "ready" if is_ready else "unavailable"
        revision = in_use()
        states = readiness.destinations(revision.destinations)
        return Ready(status=word, store=store, revision=revision.id, destinations=states)

    return routes

"""Keeps the store in order while it works: lets go of what is past, in steps that leave it to the
calls for most of the time. Of all processes of a store one does it at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import Protocol

import structlog

from app.kit.backoff import spread
from app.kit.clock import Clock
from app.kit.errors import raised_at
from app.model.event import EventId
from app.outbox import Ages, Purged, StoreUnavailable

_log = structlog.get_logger()
_DUTY = "housekeeping"
_EVERY_S = 300.0
_DUTY_LASTS_S = 60.0
_EVENTS_AT_ONCE = 100
_KEYS_AT_ONCE = 500
_PAGES_AT_ONCE = 200
# Calls that left no event are there for whoever sets a source up, and for nothing else.
_REFUSALS_LAST_S = 3600.0
# Of the time it takes, as a pause after it.
_PAUSE_SHARE = 5.0
_LEAST_PAUSE_S = 0.02


class Kept(Protocol):
    """What it needs of the outbox."""

    async def on_duty(self, name: str, *, owner: str, lasts_s: float) -> bool: ...

    async def purge(self, ages: Ages, after: EventId | None, *, limit: int) -> Purged: ...

    async def purge_keys(self, ages: Ages, *, limit: int) -> int: ...

    async def roll_up_tallies(self) -> int: ...

    async def purge_tallies(self, ages: Ages) -> int: ...

    async def count_problems_again(self) -> int: ...

    async def purge_refusals(self, age_s: float) -> int: ...

    async def shrink(self, *, pages: int) -> int: ...


class Housekeeper:
    """`owner` names this process; `ages` yields those of the configuration in use."""

    def __init__(
        self, store: Kept, ages: Callable[[], Ages], clock: Clock, rng: Random, *, owner: str
    ) -> None:
        self._store = store
        self._ages = ages
        self._clock = clock
        self._rng = rng
        self._owner = owner

    async def run(self) -> None:
        """Until it is cancelled, between two steps."""
        while True:
            # The first look comes after a while, too: a start has other things to do.
            await asyncio.sleep(spread(_EVERY_S, rng=self._rng) * self._rng.random())
            try:
                await self.once()
            except StoreUnavailable as error:
                _log.warning("housekeeping.store_unavailable", why=str(error))
            except Exception as error:  # noqa: BLE001 - the outer loop: records, waits, goes on
                _log.error("housekeeping.failed", kind=type(error).__name__, at=raised_at(error))

    async def once(self) -> None:
        """All that is past, unless another process is at it. Raises StoreUnavailable."""
        ages = self._ages()
        await self._purge(ages)
        await self._repeat(lambda: self._store.purge_keys(ages, limit=_KEYS_AT_ONCE))
        await self._repeat(self._store.roll_up_tallies)
        await self._repeat(lambda: self._store.purge_tallies(ages))
        if await self._store.on_duty(_DUTY, owner=self._owner, lasts_s=_DUTY_LASTS_S):
            await self._store.count_problems_again()
        await self._repeat(self._purge_refusals)
        await self._repeat(lambda: self._store.shrink(pages=_PAGES_AT_ONCE))

    async def _purge(self, ages: Ages) -> None:
        events = deliveries = 0
        after: EventId | None = None

        async def step() -> bool:
            nonlocal events, deliveries, after
            purged = await self._store.purge(ages, after, limit=_EVENTS_AT_ONCE)
            events, deliveries = events + purged.events, deliveries + purged.deliveries
            after = purged.after
            return after is not None

        await self._repeat(step)
        if events:
            _log.info("housekeeping.purged", events=events, deliveries=deliveries)

    async def _purge_refusals(self) -> int:
        """All at once: there are few."""
        await self._store.purge_refusals(_REFUSALS_LAST_S)
        return 0

    async def _repeat(self, step: Callable[[], Awaitable[int]]) -> None:
        """Until there is nothing left, or another process does it."""
        while await self._store.on_duty(_DUTY, owner=self._owner, lasts_s=_DUTY_LASTS_S):
            began = self._clock.monotonic()
            if not await step():
                return
            pause_s = max(_LEAST_PAUSE_S, (self._clock.monotonic() - began) * _PAUSE_SHARE)
            await asyncio.sleep(spread(pause_s, rng=self._rng))

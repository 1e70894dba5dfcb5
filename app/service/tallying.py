"""Puts what this process counted into the store, from time to time.

In transactions of their own: a row that all processes add to would make their commits of calls
and outcomes wait for one another. What a killed process counted in its last seconds is lost to the
tally, and to it alone.
"""

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Protocol

import structlog

from app.kit.backoff import spread
from app.kit.errors import raised_at
from app.model.tally import Tally
from app.observe.counts import Counts
from app.observe.tallies import Untold
from app.outbox import StoreUnavailable

_log = structlog.get_logger()
_EVERY_S = 5.0
_LAST_LIMIT_S = 3.0


class Keeper(Protocol):
    async def add_tallies(self, tallies: Sequence[Tally]) -> None: ...


class Tallying:
    def __init__(self, store: Keeper, counts: Counts, rng: Random) -> None:
        self._store = store
        self._untold = Untold(counts)
        self._rng = rng
        self._writing = asyncio.Lock()

    async def run(self) -> None:
        """Until it is cancelled. What the store does not take is added the next time, to the
        minute of then."""
        while True:
            await asyncio.sleep(spread(_EVERY_S, rng=self._rng))
            # A cancellation must not leave open whether the store has taken it.
            flushing = asyncio.create_task(self._flush_once(), name="store the tally")
            await asyncio.shield(flushing)

    async def flush(self) -> None:
        """Raises StoreUnavailable."""
        async with self._writing:
            if tallies := self._untold.tallies():
                await self._store.add_tallies(tallies)
                self._untold.told()

    async def last(self) -> None:
        """At the end of a process."""
        try:
            async with asyncio.timeout(_LAST_LIMIT_S):
                await self._flush_once()
        except TimeoutError:
            _log.warning("tally.not_stored", why="no time was left")

    async def _flush_once(self) -> None:
        try:
            await self.flush()
        except StoreUnavailable as error:
            _log.warning("tally.not_stored", why=str(error))
        except Exception as error:  # noqa: BLE001 - the outer loop: records, waits, goes on
            _log.error("tally.failed", kind=type(error).__name__, at=raised_at(error))

"""Counts refused calls by source, and tells the store now and then: so that it is seen when all
calls of a source are refused. A call that is taken costs nothing here."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Protocol

import structlog

from app.kit.backoff import spread
from app.outbox import Refusal, StoreUnavailable

_log = structlog.get_logger()
_EVERY_S = 15.0


class Told(Protocol):
    async def tell_refusals(self, found: Sequence[Refusal]) -> None: ...


class Refusals:
    """There are as many as sources in the configuration, at most."""

    def __init__(self, store: Told, rng: Random) -> None:
        self._store = store
        self._rng = rng
        self._found: dict[str, Refusal] = {}

    def note(self, source: str, slug: str, at: datetime) -> None:
        known = self._found.get(source) or Refusal(source, at, at, 0, slug)
        self._found[source] = replace(known, last_at=at, count=known.count + 1, slug=slug)

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(spread(_EVERY_S, rng=self._rng))
            await self.tell()

    async def tell(self) -> None:
        """What can't be told is told no more: if it goes on, it is noted again."""
        found, self._found = self._found, {}
        if not found:
            return
        try:
            await self._store.tell_refusals(list(found.values()))
        except StoreUnavailable as error:
            _log.warning("refusals.not_told", why=str(error))

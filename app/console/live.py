"""Tells open pages that something happened, by server-sent events.

However many pages are open, the store is asked once in a while: for the last ids, which costs a
look at the end of three indexes. What happened the pages ask for themselves.
"""

import asyncio
from collections.abc import AsyncIterator
from random import Random
from typing import Protocol

import structlog

from app.kit.backoff import spread
from app.kit.errors import BridgeError
from app.outbox import Pulse, StoreUnavailable

_log = structlog.get_logger()
_EVERY_S = 1.0
_ALIVE_EVERY_S = 15.0
_MOST_PAGES = 200
_TICK = b"event: tick\ndata: \n\n"
_ALIVE = b": alive\n\n"


class TooManyPages(BridgeError):
    slug = "busy"


class Looked(Protocol):
    """What it needs of the outbox."""

    async def pulse(self) -> Pulse: ...


class Live:
    def __init__(self, store: Looked, rng: Random) -> None:
        self._store = store
        self._rng = rng
        self._pages: set[asyncio.Event] = set()
        self._is_needed = asyncio.Event()
        self._is_open = True

    async def run(self) -> None:
        """Until it is cancelled. Asks only while a page is open."""
        last: Pulse | None = None
        while True:
            await self._is_needed.wait()
            try:
                found = await self._store.pulse()
            except StoreUnavailable:
                _log.debug("console.store_unavailable")
            else:
                if found != last:
                    last = found
                    self._tell()
            await asyncio.sleep(spread(_EVERY_S, rng=self._rng))

    def close(self) -> None:
        """Ends all streams: a process that stops must not wait for pages that are left open."""
        self._is_open = False
        self._tell()

    def follow(self) -> AsyncIterator[bytes]:
        """A stream for one page. Raises TooManyPages."""
        if len(self._pages) >= _MOST_PAGES:
            raise TooManyPages(f"{_MOST_PAGES} pages are open; close some")
        return self._follow()

    async def _follow(self) -> AsyncIterator[bytes]:
        news = asyncio.Event()
        self._pages.add(news)
        self._is_needed.set()
        try:
            yield b"retry: 3000\n\n"
            while self._is_open:
                try:
                    async with asyncio.timeout(_ALIVE_EVERY_S):
                        await news.wait()
                except TimeoutError:
                    yield _ALIVE
                    continue
                news.clear()
                if self._is_open:
                    yield _TICK
        finally:
            self._pages.discard(news)
            if not self._pages:
                self._is_needed.clear()

    def _tell(self) -> None:
        for news in self._pages:
            news.set()

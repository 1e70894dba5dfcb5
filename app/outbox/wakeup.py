"""Tells a worker that something is due, so that it need not poll for it."""

import asyncio
from collections.abc import Callable


class Wakeup:
    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._others: list[Callable[[], None]] = []
        self._listen: Callable[[], None] | None = None

    def notify(self) -> None:
        """Whoever works, here and elsewhere."""
        self._event.set()
        for tell in self._others:
            tell()

    def wake(self) -> None:
        """The worker of this process."""
        self._event.set()

    def forward(self, to: Callable[[], None]) -> None:
        """Tell somebody else, too: a worker in another process."""
        self._others.append(to)

    def on_wait(self, listen: Callable[[], None]) -> None:
        """Called as soon as somebody waits here."""
        self._listen = listen

    async def wait(self, limit_s: float) -> bool:
        """True when woken, false when the time ran out. One waiter at a time."""
        if self._listen is not None:
            self._listen()
            self._listen = None
        try:
            async with asyncio.timeout(limit_s):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True

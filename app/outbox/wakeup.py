"""Tells a worker of the same process that something is due, so that it need not poll for it."""

import asyncio
from collections.abc import Callable


class Wakeup:
    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._forward: Callable[[], None] | None = None

    def notify(self) -> None:
        self._event.set()
        if self._forward is not None:
            self._forward()

    def forward(self, to: Callable[[], None]) -> None:
        """Tell somebody else, too: a worker in another process."""
        self._forward = to

    async def wait(self, limit_s: float) -> bool:
        """True when woken, false when the time ran out. One waiter at a time."""
        try:
            async with asyncio.timeout(limit_s):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True

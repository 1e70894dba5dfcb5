"""The store, for commands that look into it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from app.config.settings import read_settings
from app.kit.clock import SystemClock
from app.outbox import Outbox

T = TypeVar("T")


def with_store(use: Callable[[Outbox], Awaitable[T]]) -> T:
    """Opens the store that the environment names, for one use."""

    async def run() -> T:
        async with Outbox.open(read_settings().database_url, clock=SystemClock()) as outbox:
            return await use(outbox)

    return asyncio.run(run())

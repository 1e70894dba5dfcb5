"""The store, for commands that look into it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from app.config.settings import read_settings
from app.kit.clock import SystemClock
from app.kit.errors import BridgeError
from app.outbox import Outbox, is_sqlite, store_place

T = TypeVar("T")


class NoStore(BridgeError):
    slug = "configuration"


def with_store(use: Callable[[Outbox], Awaitable[T]], *, makes: bool = False) -> T:
    """Opens the store that the environment names, for one use. Raises NoStore where its file is
    not there, unless this `makes` it: an empty one would answer that all is well."""
    url = read_settings().database_url
    if not makes and is_sqlite(url) and not _is_there(store_place(url)):
        raise NoStore(
            f"there is no store at {store_place(url)}: set BRIDGE_DATABASE_URL to where the "
            "bridge has it; `bridge serve` makes a new one, and so does `bridge db upgrade`"
        )

    async def run() -> T:
        async with Outbox.open(url, clock=SystemClock()) as outbox:
            return await use(outbox)

    return asyncio.run(run())


def _is_there(database: str) -> bool:
    # What SQLite takes for an address of its own is left to it.
    return database.startswith("file:") or Path(database).exists()

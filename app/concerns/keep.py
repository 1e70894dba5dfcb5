"""Keeps what problems say of people, rules and sources up to date. Of all processes of a store one
does it at a time."""

import asyncio
from random import Random
from typing import Protocol

import structlog

from app.kit.backoff import spread
from app.kit.errors import raised_at
from app.outbox import StoreUnavailable

_log = structlog.get_logger()
_DUTY = "problems"
_EVERY_S = 5.0
_DUTY_LASTS_S = 30.0
# One of them looks through some thousands of dead letters.
_AT_ONCE = 4


class Counted(Protocol):
    """What it needs of the outbox."""

    async def on_duty(self, name: str, *, owner: str, lasts_s: float) -> bool: ...

    async def has_changed_problems(self) -> bool: ...

    async def look_through_some(self, *, limit: int) -> int: ...


class Counter:
    """`owner` names this process."""

    def __init__(self, store: Counted, rng: Random, *, owner: str) -> None:
        self._store = store
        self._rng = rng
        self._owner = owner

    async def run(self) -> None:
        """Until it is cancelled, between two steps."""
        while True:
            await asyncio.sleep(spread(_EVERY_S, rng=self._rng))
            try:
                await self.once()
            except StoreUnavailable as error:
                _log.warning("problems.store_unavailable", why=str(error))
            except Exception as error:  # noqa: BLE001 - the outer loop: records, waits, goes on
                _log.error("problems.failed", kind=type(error).__name__, at=raised_at(error))

    async def once(self) -> None:
        """A step, unless another process is at it. Raises StoreUnavailable."""
        # The look spares writers the transaction of the duty.
        if not await self._store.has_changed_problems():
            return
        if await self._store.on_duty(_DUTY, owner=self._owner, lasts_s=_DUTY_LASTS_S):
            await self._store.look_through_some(limit=_AT_ONCE)

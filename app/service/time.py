"""Tells the time of the store, where several machines share one."""

import asyncio
from datetime import timedelta
from random import Random

import structlog

from app.kit.backoff import spread
from app.kit.clock import AdjustedClock, Clock
from app.outbox import Outbox, StoreUnavailable

_log = structlog.get_logger()
_EVERY_S = 60.0
_WORTH_TELLING = timedelta(seconds=2)
# A long way there and back says little about the moment in between.
_LONGEST_S = 1.0


async def keep_time(clock: AdjustedClock, base: Clock, outbox: Outbox, rng: Random) -> None:
    """Until it is cancelled."""
    while True:
        await asyncio.sleep(spread(_EVERY_S, rng=rng))
        await adjust(clock, base, outbox)


async def adjust(clock: AdjustedClock, base: Clock, outbox: Outbox) -> None:
    """Leaves the clock as it is where the store has none of its own, or can't be asked now."""
    before, began = base.now(), base.monotonic()
    try:
        there = await outbox.time()
    except StoreUnavailable:
        return
    took_s = base.monotonic() - began
    if there is None or took_s > _LONGEST_S:
        return
    ahead = there - before - timedelta(seconds=took_s / 2)
    if abs(ahead) > _WORTH_TELLING and abs(ahead - clock.ahead) > _WORTH_TELLING:
        _log.warning("clock.differs", store_is_ahead_s=round(ahead.total_seconds(), 1))
    clock.ahead = ahead

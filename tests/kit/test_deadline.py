"""The light time limit behaves as `asyncio.timeout` does."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from app.kit.deadline import Deadline, Limits


@dataclass(eq=False)
class _Limited:
    until: float
    name: str
    ended: Callable[[str], None]

    def expire(self) -> None:
        self.ended(self.name)


async def test_what_is_done_in_time_is_left_alone() -> None:
    with Deadline(Limits(), 10):
        found = await asyncio.sleep(0, "found")

    assert found == "found"


async def test_what_takes_longer_ends_with_a_time_out() -> None:
    with pytest.raises(TimeoutError), Deadline(Limits(), 0.01):
        await asyncio.Event().wait()

    assert await asyncio.sleep(0, "the task goes on") == "the task goes on"


async def test_a_cancellation_from_outside_stays_one() -> None:
    entered = asyncio.Event()

    async def waiting() -> None:
        with Deadline(Limits(), 10):
            entered.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(waiting())
    await entered.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_inside_is_not_hidden() -> None:
    with pytest.raises(ValueError, match="mine"), Deadline(Limits(), 10):
        raise ValueError("mine")


async def test_one_timer_ends_each_at_its_own_time() -> None:
    limits, ended = Limits(), asyncio.Queue[str]()
    now = limits.loop.time()
    long, stopped, short = (
        _Limited(now + seconds, name, ended.put_nowait)
        for seconds, name in ((0.03, "long"), (0.02, "stopped"), (0.01, "short"))
    )
    for one in (long, stopped, short):
        limits.start(one)

    limits.stop([stopped])

    assert [await ended.get(), await ended.get()] == ["short", "long"]
    assert ended.empty()

from collections.abc import AsyncIterator

import pytest

from app.kit.clock import SystemClock
from app.outbox import Outbox
from tests.delivery.bench import Bench
from tests.support.clock import ManualClock
from tests.support.sandboxes import a_sandbox


@pytest.fixture
async def bench(url: str) -> AsyncIterator[Bench]:
    clock = SystemClock()
    async with a_sandbox() as sandbox, Outbox.open(url, clock=clock) as outbox:
        yield Bench(outbox, sandbox, clock)


@pytest.fixture
def manual_clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def slow_bench(url: str, manual_clock: ManualClock) -> AsyncIterator[Bench]:
    """Its clock goes only when it is told to."""
    async with a_sandbox() as sandbox, Outbox.open(url, clock=manual_clock) as outbox:
        yield Bench(outbox, sandbox, manual_clock)

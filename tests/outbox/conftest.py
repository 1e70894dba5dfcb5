from collections.abc import AsyncIterator

import pytest

from app.outbox import Outbox
from tests.support.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def outbox(url: str, clock: ManualClock) -> AsyncIterator[Outbox]:
    async with Outbox.open(url, clock=clock) as opened:
        yield opened

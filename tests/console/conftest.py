from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.console.visits import Console, a_console


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path) as running:
        yield running

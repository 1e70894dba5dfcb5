"""What tests of more than one part share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgres import a_database

ENGINES = ["sqlite", "postgresql"]


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Of a new store, on each engine in turn."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/inner/bridge.db"
        return
    with a_database() as address:
        yield address

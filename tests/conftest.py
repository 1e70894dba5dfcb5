"""What tests of more than one part share."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.new_stores import a_store_on_postgresql, copy_store
from tests.support.postgres import a_database

ENGINES = ["sqlite", "postgresql"]


# Thousands of tests and what they import stay to the end: the collector of garbage would go through
# all of it again and again.
gc.disable()


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Of a store with nothing in it, on each engine in turn."""
    if request.param == "sqlite":
        path = tmp_path / "inner" / "bridge.db"
        copy_store(path)
        yield f"sqlite+aiosqlite:///{path}"
        return
    with a_store_on_postgresql() as address:
        yield address


@pytest.fixture(params=ENGINES)
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Of a store that nobody has opened yet, on each engine in turn."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/inner/bridge.db"
        return
    with a_database() as address:
        yield address

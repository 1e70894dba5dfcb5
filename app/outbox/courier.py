"""Tells workers of other processes that something is due: by LISTEN and NOTIFY of PostgreSQL.

Apart from the transactions that make it due: a NOTIFY within them would have all commits of the
database wait for one another. What is not told, for the connection was lost, is found by looking.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from random import Random
from typing import Any

import asyncpg
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.backoff import full_jitter

_log = structlog.get_logger()
_CHANNEL = "bridge_due"
# One notice tells of all that was made due before it; more often is only work.
_LEAST_S = 0.02
_ALIVE_EVERY_S = 30.0
_LIMIT_S = 5.0
_LAST_LIMIT_S = 1.0
_LOST = (
    *(SQLAlchemyError, OSError, TimeoutError),
    # Of the driver itself, whose connection this is.
    *(asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError),
)


class Courier:
    """`heard` is called when another process told. Nothing is opened before `tell` or `listen`."""

    def __init__(self, engine: AsyncEngine, heard: Callable[[], None], rng: Random) -> None:
        self._engine = engine
        self._heard = heard
        self._rng = rng
        self._is_needed = asyncio.Event()
        self._has_news = asyncio.Event()
        self._is_lost = asyncio.Event()
        self._failures = 0

    def tell(self) -> None:
        self._has_news.set()
        self._is_needed.set()

    def listen(self) -> None:
        self._is_needed.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        await self._is_needed.wait()
        while True:
            try:
                async with self._connected() as connection:
                    self._failures = 0
                    # What was due while nobody listened.
                    self._heard()
                    await self._carry(connection)
            except Exception as error:  # noqa: BLE001 - the outer loop: records, waits, goes on
                self._failures += 1
                if self._failures == 1:
                    _log.warning("store.notices_lost", kind=type(error).__name__)
                await asyncio.sleep(
                    full_jitter(self._failures, base_s=0.5, cap_s=10, rng=self._rng)
                )

    async def last(self) -> None:
        """What was not told yet, at the end of a process."""
        if not self._has_news.is_set():
            return
        with contextlib.suppress(*_LOST):
            async with asyncio.timeout(_LAST_LIMIT_S), self._connected() as connection:
                await _notify(connection)

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[Any]:
        """The driver's own connection: notices come at any moment, outside of transactions."""
        async with asyncio.timeout(_LIMIT_S):
            held = await self._engine.connect()
        try:
            connection: Any = (await held.get_raw_connection()).driver_connection
            self._is_lost.clear()
            connection.add_termination_listener(lambda _: self._is_lost.set())
            own = connection.get_server_pid()

            def heard(_: Any, pid: int, __: str, ___: object) -> None:
                if pid != own:
                    self._heard()

            async with asyncio.timeout(_LIMIT_S):
                await connection.add_listener(_CHANNEL, heard)
            yield connection
        finally:
            with contextlib.suppress(*_LOST):
                async with asyncio.timeout(_LAST_LIMIT_S):
                    await held.invalidate()
                    await held.close()

    async def _carry(self, connection: Any) -> None:
        while True:
            try:
                async with asyncio.timeout(_ALIVE_EVERY_S):
                    await self._next()
            except TimeoutError:
                async with asyncio.timeout(_LIMIT_S):
                    await connection.execute("SELECT 1")
                continue
            if self._is_lost.is_set():
                raise ConnectionResetError
            self._has_news.clear()
            async with asyncio.timeout(_LIMIT_S):
                await _notify(connection)
            await asyncio.sleep(_LEAST_S)

    async def _next(self) -> None:
        """Something to tell, or the loss of the connection."""
        waits = [asyncio.ensure_future(e.wait()) for e in (self._has_news, self._is_lost)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


async def _notify(connection: Any) -> None:
    await connection.execute(f"NOTIFY {_CHANNEL}")

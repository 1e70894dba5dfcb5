"""Runs transactions off the loop."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar

import asyncpg
from sqlalchemy import Connection, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry

from app.outbox.engine import async_engine, store_errors
from app.outbox.errors import StoreUnavailable

T = TypeVar("T")
_READERS = 4
_MADE_AFTER = "made after a server was left so often"
# A server that stands still, or a table that is locked: nobody who asked waits longer, and where
# another server was promoted there is one that answers.
WRITE_LIMIT_S = 10.0


class Transactions(Protocol):
    async def run(self, perform: Callable[[Connection], T], *, limit_s: float | None = None) -> T:
        """`perform` within a transaction of its own. Raises StoreUnavailable, also after `limit_s`
        seconds."""
        ...


class Async:
    """By an async engine: everything on PostgreSQL, look-ups on SQLite. `limit_s` holds where none
    is given."""

    def __init__(self, engine: AsyncEngine, limit_s: float | None = None) -> None:
        self.engine = engine
        self._limit_s = limit_s
        self._times_left = 0
        event.listen(engine.sync_engine, "connect", self._connected)
        event.listen(engine.sync_engine, "checkout", self._checked_out)
        event.listen(engine.sync_engine, "close", self._closes)

    async def run(self, perform: Callable[[Connection], T], *, limit_s: float | None = None) -> T:
        """Once more where the connection turns out to be lost, after a restart of the server
        say: what it did not come to commit has not happened."""
        limit_s = limit_s or self._limit_s
        with store_errors():
            try:
                async with asyncio.timeout(limit_s):
                    return await self._twice(perform)
            except TimeoutError:
                self.leave()
                raise StoreUnavailable(_late(limit_s)) from None

    def leave(self) -> None:
        """One that did not answer in time is given up by itself. The others lead to the same
        server, and would each cost as much again."""
        self._times_left += 1

    async def _twice(self, perform: Callable[[Connection], T]) -> T:
        try:
            return await self._perform(perform)
        except _LostBeforeCommit:
            return await self._perform(perform)

    async def _perform(self, perform: Callable[[Connection], T]) -> T:
        async with self.engine.begin() as connection:
            try:
                return await connection.run_sync(perform)
            except DBAPIError as error:
                if error.connection_invalidated:
                    raise _LostBeforeCommit(str(error.orig)) from error
                raise

    def _connected(self, _: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        record.info[_MADE_AFTER] = self._times_left

    def _is_left(self, record: ConnectionPoolEntry) -> bool:
        """Whether it leads to a server that was left since it was made."""
        return record.info.get(_MADE_AFTER) != self._times_left

    def _checked_out(self, _: DBAPIConnection, record: ConnectionPoolEntry, __: object) -> None:
        if self._is_left(record):
            raise DisconnectionError

    def _closes(self, connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        """Without a good-bye where there is nobody to answer it: the driver would wait 2 s."""
        driver = connection.driver_connection
        if isinstance(driver, asyncpg.Connection) and self._is_left(record):
            driver.terminate()


def _late(limit_s: float | None) -> str:
    return "no answer in time" if limit_s is None else f"no answer within {limit_s:g} s"


class _LostBeforeCommit(OSError):
    pass


@asynccontextmanager
async def reading(address: str) -> AsyncIterator[Transactions]:
    """Lists and look-ups, on connections of their own: they never wait for the writer."""
    async with _by(async_engine(address, size=_READERS, only_reads=True)) as transactions:
        yield transactions


@asynccontextmanager
async def writing_to_server(address: str) -> AsyncIterator[Async]:
    """One of its connections is for what one statement does (see `at_once.py`)."""
    async with _by(async_engine(address, size=2), WRITE_LIMIT_S) as transactions:
        yield transactions


@asynccontextmanager
async def migrating_server(address: str) -> AsyncIterator[Transactions]:
    """An index of a large table takes long, and so does another process that makes it."""
    async with _by(async_engine(address, size=1, is_patient=True)) as transactions:
        yield transactions


@asynccontextmanager
async def _by(engine: AsyncEngine, limit_s: float | None = None) -> AsyncIterator[Async]:
    try:
        yield Async(engine, limit_s)
    finally:
        await engine.dispose()

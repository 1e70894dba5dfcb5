"""Runs transactions off the loop."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.outbox.engine import async_engine, is_sqlite, sqlite_writer, store_errors

T = TypeVar("T")
_READERS = 4


class Transactions(Protocol):
    async def run(self, perform: Callable[[Connection], T]) -> T:
        """`perform` within a transaction of its own. Raises StoreUnavailable."""
        ...


class OneHop:
    """SQLite's writer: a transaction is one hop to one thread, whatever number of statements it
    has. By aiosqlite each statement is three hops there and back, each of which waits for its
    turn in a loop that is busy with calls: measured, a third of the calls a second."""

    def __init__(self, engine: Engine, thread: ThreadPoolExecutor) -> None:
        self._engine = engine
        self._thread = thread

    async def run(self, perform: Callable[[Connection], T]) -> T:
        with store_errors():
            return await asyncio.get_running_loop().run_in_executor(
                self._thread, self._perform, perform
            )

    def _perform(self, perform: Callable[[Connection], T]) -> T:
        with self._engine.begin() as connection:
            return perform(connection)


class Async:
    """By an async engine: everything on PostgreSQL, look-ups on SQLite."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def run(self, perform: Callable[[Connection], T]) -> T:
        """Once more where the connection turns out to be lost, after a restart of the server
        say: what it did not come to commit has not happened."""
        with store_errors():
            try:
                return await self._perform(perform)
            except _LostBeforeCommit:
                return await self._perform(perform)

    async def _perform(self, perform: Callable[[Connection], T]) -> T:
        async with self._engine.begin() as connection:
            try:
                return await connection.run_sync(perform)
            except DBAPIError as error:
                if error.connection_invalidated:
                    raise _LostBeforeCommit from error
                raise


class _LostBeforeCommit(OSError):
    pass


@asynccontextmanager
async def writing(address: str) -> AsyncIterator[Transactions]:
    """One transaction at a time."""
    if not is_sqlite(address):
        async with _async(address, size=1) as transactions:
            yield transactions
        return
    engine = sqlite_writer(address)
    thread = ThreadPoolExecutor(1, thread_name_prefix="outbox writer")
    try:
        yield OneHop(engine, thread)
    finally:
        # Not waited for in the loop: what still runs there has a limit of its own.
        await asyncio.to_thread(thread.shutdown)
        engine.dispose()


@asynccontextmanager
async def reading(address: str) -> AsyncIterator[Transactions]:
    """Lists and look-ups, on connections of their own: they never wait for the writer."""
    async with _async(address, size=_READERS, only_reads=True) as transactions:
        yield transactions


@asynccontextmanager
async def _async(address: str, *, size: int, only_reads: bool = False) -> AsyncIterator[Async]:
    engine = async_engine(address, size=size, only_reads=only_reads)
    try:
        yield Async(engine)
    finally:
        await engine.dispose()

"""Runs transactions off the loop."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.outbox.engine import async_engine, store_errors

T = TypeVar("T")
_READERS = 4


class Transactions(Protocol):
    async def run(self, perform: Callable[[Connection], T]) -> T:
        """`perform` within a transaction of its own. Raises StoreUnavailable."""
        ...


class Async:
    """By an async engine: everything on PostgreSQL, look-ups on SQLite."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine

    async def run(self, perform: Callable[[Connection], T]) -> T:
        """Once more where the connection turns out to be lost, after a restart of the server
        say: what it did not come to commit has not happened."""
        with store_errors():
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
                    raise _LostBeforeCommit from error
                raise


class _LostBeforeCommit(OSError):
    pass


@asynccontextmanager
async def reading(address: str) -> AsyncIterator[Transactions]:
    """Lists and look-ups, on connections of their own: they never wait for the writer."""
    async with by_server(address, size=_READERS, only_reads=True) as transactions:
        yield transactions


@asynccontextmanager
async def by_server(address: str, *, size: int, only_reads: bool = False) -> AsyncIterator[Async]:
    engine = async_engine(address, size=size, only_reads=only_reads)
    try:
        yield Async(engine)
    finally:
        await engine.dispose()

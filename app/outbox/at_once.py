"""What one statement does, by the driver of PostgreSQL itself."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import asyncpg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.outbox.dialect import Part, insert_at_once
from app.outbox.engine import is_of_the_values, store_errors
from app.outbox.errors import StoreUnavailable
from app.outbox.transactions import WRITE_LIMIT_S, Async

# The last of them is how the driver says that the connection broke as it was used.
_FAILED = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
# With these the driver refuses a statement before a byte of it is sent: so says its source
# (coreproto.pyx and protocol.pyx of asyncpg 0.32).
_UNSENT = ("cannot switch to state", "not connected", "cannot perform operation")
_IDLE_S = 0.01
_TURNS = 3


class Direct:
    """A connection that is kept. A statement is a transaction by itself: there and back once, where
    SQLAlchemy would go three times and put as much of its own around each."""

    def __init__(self, transactions: Async) -> None:
        self._transactions = transactions
        self._engine = transactions.engine
        self._held: AsyncConnection | None = None
        self._used_at = 0.0

    async def insert(self, parts: Sequence[Part]) -> bool:
        """False: the values are to blame, and nothing is written. Raises StoreUnavailable; where
        the connection was lost meanwhile it may be written all the same."""
        statement, values = insert_at_once(self._engine.dialect, parts)
        with store_errors():
            try:
                async with asyncio.timeout(WRITE_LIMIT_S):
                    await self._send(statement, values)
            except _FAILED as error:
                if is_of_the_values(error):
                    return False
                # Also where the server is a standby now: its connection is good, and never takes
                # a write again.
                await self.close()
                raise OSError(str(error)) from error
            except TimeoutError:
                self._transactions.leave()
                await self.close()
                raise StoreUnavailable(f"no answer within {WRITE_LIMIT_S:g} s") from None
            except (ValueError, TypeError, OverflowError):
                return False
        return True

    async def close(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            with suppress(SQLAlchemyError, OSError):
                await held.invalidate()
                await held.close()

    async def _send(self, statement: str, values: Sequence[Any]) -> None:
        connection = await self._connection()
        try:
            await connection.execute(statement, *values)
        except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            if not str(error).startswith(_UNSENT):
                raise
            # The server's farewell was read, the end of the connection not yet.
            await self.close()
            await (await self._connection()).execute(statement, *values)

    async def _connection(self) -> Any:
        await self._hear()
        if self._held is not None:
            connection = (await self._held.get_raw_connection()).driver_connection
            if connection is not None and not connection.is_closed():
                return connection
            await self.close()
        self._held = await self._engine.connect()
        return (await self._held.get_raw_connection()).driver_connection

    async def _hear(self) -> None:
        """That the server closed it, at a restart say, is known when the loop has come to read it:
        else the first calls after it would be refused for nothing."""
        now = asyncio.get_running_loop().time()
        if now - self._used_at > _IDLE_S:
            for _ in range(_TURNS):
                await asyncio.sleep(0)
        self._used_at = now

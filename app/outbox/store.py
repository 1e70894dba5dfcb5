"""The outbox: each public method is one transaction."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from sqlalchemy import insert, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.kit.clock import Clock
from app.model.delivery import Attempt, Delivery, DeliveryId, DeliveryState
from app.model.event import Event, EventId
from app.outbox import claims, history, tables
from app.outbox.accept import ACCEPT, Acceptance, Accepted, Duplicate
from app.outbox.engine import reader_engine, store_errors, writer_engine
from app.outbox.errors import StoreUnavailable
from app.outbox.history import Backlog, DeliveryFilter, EventFilter
from app.outbox.migrations import upgrade
from app.outbox.rows import delivery_values, micros
from app.outbox.settle import SETTLE, Settlement
from app.outbox.wakeup import Wakeup
from app.outbox.writer import SharedWriter, WriterLimits

_log = structlog.get_logger()
T = TypeVar("T")
_CLOSE_LIMIT_S = 15.0
_READ_LIMIT_S = 30.0
_PROBE_LIMIT_S = 2.0


@dataclass(frozen=True, slots=True)
class _Parts:
    writing: AsyncEngine
    reading: AsyncEngine
    writer: SharedWriter


class Outbox:
    """Every method raises StoreUnavailable when the store can't do it now."""

    def __init__(self, parts: _Parts, clock: Clock) -> None:
        self._writer = parts.writer
        self._reading = parts.reading
        self._clock = clock
        self.wakeup = Wakeup()

    @classmethod
    @asynccontextmanager
    async def open(
        cls, url: str, *, clock: Clock, writer: WriterLimits | None = None
    ) -> AsyncIterator["Outbox"]:
        """Brings the tables up to date first. At the end what waits to be written is written.

        Raises StoreUnavailable, StoreAddressRefused.
        """
        writing, reading = writer_engine(url), reader_engine(url)
        shared = SharedWriter(writing, writer or WriterLimits())
        try:
            async with shared.transaction() as connection:
                await connection.run_sync(upgrade)
            task = asyncio.create_task(shared.run(), name="outbox writer")
            try:
                yield cls(_Parts(writing, reading, shared), clock)
            finally:
                shared.close()
                await _finish(task)
        finally:
            await writing.dispose()
            await reading.dispose()

    async def accept(
        self, acceptances: Sequence[Acceptance], *, limit_s: float = 5.0
    ) -> list[Accepted | Duplicate]:
        """All of them or none, in a commit that is shared with whoever waits at the moment."""
        results = await self._writer.write(ACCEPT, tuple(acceptances), limit_s=limit_s)
        if any(acceptance.deliveries for acceptance in acceptances):
            self.wakeup.notify()
        return results

    async def settle(self, settlement: Settlement, *, limit_s: float = 10.0) -> bool:
        """False when the lease is no longer ours: somebody else decides then."""
        return await self._writer.write(SETTLE, settlement, limit_s=limit_s)

    async def claim(
        self, *, owner: str, destination: str, limit: int, lease_s: float
    ) -> list[Delivery]:
        """Due deliveries, the longest due first, held by `owner` for `lease_s` seconds."""
        async with self._writer.transaction() as connection:
            return await claims.claim(
                connection,
                owner=owner,
                destination=destination,
                limit=limit,
                now=self._clock.now(),
                lease_s=lease_s,
            )

    async def take_expired(self, *, owner: str, limit: int, lease_s: float) -> list[Delivery]:
        """Deliveries of workers that were lost, now held by `owner`: each may have been sent."""
        async with self._writer.transaction() as connection:
            return await claims.take_expired(
                connection, owner=owner, now=self._clock.now(), limit=limit, lease_s=lease_s
            )

    async def renew(self, owner: str, ids: Sequence[DeliveryId], lease_s: float) -> int:
        """How many of them `owner` still holds."""
        until = self._clock.now() + timedelta(seconds=lease_s)
        async with self._writer.transaction() as connection:
            return await claims.renew(connection, owner, ids, until)

    async def give_back(self, owner: str, ids: Sequence[DeliveryId]) -> int:
        """For deliveries that were not sent: due again, no attempt counted."""
        async with self._writer.transaction() as connection:
            return await claims.give_back(connection, owner, ids)

    async def replay(self, delivery: Delivery) -> None:
        """Adds a new delivery of an event that exists."""
        async with self._writer.transaction() as connection:
            await connection.execute(insert(tables.delivery), [delivery_values(delivery)])
        self.wakeup.notify()

    async def cancel(self, delivery_id: DeliveryId, reason: str) -> bool:
        """A waiting delivery becomes a dead letter. False when it waits no more."""
        table = tables.delivery
        async with self._writer.transaction() as connection:
            done = await connection.execute(
                update(table)
                .where(table.c.id == delivery_id, claims.in_state(DeliveryState.PENDING))
                .values(
                    state=DeliveryState.DEAD.value,
                    reason=reason,
                    finished_at=micros(self._clock.now()),
                )
            )
        return done.rowcount == 1

    async def probe(self) -> None:
        """Proves that the store takes a write, and leaves none."""
        try:
            async with asyncio.timeout(_PROBE_LIMIT_S), self._writer.transaction() as connection:
                await connection.execute(
                    text("UPDATE alembic_version SET version_num = version_num")
                )
        except TimeoutError:
            raise StoreUnavailable(f"no write within {_PROBE_LIMIT_S:g} s") from None

    async def has_due(self, destination: str) -> bool:
        """A look without a lock, so that an idle worker never makes a writer wait."""
        query = claims.due(destination, self._clock.now(), 1)

        async def look(connection: AsyncConnection) -> bool:
            return (await connection.execute(query)).first() is not None

        return await self._read(look)

    async def has_expired(self) -> bool:
        query = claims.expired(self._clock.now(), 1)

        async def look(connection: AsyncConnection) -> bool:
            return (await connection.execute(query)).first() is not None

        return await self._read(look)

    async def next_due_at(self, destinations: Sequence[str]) -> datetime | None:
        return await self._read(lambda c: claims.next_due_at(c, destinations))

    async def event(self, event_id: EventId) -> Event | None:
        return await self._read(lambda c: history.event(c, event_id))

    async def events(self, wanted: EventFilter, *, limit: int) -> list[Event]:
        return await self._read(lambda c: history.events(c, wanted, limit))

    async def delivery(self, delivery_id: DeliveryId) -> Delivery | None:
        return await self._read(lambda c: history.delivery(c, delivery_id))

    async def deliveries(self, wanted: DeliveryFilter, *, limit: int) -> list[Delivery]:
        return await self._read(lambda c: history.deliveries(c, wanted, limit))

    async def attempts(self, delivery_id: DeliveryId) -> list[Attempt]:
        return await self._read(lambda c: history.attempts(c, delivery_id))

    async def backlog(self) -> list[Backlog]:
        return await self._read(history.backlog)

    async def _read(self, look: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        with store_errors():
            try:
                async with asyncio.timeout(_READ_LIMIT_S), self._reading.connect() as connection:
                    return await look(connection)
            except TimeoutError:
                raise StoreUnavailable(f"no answer within {_READ_LIMIT_S:g} s") from None


async def _finish(task: asyncio.Task[None]) -> None:
    try:
        await asyncio.wait_for(task, _CLOSE_LIMIT_S)
    except TimeoutError:
        _log.error("store.closed_early", limit_s=_CLOSE_LIMIT_S)

"""A worker on a real store, against a stand-in for Altcraft."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random
from typing import Any

from app.altcraft.client import Address, AltcraftClient
from app.delivery import RetryPolicy, Worker
from app.delivery.gate import Gate
from app.delivery.lane import Lane
from app.delivery.pace import Asked
from app.delivery.store import Store
from app.delivery.width import Width
from app.delivery.worker import WorkerLimits
from app.kit.clock import Clock
from app.kit.secret import Secret
from app.model.delivery import Delivery, DeliveryId, DeliveryState
from app.model.handling import PLAIN, Handling
from app.model.outcome import OutcomeKind
from app.model.start import InDoubt, Match
from app.observe.counts import Counts
from app.outbox import (
    Acceptance,
    Backlog,
    Claimed,
    Outbox,
    Pace,
    Settlement,
    Share,
    Stoppage,
    StoreUnavailable,
)
from app.outbox.wakeup import Wakeup
from app.sandbox import RunningSandbox
from tests.support.sandboxes import TOKEN
from tests.support.values import a_delivery, an_event

POLICY = RetryPolicy(tries=6, age_s=3600, base_s=0.02, cap_s=0.05)
LIMIT_S = 15.0
_FINAL = (DeliveryState.DONE, DeliveryState.DEAD)


class Shaky:
    """The real store behind a way that breaks when told to, and that counts look-ups."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self.is_away = False
        self.refused = 0
        self.refusals_to_settle = 0
        self.look_ups = 0
        self.takings = 0

    @property
    def wakeup(self) -> Wakeup:
        return self._outbox.wakeup

    def _reach(self) -> Outbox:
        if self.is_away:
            self.refused += 1
            raise StoreUnavailable("away")
        return self._outbox

    async def claim(
        self, *, owner: str, pace: Pace, room: int, lease_s: float, share: Share
    ) -> Claimed:
        return await self._reach().claim(
            owner=owner, pace=pace, room=room, lease_s=lease_s, share=share
        )

    async def next_due_at(self, destination: str) -> datetime | None:
        self.look_ups += 1
        return await self._reach().next_due_at(destination)

    async def settle(self, settlements: Sequence[Settlement]) -> Sequence[bool]:
        if self.refusals_to_settle:
            self.refusals_to_settle -= 1
            raise StoreUnavailable("not now")
        return await self._reach().settle(settlements)

    async def has_late(self) -> bool:
        return await self._reach().has_late()

    async def expire(self) -> list[Delivery]:
        return await self._reach().expire()

    async def stoppages(self) -> list[Stoppage]:
        return await self._reach().stoppages()

    async def put_stoppages(self, found: Sequence[Stoppage], gone: Sequence[str]) -> None:
        await self._reach().put_stoppages(found, gone)

    async def probe_soon(self, destinations: Sequence[str]) -> None:
        await self._reach().probe_soon(destinations)

    async def slow_down(self, pace: Pace, asked: float) -> None:
        await self._reach().slow_down(pace, asked)

    async def renew(
        self, ids: Sequence[DeliveryId], *, owner: str, lease_s: float
    ) -> list[DeliveryId]:
        return await self._reach().renew(ids, owner=owner, lease_s=lease_s)

    async def has_expired(self) -> bool:
        return await self._reach().has_expired()

    async def take_expired(self, *, owner: str, limit: int, lease_s: float) -> list[Delivery]:
        self.takings += 1
        return await self._reach().take_expired(owner=owner, limit=limit, lease_s=lease_s)

    async def backlog(self) -> list[Backlog]:
        return await self._reach().backlog()


@dataclass(frozen=True, slots=True)
class Bench:
    outbox: Outbox
    sandbox: RunningSandbox
    clock: Clock

    def lane(self, *, name: str = "main", url: str | None = None, timeout_s: float = 5,
             rate: float | None = None, concurrency: int = 8) -> Lane:  # fmt: skip
        address = Address(url or self.sandbox.url, Secret(TOKEN), timeout_s, concurrency)
        client = AltcraftClient(address, (), self.clock)
        width, gate = Width(concurrency, self.clock), Gate(self.clock, Random(1))
        return Lane(name, client, Pace(name, rate), Asked(self.clock), POLICY, width, gate)

    @contextlib.asynccontextmanager
    async def working(
        self, *lanes: Lane, store: Store | None = None, owner: str = "w1", grace_s: float = 5,
        lease_s: float = 30, poll_s: float = 0.05,
        counts: Counts | None = None,
    ) -> AsyncIterator[Worker]:  # fmt: skip
        limits = WorkerLimits(lease_s=lease_s, poll_s=poll_s, grace_s=grace_s)
        found = store or self.outbox
        worker = Worker(found, limits, self.clock, Random(1), owner=owner, counts=counts)
        worker.use(by_name(*lanes or (self.lane(),)), limits)
        stop = asyncio.Event()
        task = asyncio.create_task(worker.run(stop))
        try:
            yield worker
        finally:
            stop.set()
            async with asyncio.timeout(LIMIT_S):
                await task

    async def accept(
        self, *matches: Match, in_doubt: InDoubt = InDoubt.RETRY, destination: str = "main",
        handling: Handling = PLAIN, at: datetime | None = None, **start: Any,
    ) -> Delivery:  # fmt: skip
        """`start`: fields of the scenario start that are not the usual ones."""
        now = at or self.clock.now()
        event = an_event(at=now)
        delivery = a_delivery(
            event,
            matches=matches,
            in_doubt=in_doubt,
            destination=destination,
            at=now,
            handling=handling,
        )
        delivery = replace(delivery, start=replace(delivery.start, **start))
        await self.outbox.accept([Acceptance(event, None, (delivery,))])
        return delivery

    async def in_state(self, delivery: Delivery, *states: DeliveryState) -> Delivery:
        """As soon as it is in one of the states."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                found = await self.look_up(delivery)
                if found.state in states:
                    return found

    async def final(self, delivery: Delivery) -> Delivery:
        return await self.in_state(delivery, *_FINAL)

    async def look_up(self, delivery: Delivery) -> Delivery:
        found = await self.outbox.delivery(delivery.id)
        assert found is not None
        return found

    async def outcomes(self, delivery: Delivery) -> list[OutcomeKind]:
        return [attempt.outcome for attempt in await self.outbox.attempts(delivery.id)]


def by_name(*lanes: Lane) -> Mapping[str, Lane]:
    return {lane.name: lane for lane in lanes}

"""A worker that dies by SIGKILL at a point of a delivery: run in a process of its own."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from random import Random

from app.altcraft import Item, Progress
from app.altcraft.client import Address, AltcraftClient
from app.delivery import RetryPolicy, Worker
from app.delivery.gate import Gate
from app.delivery.lane import Lane
from app.delivery.pace import Asked
from app.delivery.width import Width
from app.delivery.worker import WorkerLimits
from app.kit.clock import SystemClock
from app.kit.ids import new_id
from app.kit.secret import Secret
from app.model.delivery import Delivery, DeliveryId
from app.model.outcome import Outcome
from app.model.start import Match, ScenarioStart
from app.outbox import Backlog, Claimed, Outbox, Pace, Settlement, Share, Stoppage
from app.outbox.wakeup import Wakeup
from tests.support.sandboxes import TOKEN

LIMITS = WorkerLimits(lease_s=0.6, poll_s=0.02, grace_s=1)
TIMEOUT_S = 0.25
_LIMIT_S = 30.0
_ON_ITS_WAY_S = 0.05


class Point(StrEnum):
    BEFORE_CLAIM = "before claim"
    AFTER_CLAIM = "after claim"
    AFTER_SEND = "after send"
    AFTER_REPLY = "after reply"
    BEFORE_COMMIT = "before commit"
    AFTER_COMMIT = "after commit"


@dataclass(frozen=True, slots=True)
class Mortal:
    """Dies at one point, when it comes to it."""

    at: Point | None

    def reaches(self, point: Point) -> None:
        if point is self.at:
            os.kill(os.getpid(), signal.SIGKILL)


class MortalStore:
    """The real store, with a death before or after what it does."""

    def __init__(self, outbox: Outbox, mortal: Mortal) -> None:
        self._outbox = outbox
        self._mortal = mortal

    @property
    def wakeup(self) -> Wakeup:
        return self._outbox.wakeup

    async def claim(
        self, *, owner: str, pace: Pace, room: int, lease_s: float, share: Share
    ) -> Claimed:
        self._mortal.reaches(Point.BEFORE_CLAIM)
        claimed = await self._outbox.claim(
            owner=owner, pace=pace, room=room, lease_s=lease_s, share=share
        )
        if claimed.groups:
            self._mortal.reaches(Point.AFTER_CLAIM)
        return claimed

    async def settle(self, settlements: Sequence[Settlement]) -> Sequence[bool]:
        self._mortal.reaches(Point.BEFORE_COMMIT)
        settled = await self._outbox.settle(settlements)
        self._mortal.reaches(Point.AFTER_COMMIT)
        return settled

    async def next_due_at(self, destination: str) -> datetime | None:
        return await self._outbox.next_due_at(destination)

    async def has_late(self) -> bool:
        return await self._outbox.has_late()

    async def expire(self) -> list[Delivery]:
        return await self._outbox.expire()

    async def has_expired(self) -> bool:
        return await self._outbox.has_expired()

    async def take_expired(self, *, owner: str, limit: int, lease_s: float) -> list[Delivery]:
        return await self._outbox.take_expired(owner=owner, limit=limit, lease_s=lease_s)

    async def backlog(self) -> list[Backlog]:
        return await self._outbox.backlog()

    async def stoppages(self) -> list[Stoppage]:
        return await self._outbox.stoppages()

    async def put_stoppages(self, found: Sequence[Stoppage], gone: Sequence[str]) -> None:
        await self._outbox.put_stoppages(found, gone)

    async def probe_soon(self, destinations: Sequence[str]) -> None:
        await self._outbox.probe_soon(destinations)

    async def slow_down(self, pace: Pace, asked: float) -> None:
        await self._outbox.slow_down(pace, asked)

    async def renew(
        self, ids: Sequence[DeliveryId], *, owner: str, lease_s: float
    ) -> list[DeliveryId]:
        return await self._outbox.renew(ids, owner=owner, lease_s=lease_s)


class MortalClient:
    """The real client, with a death as soon as a request was written, or answered."""

    def __init__(self, client: AltcraftClient, mortal: Mortal) -> None:
        self._client = client
        self._mortal = mortal

    async def start(
        self,
        start: ScenarioStart,
        match: Match,
        *,
        imports: bool,
        request_id: str,
        progress: Progress,
        headers: Mapping[str, str],
    ) -> Outcome:
        sending = asyncio.ensure_future(
            self._client.start(
                start,
                match,
                imports=imports,
                request_id=request_id,
                progress=progress,
                headers=headers,
            )
        )
        await asyncio.wait({sending}, timeout=_ON_ITS_WAY_S)
        self._mortal.reaches(Point.AFTER_SEND)
        outcome = await sending
        self._mortal.reaches(Point.AFTER_REPLY)
        return outcome

    async def start_batch(
        self,
        items: Sequence[Item],
        *,
        as_task: bool,
        request_id: str,
        progress: Progress,
        headers: Mapping[str, str],
    ) -> list[Outcome]:
        sending = asyncio.ensure_future(
            self._client.start_batch(
                items,
                as_task=as_task,
                request_id=request_id,
                progress=progress,
                headers=headers,
            )
        )
        await asyncio.wait({sending}, timeout=_ON_ITS_WAY_S)
        self._mortal.reaches(Point.AFTER_SEND)
        outcomes = await sending
        self._mortal.reaches(Point.AFTER_REPLY)
        return outcomes

    async def close(self) -> None:
        await self._client.close()


def work(store: str, altcraft: str, at: Point | None) -> None:
    """Until nothing waits any more, or until it dies."""
    asyncio.run(_work(store, altcraft, Mortal(at)))


async def _work(store: str, altcraft: str, mortal: Mortal) -> None:
    clock, stop = SystemClock(), asyncio.Event()
    async with asyncio.timeout(_LIMIT_S), Outbox.open(store, clock=clock) as outbox:
        owner = f"worker-{new_id()}"
        mortal_store = MortalStore(outbox, mortal)
        worker = Worker(mortal_store, LIMITS, clock, Random(1), owner=owner)
        client = AltcraftClient(Address(altcraft, Secret(TOKEN), TIMEOUT_S, 4), (), clock)
        policy = RetryPolicy(tries=20, age_s=600, base_s=0.02, cap_s=0.1)
        gate = Gate(clock, Random(1))
        pace, asked = Pace("main", None), Asked(clock)
        mortal_client = MortalClient(client, mortal)
        lane = Lane("main", mortal_client, pace, asked, policy, Width(4, clock), gate)
        worker.use({"main": lane}, LIMITS)
        async with asyncio.TaskGroup() as group:
            group.create_task(worker.run(stop))
            while await outbox.backlog():  # noqa: ASYNC110 - a file tells nobody of changes
                await asyncio.sleep(0.01)
            stop.set()

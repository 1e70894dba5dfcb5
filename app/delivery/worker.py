"""The worker: claims what is due, in turns, and has it brought to Altcraft."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

import structlog

from app.delivery.deliver import Deliverer
from app.delivery.lane import Lane
from app.delivery.late import end_late, tell_of_ended
from app.delivery.lease import Leases
from app.delivery.record import Recorder
from app.delivery.stops import Stops
from app.delivery.store import Store
from app.delivery.traces import NO_TRACES, Traces
from app.delivery.verdict import RetryPolicy
from app.kit.backoff import full_jitter, spread
from app.kit.clock import Clock
from app.kit.errors import raised_at
from app.model.delivery import Delivery
from app.observe.counts import Counts
from app.outbox import StoreUnavailable

_log = structlog.get_logger()
_LEAST_WAIT_S = 0.01
_PAUSE_BASE_S = 0.3
_PAUSE_CAP_S = 5.0
# For what a lost worker held of a destination that is no longer configured.
_PATIENT = RetryPolicy(tries=100, age_s=86_400, base_s=2, cap_s=900)


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """Seconds: how long a claim holds, how often to look unasked, how long a stop may take."""

    lease_s: float
    poll_s: float
    grace_s: float


class Worker:
    """`owner` names this worker in leases: no other may have the name, now or before."""

    def __init__(
        self,
        store: Store,
        limits: WorkerLimits,
        clock: Clock,
        rng: Random,
        *,
        owner: str,
        counts: Counts | None = None,
        traces: Traces = NO_TRACES,
    ) -> None:
        self._counts = counts = counts or Counts()
        self._store = store
        self._limits = limits
        self._clock = clock
        self._rng = rng
        self._owner = owner
        recorder = Recorder(store, clock, rng, counts)
        self._leases = Leases(store, recorder, clock, rng, owner=owner, policy=self._policy)
        self._deliverer = Deliverer(store, recorder, self._leases, clock, counts, traces)
        self._stops = Stops(store, clock)
        self._lanes: dict[str, Lane] = {}
        self._retired: list[Lane] = []
        self._under_way: set[asyncio.Task[None]] = set()
        self._due_at: dict[str, datetime | None] = {}
        self._failures = 0
        self._has_new_lanes = False
        self._is_restored = False
        self._strangers: set[str] = set()

    def use(self, lanes: Mapping[str, Lane], limits: WorkerLimits) -> None:
        """From now on these destinations; what is under way on the others is finished."""
        self._retired += [lane for name, lane in self._lanes.items() if lanes.get(name) is not lane]
        self._lanes = dict(lanes)
        self._limits = limits
        self._has_new_lanes = True
        self._store.wakeup.wake()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`, then until what is in flight is finished, within the grace time. What is
        not is cut off: given back if it was not sent, else recorded as in doubt."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._wake_at(stop), name="wake the worker at a stop")
                watching = group.create_task(
                    self._leases.watch(lambda: self._limits.lease_s, lambda: self._limits.poll_s),
                    name="watch the leases",
                )
                ending = group.create_task(
                    end_late(self._store, lambda: self._limits.poll_s, self._rng, self._counts),
                    name="end what is too old",
                )
                while not stop.is_set():
                    await self._round(group, stop)
                await self._finish()
                watching.cancel()
                ending.cancel()
        finally:
            for lane in [*self._lanes.values(), *self._retired]:
                await lane.client.close()

    async def _round(self, group: asyncio.TaskGroup, stop: asyncio.Event) -> None:
        try:
            lanes = list(self._lanes.values())
            await self._begin(lanes)
            await self._stops.tell(lanes)
            await self._stops.look(lanes)
            claimed = [await self._claim(group, lane) for lane in lanes]
            self._failures = 0
            # A lane that took all it had room for may have more due; others wait to be woken.
            if not any(claimed) and not stop.is_set():
                await self._wait()
            await self._close_retired()
        except StoreUnavailable as error:
            _log.warning("delivery.store_unavailable", why=str(error))
            await self._pause(stop)
        except Exception as error:  # noqa: BLE001 - the outer loop: records, waits, goes on
            _log.error("delivery.round_failed", kind=type(error).__name__, at=raised_at(error))
            await self._pause(stop)

    async def _begin(self, lanes: Sequence[Lane]) -> None:
        if not self._is_restored:
            await self._stops.restore(lanes)
            self._is_restored = True
        await self._tell_of_strangers()

    async def _claim(self, group: asyncio.TaskGroup, lane: Lane) -> bool:
        """Only what can be sent at once, so that in flight means "may have been sent". True when
        there may be more to claim at once."""
        room = lane.room()
        if room <= 0 or self._clock.monotonic() < lane.paced_until:
            return False
        # The look spares writers an idle worker's claims. Under load it would only cost time, in
        # which free slots stay empty.
        if not lane.has_more and not await self._has_due(lane):
            return False
        found = await self._store.claim(
            owner=self._owner,
            pace=lane.pace,
            room=room,
            lease_s=self._limits.lease_s,
            share=lane.turns.share,
        )
        self._due_at[lane.name] = found.next_due_at
        self._stops.learn(lane, found.stoppage)
        if found.ready_at is not None:
            wait_s = (found.ready_at - self._clock.now()).total_seconds()
            lane.paced_until = self._clock.monotonic() + wait_s
        for members in found.groups:
            self._start(group, lane, members, is_probe=found.is_probe)
        tell_of_ended(found.ended, self._counts)
        lane.has_more = len(found.groups) == room
        return lane.has_more and lane.room() > 0

    def _start(
        self, group: asyncio.TaskGroup, lane: Lane, members: Sequence[Delivery], *, is_probe: bool
    ) -> None:
        lane.begin(is_probe=is_probe)
        for delivery in members:
            self._leases.hold(delivery)
        task = group.create_task(
            self._deliverer.deliver(lane, members, is_probe=is_probe),
            name=f"deliver {members[0].id}",
        )
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _has_due(self, lane: Lane) -> bool:
        due_at = await self._store.next_due_at(lane.name)
        self._due_at[lane.name] = due_at
        return due_at is not None and due_at <= self._clock.now()

    async def _wait(self) -> None:
        limit_s = spread(self._limits.poll_s, rng=self._rng)
        for lane in self._lanes.values():
            if not lane.is_full:
                limit_s = min(limit_s, self._ready_in_s(lane))
        await self._store.wakeup.wait(max(limit_s, _LEAST_WAIT_S))

    def _ready_in_s(self, lane: Lane) -> float:
        """Seconds until this lane has something due and may start it."""
        due_at = self._due_at.get(lane.name)
        if due_at is None:
            return math.inf
        due_s = (due_at - self._clock.now()).total_seconds()
        paced_s = lane.paced_until - self._clock.monotonic()
        return max(paced_s, lane.gate.ready_in_s(), due_s)

    async def _finish(self) -> None:
        if not self._under_way:
            return
        _log.info("delivery.finishing", in_flight=len(self._under_way))
        _, left = await asyncio.wait(self._under_way, timeout=self._limits.grace_s)
        if not left:
            return
        _log.warning("delivery.cut_off", in_flight=len(left), grace_s=self._limits.grace_s)
        for task in left:
            task.cancel()
        await asyncio.wait(left)

    def _policy(self, destination: str) -> RetryPolicy:
        lane = self._lanes.get(destination)
        return lane.policy if lane else _PATIENT

    async def _tell_of_strangers(self) -> None:
        """Deliveries of destinations that are configured no more wait; once, a line says so."""
        if not self._has_new_lanes:
            return
        waiting = {backlog.destination for backlog in await self._store.backlog()}
        self._has_new_lanes = False
        self._strangers &= waiting - self._lanes.keys()
        for name in sorted(waiting - self._lanes.keys() - self._strangers):
            self._strangers.add(name)
            _log.warning("delivery.destination_unknown", destination=name)

    async def _close_retired(self) -> None:
        for lane in [lane for lane in self._retired if lane.in_flight == 0]:
            self._retired.remove(lane)
            await lane.client.close()

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._store.wakeup.wake()

    async def _pause(self, stop: asyncio.Event) -> None:
        self._failures += 1
        wait_s = full_jitter(
            self._failures, base_s=_PAUSE_BASE_S, cap_s=_PAUSE_CAP_S, rng=self._rng
        )
        try:
            async with asyncio.timeout(wait_s):
                await stop.wait()
        except TimeoutError:
            return

"""The worker: claims what is due, sends it, and has it recorded."""

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random

import structlog

from app.altcraft.progress import Progress
from app.delivery.attempt import give_back, request_id
from app.delivery.lane import Lane
from app.delivery.lease import Leases
from app.delivery.record import LAST_WRITE_S, Recorder
from app.delivery.store import Store
from app.delivery.verdict import RetryPolicy
from app.kit.backoff import full_jitter, spread
from app.kit.clock import Clock
from app.kit.errors import raised_at
from app.model.delivery import Delivery
from app.model.outcome import Outcome, OutcomeKind
from app.outbox import StoreUnavailable

_log = structlog.get_logger()
_CUT_OFF = "the worker stopped before an answer came; the start may have been sent"
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
        self, store: Store, limits: WorkerLimits, clock: Clock, rng: Random, *, owner: str
    ) -> None:
        self._store = store
        self._limits = limits
        self._clock = clock
        self._rng = rng
        self._owner = owner
        self._recorder = Recorder(store, clock, rng)
        self._leases = Leases(store, self._recorder, clock, rng, owner=owner, policy=self._policy)
        self._lanes: dict[str, Lane] = {}
        self._retired: list[Lane] = []
        self._under_way: set[asyncio.Task[None]] = set()
        self._failures = 0
        self._has_new_lanes = False
        self._strangers: set[str] = set()

    def use(self, lanes: Mapping[str, Lane], limits: WorkerLimits) -> None:
        """From now on these destinations; what is under way on the others is finished."""
        self._retired += [lane for name, lane in self._lanes.items() if lanes.get(name) is not lane]
        self._lanes = dict(lanes)
        self._limits = limits
        self._has_new_lanes = True
        self._store.wakeup.notify()

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
                while not stop.is_set():
                    await self._round(group, stop)
                await self._finish()
                watching.cancel()
        finally:
            for lane in [*self._lanes.values(), *self._retired]:
                await lane.client.close()

    async def _round(self, group: asyncio.TaskGroup, stop: asyncio.Event) -> None:
        try:
            await self._tell_of_strangers()
            claimed = [await self._claim(group, lane) for lane in list(self._lanes.values())]
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

    async def _claim(self, group: asyncio.TaskGroup, lane: Lane) -> bool:
        """Only what can be sent at once, so that in flight means "may have been sent". True when
        there may be more to claim at once."""
        room = lane.room()
        if room <= 0:
            return False
        # The look spares writers an idle worker's claims. Under load it would only cost time, in
        # which free slots stay empty.
        if not lane.has_more and not await self._store.has_due(lane.name):
            return False
        found = await self._store.claim(
            owner=self._owner, destination=lane.name, limit=room, lease_s=self._limits.lease_s
        )
        lane.pace.take(len(found))
        lane.in_flight += len(found)
        for delivery in found:
            self._leases.hold(delivery)
            task = group.create_task(self._deliver(lane, delivery), name=f"deliver {delivery.id}")
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        lane.has_more = len(found) == room
        return lane.has_more and lane.room() > 0

    async def _wait(self) -> None:
        limit_s = spread(self._limits.poll_s, rng=self._rng)
        for lane in list(self._lanes.values()):
            if not lane.is_full:
                limit_s = min(limit_s, await self._ready_in_s(lane, limit_s))
        await self._store.wakeup.wait(max(limit_s, _LEAST_WAIT_S))

    async def _ready_in_s(self, lane: Lane, limit_s: float) -> float:
        """Seconds until this lane has something due and may start it."""
        paced_s = lane.pace.ready_in_s()
        if paced_s >= limit_s:
            return paced_s
        due_at = await self._store.next_due_at([lane.name])
        if due_at is None:
            return math.inf
        return max(paced_s, (due_at - self._clock.now()).total_seconds())

    async def _deliver(self, lane: Lane, delivery: Delivery) -> None:
        try:
            # After the machine slept, say: another worker may be sending it.
            if self._leases.is_over(delivery):
                await self._store.settle(give_back(delivery))
            else:
                await self._attempt(lane, delivery)
        except Exception as error:  # noqa: BLE001 - the lease runs out, and it is taken over
            _log.error(
                "delivery.failed",
                delivery_id=delivery.id,
                event_id=delivery.event_id,
                kind=type(error).__name__,
                at=raised_at(error),
            )
        finally:
            lane.in_flight -= 1
            self._leases.let_go(delivery)
            self._store.wakeup.notify()

    async def _attempt(self, lane: Lane, delivery: Delivery) -> None:
        started_at, progress = self._clock.now(), Progress()
        try:
            outcome = await lane.client.start(
                delivery.start,
                delivery.start.matches[delivery.match_index],
                request_id=request_id(delivery),
                progress=progress,
            )
        except asyncio.CancelledError:
            await self._cut_off(lane, delivery, progress, started_at)
            raise
        await self._recorder.record(delivery, outcome, lane.policy, started_at)

    async def _cut_off(
        self, lane: Lane, delivery: Delivery, progress: Progress, started_at: datetime
    ) -> None:
        if progress.was_written:
            outcome = Outcome(OutcomeKind.IN_DOUBT, text=_CUT_OFF, in_doubt=True)
            await self._recorder.record(
                delivery, outcome, lane.policy, started_at, limit_s=LAST_WRITE_S
            )
            return
        async with asyncio.timeout(LAST_WRITE_S):
            await self._store.settle(give_back(delivery))
        _log.info("delivery.given_back", delivery_id=delivery.id, event_id=delivery.event_id)

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
        self._store.wakeup.notify()

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

"""The worker: claims what is due, sends it, settles it, and takes over what others lost."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Protocol

import structlog

from app.delivery.attempt import conclude, request_id
from app.delivery.lane import Lane
from app.delivery.verdict import Again, RetryPolicy
from app.kit.backoff import spread
from app.kit.clock import Clock
from app.model.delivery import Delivery
from app.model.outcome import Outcome, OutcomeKind
from app.outbox import Settlement, StoreUnavailable

_log = structlog.get_logger()
_LOST = "the worker was lost after it took this delivery; the start may have been sent"
_TAKE_OVER_AT_ONCE = 100
_STORE_RETRY_S = 0.3


class Wakeup(Protocol):
    def notify(self) -> None: ...

    async def wait(self, limit_s: float) -> bool: ...


class Store(Protocol):
    @property
    def wakeup(self) -> Wakeup: ...

    async def has_due(self, destination: str) -> bool: ...

    async def claim(
        self, *, owner: str, destination: str, limit: int, lease_s: float
    ) -> list[Delivery]: ...

    async def next_due_at(self, destinations: Sequence[str]) -> datetime | None: ...

    async def settle(self, settlement: Settlement) -> bool: ...

    async def has_expired(self) -> bool: ...

    async def take_expired(self, *, owner: str, limit: int, lease_s: float) -> list[Delivery]: ...


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
        self._lanes: dict[str, Lane] = {}
        self._retired: list[Lane] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def use(self, lanes: Mapping[str, Lane], limits: WorkerLimits) -> None:
        """From now on these destinations; what is under way on the others is finished."""
        self._retired += [lane for name, lane in self._lanes.items() if lanes.get(name) is not lane]
        self._lanes = dict(lanes)
        self._limits = limits
        self._store.wakeup.notify()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`, then until what is in flight is finished, within the grace time. What is
        not finished then is left to its lease, and recorded as in doubt when that runs out."""
        recovering = asyncio.create_task(self._recover(stop), name="take over lost deliveries")
        waking = asyncio.create_task(self._wake_at(stop), name="wake at stop")
        try:
            while not stop.is_set():
                await self._round()
            await self._finish()
        finally:
            waking.cancel()
            await asyncio.gather(recovering, waking, return_exceptions=True)
            for lane in [*self._lanes.values(), *self._retired]:
                await lane.client.close()

    async def _round(self) -> None:
        try:
            claimed = [await self._claim(lane) for lane in self._lanes.values()]
            # A lane that took all it had room for may have more due; others wait to be woken.
            if not any(claimed):
                await self._wait()
            await self._close_retired()
        except StoreUnavailable as error:
            _log.warning("delivery.store_unavailable", why=str(error))
            await self._pause()
        except Exception:  # noqa: BLE001 - the outer loop: records, waits, goes on
            _log.exception("delivery.round_failed")
            await self._pause()

    async def _claim(self, lane: Lane) -> bool:
        """True when there may be more to claim at once."""
        room = lane.room()
        if room <= 0 or not await self._store.has_due(lane.name):
            return False
        found = await self._store.claim(
            owner=self._owner, destination=lane.name, limit=room, lease_s=self._limits.lease_s
        )
        lane.pace.take(len(found))
        lane.in_flight += len(found)
        for delivery in found:
            task = asyncio.create_task(self._deliver(lane, delivery), name=f"deliver {delivery.id}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return len(found) == room and lane.room() > 0

    async def _wait(self) -> None:
        limit_s = spread(self._limits.poll_s, rng=self._rng)
        free = [lane for lane in self._lanes.values() if lane.in_flight < lane.concurrency]
        if free:
            limit_s = min(limit_s, await self._due_in_s(free))
        await self._store.wakeup.wait(max(limit_s, 0.001))

    async def _due_in_s(self, lanes: Sequence[Lane]) -> float:
        due_at = await self._store.next_due_at([lane.name for lane in lanes])
        if due_at is None:
            return self._limits.poll_s
        due_in_s = (due_at - self._clock.now()).total_seconds()
        return max(due_in_s, min(lane.pace.ready_in_s() for lane in lanes))

    async def _deliver(self, lane: Lane, delivery: Delivery) -> None:
        try:
            started_at = self._clock.now()
            match = delivery.start.matches[delivery.match_index]
            outcome = await lane.client.start(
                delivery.start, match, request_id=request_id(delivery)
            )
            await self._conclude(delivery, outcome, lane.policy, started_at)
        except Exception:  # noqa: BLE001 - the lease runs out, and the delivery is taken over
            _log.exception("delivery.failed", delivery_id=delivery.id, event_id=delivery.event_id)
        finally:
            lane.in_flight -= 1
            self._store.wakeup.notify()

    async def _conclude(
        self, delivery: Delivery, outcome: Outcome, policy: RetryPolicy, started_at: datetime
    ) -> None:
        now = self._clock.now()
        settlement, verdict = conclude(
            delivery, outcome, policy, started_at=started_at, now=now, rng=self._rng
        )
        # A stop must not come between what Altcraft did and its record.
        is_ours = await asyncio.shield(self._settle(delivery, settlement))
        log = _log.info if outcome.kind is OutcomeKind.ACCEPTED else _log.warning
        log(
            "delivery.attempted",
            event_id=delivery.event_id,
            delivery_id=delivery.id,
            source=delivery.source,
            rule=delivery.start.rule,
            scenario=delivery.start.scenario,
            attempt=delivery.attempts + 1,
            outcome=outcome.kind.value,
            http_status=outcome.http_status,
            altcraft_error=outcome.altcraft_error,
            in_doubt=outcome.in_doubt,
            duration_ms=settlement.attempt.duration_ms if settlement.attempt else None,
            state=settlement.state.value,
            **(
                {"wait_s": round((verdict.at - now).total_seconds(), 1)}
                if isinstance(verdict, Again)
                else {}
            ),
            **({} if is_ours else {"recorded": False}),
        )

    async def _settle(self, delivery: Delivery, settlement: Settlement) -> bool:
        """Again and again while the lease lasts: what Altcraft did must not be forgotten because
        the store was away for a moment. After that, whoever takes over records it as in doubt."""
        until = delivery.lease_until or self._clock.now()
        while True:
            try:
                return await self._store.settle(settlement)
            except StoreUnavailable as error:
                _log.warning("delivery.not_recorded", delivery_id=delivery.id, why=str(error))
                if self._clock.now() >= until:
                    return False
                await self._pause()

    async def _recover(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                if await self._store.has_expired():
                    await self._take_over()
            except StoreUnavailable as error:
                _log.warning("delivery.store_unavailable", why=str(error))
            except Exception:  # noqa: BLE001 - the outer loop: records, waits, goes on
                _log.exception("delivery.recovery_failed")
            try:
                async with asyncio.timeout(spread(self._limits.poll_s, rng=self._rng)):
                    await stop.wait()
            except TimeoutError:
                continue

    async def _take_over(self) -> None:
        lost = await self._store.take_expired(
            owner=self._owner, limit=_TAKE_OVER_AT_ONCE, lease_s=self._limits.lease_s
        )
        for delivery in lost:
            outcome = Outcome(OutcomeKind.IN_DOUBT, text=_LOST, in_doubt=True)
            policy = self._policy(delivery)
            await self._conclude(delivery, outcome, policy, self._clock.now())
        if lost:
            self._store.wakeup.notify()

    def _policy(self, delivery: Delivery) -> RetryPolicy:
        lane = self._lanes.get(delivery.start.destination)
        return lane.policy if lane else RetryPolicy(tries=100, age_s=86400, base_s=2, cap_s=900)

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._store.wakeup.notify()

    async def _finish(self) -> None:
        if not self._tasks:
            return
        _log.info("delivery.finishing", in_flight=len(self._tasks))
        _, left = await asyncio.wait(self._tasks, timeout=self._limits.grace_s)
        for task in left:
            task.cancel()
        if left:
            _log.warning("delivery.left_to_their_lease", in_flight=len(left))
            await asyncio.gather(*left, return_exceptions=True)

    async def _close_retired(self) -> None:
        for lane in [lane for lane in self._retired if lane.in_flight == 0]:
            self._retired.remove(lane)
            await lane.client.close()

    async def _pause(self) -> None:
        await asyncio.sleep(spread(_STORE_RETRY_S, share=1.0, rng=self._rng))

"""Leases: those of deliveries under way here are kept, those of lost workers are taken over."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

import structlog

from app.delivery.attempt import Exchange
from app.delivery.record import Recorder
from app.delivery.store import Store
from app.delivery.verdict import RetryPolicy
from app.kit.backoff import spread
from app.kit.clock import Clock
from app.kit.errors import raised_at
from app.model.delivery import Delivery, DeliveryId
from app.model.outcome import Outcome, OutcomeKind
from app.outbox import StoreUnavailable

_log = structlog.get_logger()
_LOST = "the worker was lost after it took this delivery; the start may have been sent"
_AT_ONCE = 100
_RENEWED_AT = 2 / 3


class Leases:
    """`owner` names this worker in them; `policy` finds that of a destination."""

    def __init__(
        self,
        store: Store,
        recorder: Recorder,
        clock: Clock,
        rng: Random,
        *,
        owner: str,
        policy: Callable[[str], RetryPolicy],
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._clock = clock
        self._rng = rng
        self._owner = owner
        self._policy = policy
        self._until: dict[DeliveryId, datetime] = {}

    def hold(self, delivery: Delivery) -> None:
        self._until[delivery.id] = delivery.lease_until or self._clock.now()

    def let_go(self, delivery: Delivery) -> None:
        self._until.pop(delivery.id, None)

    def is_over(self, delivery: Delivery) -> bool:
        """True when another worker may have taken it over."""
        return self._clock.now() >= self._until[delivery.id]

    async def watch(self, lease_s: Callable[[], float], poll_s: Callable[[], float]) -> None:
        """Until it is cancelled."""
        while True:
            await self._look(lease_s())
            await asyncio.sleep(spread(min(poll_s(), lease_s() / 4), rng=self._rng))

    async def _look(self, lease_s: float) -> None:
        try:
            await self._renew(lease_s)
            if await self._store.has_expired():
                await self._take_over(lease_s)
        except StoreUnavailable as error:
            _log.warning("delivery.store_unavailable", why=str(error))
        except Exception as error:  # noqa: BLE001 - the outer loop: records, waits, goes on
            _log.error("delivery.leases_failed", kind=type(error).__name__, at=raised_at(error))

    async def _renew(self, lease_s: float) -> None:
        """Before the others may think that this worker is lost. Most requests are answered long
        before that."""
        soon = self._clock.now() + timedelta(seconds=lease_s * _RENEWED_AT)
        ids = [delivery_id for delivery_id, until in self._until.items() if until < soon]
        if not ids:
            return
        until = self._clock.now() + timedelta(seconds=lease_s)
        renewed = await self._store.renew(ids, owner=self._owner, lease_s=lease_s)
        for delivery_id in renewed:
            if delivery_id in self._until:
                self._until[delivery_id] = until
        if lost := [one for one in ids if one in self._until and one not in set(renewed)]:
            _log.warning("delivery.lease_lost", delivery_ids=lost)

    async def _take_over(self, lease_s: float) -> None:
        is_more = True
        while is_more:
            # Before the store is asked: what is settled meanwhile was not lost either.
            ours = set(self._until)
            lost = await self._store.take_expired(
                owner=self._owner, limit=_AT_ONCE, lease_s=lease_s
            )
            async with asyncio.TaskGroup() as group:
                for delivery in lost:
                    # Under way here: the request is slow, or the store was away when it was to be
                    # settled. Taken again it is ours for another lease, and not lost.
                    if delivery.id in ours:
                        self._extend(delivery)
                        continue
                    group.create_task(self._record(delivery), name=f"take over {delivery.id}")
            self._store.wakeup.wake()
            is_more = len(lost) == _AT_ONCE

    def _extend(self, delivery: Delivery) -> None:
        if delivery.id in self._until:
            self.hold(delivery)

    async def _record(self, delivery: Delivery) -> None:
        """Together, so that they share commits; each by itself, so that none spoils the rest."""
        outcome = Outcome(OutcomeKind.IN_DOUBT, text=_LOST, in_doubt=True)
        policy = self._policy(delivery.start.destination)
        try:
            exchange = Exchange(delivery, outcome, self._clock.now())
            await self._recorder.record([exchange], policy)
        except Exception as error:  # noqa: BLE001 - its lease runs out once more
            _log.error(
                "delivery.failed",
                delivery_id=delivery.id,
                kind=type(error).__name__,
                at=raised_at(error),
            )

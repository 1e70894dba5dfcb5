"""Lets a caller wait for the outcome of what its call started."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from random import Random
from typing import Protocol, TypeVar

from app.ingest.accept import Taking
from app.kit.clock import Clock
from app.model.delivery import Delivery, DeliveryId, DeliveryState

T = TypeVar("T")
_FINAL = frozenset({DeliveryState.DONE, DeliveryState.DEAD})


class Deliveries(Protocol):
    async def delivery(self, delivery_id: DeliveryId) -> Delivery | None: ...


class Outcomes:
    """Looks the deliveries up again and again, in growing steps. Between two looks nothing of
    the store is held, so waiting callers cost it no connection and no transaction."""

    def __init__(self, deliveries: Deliveries, clock: Clock, rng: Random) -> None:
        self._deliveries = deliveries
        self._clock = clock
        self._rng = rng

    async def wait(
        self, takings: Sequence[Taking], limit_s: float
    ) -> list[dict[str, object]] | None:
        """The outcomes when all are final in time, else None."""

        async def look() -> list[list[Delivery]]:
            return [await self._look(taking) for taking in takings]

        async for found in self._looks(look, limit_s):
            if all(d.state in _FINAL for deliveries in found for d in deliveries):
                return [_shape(t, ds) for t, ds in zip(takings, found, strict=True)]
        return None

    async def _looks(self, look: Callable[[], Awaitable[T]], limit_s: float) -> AsyncIterator[T]:
        end = self._clock.monotonic() + limit_s
        step = 0.02
        while True:
            yield await look()
            left = end - self._clock.monotonic()
            if left <= 0:
                return
            await asyncio.sleep(min(left, step * self._rng.uniform(0.8, 1.2)))
            step = min(step * 1.5, 0.5)

    async def final(self, delivery_id: DeliveryId, limit_s: float) -> Delivery | None:
        """One delivery when it is final in time, else None."""
        async for found in self._looks(lambda: self._deliveries.delivery(delivery_id), limit_s):
            if found is not None and found.state in _FINAL:
                return found
        return None

    async def _look(self, taking: Taking) -> list[Delivery]:
        looked = [await self._deliveries.delivery(d.id) for d in taking.deliveries]
        return [delivery for delivery in looked if delivery is not None]


def _shape(taking: Taking, deliveries: Sequence[Delivery]) -> dict[str, object]:
    return {
        "event_id": taking.event_id,
        "status": taking.status,
        "deliveries": [
            {
                "id": d.id,
                "rule": d.start.rule,
                d.start.target.value: d.start.scenario,
                "state": d.state,
                "outcome": d.outcome,
            }
            for d in deliveries
        ],
    }

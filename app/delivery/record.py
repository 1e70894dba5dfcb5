"""Writes down what became of an attempt, whatever the store and the stop of the process do."""

import asyncio
from datetime import datetime
from random import Random

import structlog

from app.delivery.attempt import conclude
from app.delivery.store import Store
from app.delivery.verdict import Again, RetryPolicy, Verdict
from app.kit.backoff import full_jitter
from app.kit.clock import Clock
from app.model.delivery import Delivery
from app.model.outcome import Outcome, OutcomeKind
from app.outbox import Settlement, StoreUnavailable

_log = structlog.get_logger()
LAST_WRITE_S = 5.0
_RETRY_BASE_S = 0.2
_RETRY_CAP_S = 3.0


class Recorder:
    def __init__(self, store: Store, clock: Clock, rng: Random) -> None:
        self._store = store
        self._clock = clock
        self._rng = rng

    async def record(
        self,
        delivery: Delivery,
        outcome: Outcome,
        policy: RetryPolicy,
        started_at: datetime,
        *,
        limit_s: float | None = None,
    ) -> None:
        """Tries until the store takes it, for `limit_s` seconds at most; when cancelled,
        LAST_WRITE_S more. What is not recorded then is left to its lease."""
        now = self._clock.now()
        settlement, verdict = conclude(
            delivery, outcome, policy, started_at=started_at, now=now, rng=self._rng
        )
        is_ours = await self._through_a_stop(delivery, settlement, limit_s)
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
            **_wait(verdict, now),
            **({} if is_ours else {"recorded": False}),
        )

    async def _through_a_stop(
        self, delivery: Delivery, settlement: Settlement, limit_s: float | None
    ) -> bool:
        """A stop must not come between what Altcraft did and its record; nor must a store that is
        away hold up the stop for long."""
        settling = asyncio.create_task(
            self._settle(delivery, settlement, limit_s), name=f"settle {delivery.id}"
        )
        try:
            return await asyncio.shield(settling)
        except asyncio.CancelledError:
            await asyncio.wait({settling}, timeout=LAST_WRITE_S)
            if settling.cancel():
                _log.warning("delivery.left_to_its_lease", delivery_id=delivery.id)
            raise

    async def _settle(
        self, delivery: Delivery, settlement: Settlement, limit_s: float | None
    ) -> bool:
        """Again and again while the store is away: what Altcraft did must not be forgotten, for
        then it would be sent once more. False when somebody else took the delivery over."""
        try:
            async with asyncio.timeout(limit_s):
                return await self._settle_when_possible(delivery, settlement)
        except TimeoutError:
            _log.warning("delivery.left_to_its_lease", delivery_id=delivery.id)
            return False

    async def _settle_when_possible(self, delivery: Delivery, settlement: Settlement) -> bool:
        tries = 0
        while True:
            try:
                return await self._store.settle(settlement)
            except StoreUnavailable as error:
                tries += 1
                if tries == 1:
                    _log.warning("delivery.not_recorded", delivery_id=delivery.id, why=str(error))
            await asyncio.sleep(
                full_jitter(tries, base_s=_RETRY_BASE_S, cap_s=_RETRY_CAP_S, rng=self._rng)
            )


def _wait(verdict: Verdict, now: datetime) -> dict[str, float]:
    if not isinstance(verdict, Again):
        return {}
    return {"wait_s": round((verdict.at - now).total_seconds(), 1)}

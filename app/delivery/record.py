"""Writes down what became of an attempt, whatever the store and the stop of the process do."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from random import Random

import structlog

from app.delivery.attempt import Exchange, conclude
from app.delivery.store import Store
from app.delivery.traces import trace_of
from app.delivery.verdict import Again, RetryPolicy, Spared, Verdict
from app.kit.backoff import full_jitter
from app.kit.clock import Clock
from app.model.delivery import DeliveryState
from app.model.outcome import OutcomeKind
from app.observe.counts import Counts
from app.outbox import Settlement, StoreUnavailable

_log = structlog.get_logger()
LAST_WRITE_S = 5.0
_RETRY_BASE_S = 0.2
_RETRY_CAP_S = 3.0
_FINAL = (DeliveryState.DONE, DeliveryState.DEAD)


class Recorder:
    def __init__(self, store: Store, clock: Clock, rng: Random, counts: Counts) -> None:
        self._store = store
        self._counts = counts
        self._clock = clock
        self._rng = rng

    async def record(
        self, exchanges: Sequence[Exchange], policy: RetryPolicy, *, limit_s: float | None = None
    ) -> None:
        """All of one request in one commit. Tries until the store takes it, for `limit_s` seconds
        at most; when cancelled, LAST_WRITE_S more. What is not recorded then is left to its
        lease."""
        now = self._clock.now()
        concluded = [conclude(exchange, policy, now=now, rng=self._rng) for exchange in exchanges]
        settlements = [settlement for settlement, _ in concluded]
        recorded = await self._through_a_stop(settlements, limit_s)
        tells_all = _log.is_enabled_for(logging.INFO)
        for exchange, (settlement, verdict), is_ours in zip(
            exchanges, concluded, recorded, strict=True
        ):
            if is_ours:
                self._count(exchange, settlement, now)
            if tells_all or exchange.outcome.kind is not OutcomeKind.ACCEPTED:
                _tell(exchange, settlement, verdict, now, is_ours=is_ours)

    def _count(self, exchange: Exchange, settlement: Settlement, now: datetime) -> None:
        """Once for each attempt that is recorded: what is not will be by whoever takes it over."""
        delivery, outcome = exchange.delivery, exchange.outcome
        to = delivery.start.destination
        self._counts.attempt(to, outcome.kind, in_doubt=outcome.in_doubt)
        if settlement.state in _FINAL:
            self._counts.ended(to, settlement.state, settlement.outcome or outcome.kind)
        if outcome.kind is OutcomeKind.ACCEPTED:
            self._counts.started(to, max(0.0, (now - delivery.created_at).total_seconds()))

    async def _through_a_stop(
        self, settlements: Sequence[Settlement], limit_s: float | None
    ) -> Sequence[bool]:
        """A stop must not come between what Altcraft did and its record; nor must a store that is
        away hold up the stop for long."""
        settling = asyncio.create_task(
            self._settle(settlements, limit_s), name=f"settle {settlements[0].delivery_id}"
        )
        try:
            return await asyncio.shield(settling)
        except asyncio.CancelledError:
            await asyncio.wait({settling}, timeout=LAST_WRITE_S)
            if settling.cancel():
                _tell_left(settlements)
            raise

    async def _settle(
        self, settlements: Sequence[Settlement], limit_s: float | None
    ) -> Sequence[bool]:
        """Again and again while the store is away: what Altcraft did must not be forgotten, for
        then it would be sent once more. False of what somebody else took over."""
        try:
            async with asyncio.timeout(limit_s):
                return await self._settle_when_possible(settlements)
        except TimeoutError:
            _tell_left(settlements)
            return [False] * len(settlements)

    async def _settle_when_possible(self, settlements: Sequence[Settlement]) -> Sequence[bool]:
        tries = 0
        while True:
            try:
                return await self._store.settle(settlements)
            except StoreUnavailable as error:
                tries += 1
                if tries == 1:
                    ids = [one.delivery_id for one in settlements]
                    _log.warning("delivery.not_recorded", delivery_ids=ids, why=str(error))
            await asyncio.sleep(
                full_jitter(tries, base_s=_RETRY_BASE_S, cap_s=_RETRY_CAP_S, rng=self._rng)
            )


def _tell_left(settlements: Sequence[Settlement]) -> None:
    ids = [one.delivery_id for one in settlements]
    _log.warning("delivery.left_to_its_lease", delivery_ids=ids)


def _tell(
    exchange: Exchange,
    settlement: Settlement,
    verdict: Verdict,
    now: datetime,
    *,
    is_ours: bool,
) -> None:
    delivery, outcome = exchange.delivery, exchange.outcome
    is_good = outcome.kind is OutcomeKind.ACCEPTED
    log = _log.info if is_good else _log.warning
    log(
        "delivery.attempted",
        event_id=delivery.event_id,
        delivery_id=delivery.id,
        source=delivery.source,
        rule=delivery.start.rule,
        **{delivery.start.target.value: delivery.start.scenario},
        attempt=delivery.attempts + 1,
        outcome=outcome.kind.value,
        http_status=outcome.http_status,
        altcraft_error=outcome.altcraft_error,
        in_doubt=outcome.in_doubt,
        duration_ms=settlement.attempt.duration_ms if settlement.attempt else None,
        state=settlement.state.value,
        **({"together": exchange.together} if exchange.together > 1 else {}),
        **_wait(verdict, now),
        **trace_of(delivery),
        **({} if is_ours else {"recorded": False}),
        **({"note": delivery.reason} if is_good and delivery.reason else {}),
    )


def _wait(verdict: Verdict, now: datetime) -> dict[str, float]:
    if not isinstance(verdict, Again | Spared):
        return {}
    return {"wait_s": round((verdict.at - now).total_seconds(), 1)}

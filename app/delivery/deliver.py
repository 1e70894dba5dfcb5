"""Brings claimed deliveries to Altcraft by one request, and has recorded what came of it."""

import asyncio
from collections.abc import Sequence

import structlog

from app.altcraft import Item, Progress
from app.delivery.attempt import Exchange, give_back, request_id
from app.delivery.lane import Lane
from app.delivery.lease import Leases
from app.delivery.record import LAST_WRITE_S, Recorder
from app.delivery.store import Store
from app.delivery.traces import NO_HEADERS, AttemptSpan, Traces
from app.kit.clock import Clock
from app.kit.errors import raised_at
from app.model.delivery import Delivery
from app.model.outcome import Outcome, OutcomeKind
from app.observe.counts import Counts

_log = structlog.get_logger()
_CUT_OFF = "the worker stopped before an answer came; the start may have been sent"


class Deliverer:
    def __init__(
        self,
        store: Store,
        recorder: Recorder,
        leases: Leases,
        clock: Clock,
        counts: Counts,
        traces: Traces,
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._leases = leases
        self._clock = clock
        self._counts = counts
        self._traces = traces

    async def deliver(self, lane: Lane, group: Sequence[Delivery], *, is_probe: bool) -> None:
        """`group` shares the request: one, or a batch of one target. Never raises but when it is
        cancelled."""
        try:
            # After the machine slept, say: another worker may be sending it.
            if any(self._leases.is_over(delivery) for delivery in group):
                await self._store.settle([give_back(delivery) for delivery in group])
            else:
                await self._attempt(lane, group, is_probe=is_probe)
        except Exception as error:  # noqa: BLE001 - the lease runs out, and it is taken over
            _log.error(
                "delivery.failed",
                delivery_ids=[delivery.id for delivery in group],
                kind=type(error).__name__,
                at=raised_at(error),
            )
        finally:
            lane.end(is_probe=is_probe)
            for delivery in group:
                self._leases.let_go(delivery)
            self._store.wakeup.wake()

    async def _attempt(self, lane: Lane, group: Sequence[Delivery], *, is_probe: bool) -> None:
        started_at, began, progress = self._clock.now(), self._clock.monotonic(), Progress()
        span = self._traces.begin(lane.name, group)
        try:
            outcomes = await _send(lane, group, progress, span)
        except asyncio.CancelledError:
            if span is not None:
                span.end(())
            await self._cut_off(lane, group, progress)
            raise
        if span is not None:
            span.end(outcomes)
        first = group[0].start
        target = (first.target, first.scenario)
        duration_s = self._clock.monotonic() - began
        self._counts.request(lane.name, duration_s)
        # Before the answer is noted: what stops the destination is about the destination.
        spares = [lane.gate.spares(o, target, is_probe=is_probe) for o in outcomes]
        lane.note(_of_all(outcomes), target, duration_s, is_probe=is_probe)
        exchanges = [
            Exchange(delivery, outcome, started_at, len(group), spared)
            for delivery, outcome, spared in zip(group, outcomes, spares, strict=True)
        ]
        await self._recorder.record(exchanges, lane.policy)
        if any(outcome.kind is OutcomeKind.THROTTLED for outcome in outcomes):
            await self._store.slow_down(lane.pace, lane.asked.per_second)

    async def _cut_off(self, lane: Lane, group: Sequence[Delivery], progress: Progress) -> None:
        if progress.was_written:
            outcome = Outcome(OutcomeKind.IN_DOUBT, text=_CUT_OFF, in_doubt=True, is_of_all=True)
            now = self._clock.now()
            exchanges = [Exchange(delivery, outcome, now, len(group)) for delivery in group]
            await self._recorder.record(exchanges, lane.policy, limit_s=LAST_WRITE_S)
            return
        async with asyncio.timeout(LAST_WRITE_S):
            await self._store.settle([give_back(delivery) for delivery in group])
        ids = [delivery.id for delivery in group]
        _log.info("delivery.given_back", delivery_ids=ids)


async def _send(
    lane: Lane, group: Sequence[Delivery], progress: Progress, span: AttemptSpan | None
) -> Sequence[Outcome]:
    first = group[0]
    headers = NO_HEADERS if span is None else span.headers
    batch = first.start.handling.batch
    if batch is None or first.batch_size < 2:
        outcome = await lane.client.start(
            first.start,
            first.match,
            imports=first.imports,
            request_id=request_id(first),
            progress=progress,
            headers=headers,
        )
        return [outcome]
    return await lane.client.start_batch(
        [Item(delivery.start, delivery.match, delivery.imports) for delivery in group],
        as_task=batch.as_task,
        request_id=request_id(first),
        progress=progress,
        headers=headers,
    )


def _of_all(outcomes: Sequence[Outcome]) -> Outcome:
    """What a request says of the destination: one accepted start shows that it works."""
    accepted = (one for one in outcomes if one.kind is OutcomeKind.ACCEPTED)
    return next(accepted, outcomes[0])

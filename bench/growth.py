"""Prints what accepting, claiming and the operators' lists cost with a long past, as a ratio to
what they cost with a short one.
"""

import argparse
import asyncio
import contextlib
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

from app.cli.tables import say, show, table
from app.kit.clock import SystemClock
from app.kit.ids import new_id
from app.model.delivery import Attempt, AttemptId, Delivery, DeliveryState, Ending
from app.model.event import Event, EventId, EventStatus
from app.model.flow import flow_of
from app.model.new_delivery import new_delivery
from app.model.outcome import OutcomeKind
from app.model.start import InDoubt, Match, Matching, ScenarioStart
from app.outbox import (
    Acceptance,
    DeliveryFilter,
    EventFilter,
    Outbox,
    Pace,
    PersonName,
    Settlement,
)
from bench.past import make_past

_CLOCK = SystemClock()
_TOGETHER = 64
_ROUNDS = 40
_OWNER = "bench"


def main() -> None:
    options = _options()
    if options.store:
        asyncio.run(_report(options.store, options.past))
        return
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=options.folder) as name:
        stores = [f"sqlite+aiosqlite:///{Path(name)}/{past}.db" for past in options.past]
        asyncio.run(_report(stores, options.past))


async def _report(stores: Sequence[str], pasts: Sequence[int]) -> None:
    async with contextlib.AsyncExitStack() as stack:
        works = []
        for store, past in zip(stores, pasts, strict=True):
            outbox = await stack.enter_async_context(Outbox.open(store, clock=_CLOCK))
            began = time.monotonic()
            await make_past(outbox, 0, past)
            say(f"{past:,} past deliveries after {time.monotonic() - began:.0f} s")
            works.append(dict(_works(outbox)))
        rows = [await _row(name, [one[name] for one in works]) for name in works[0]]
    show(table(("what", *(f"ms at {past:,}" for past in pasts), "ratio"), rows))


async def _row(name: str, works: Sequence[Callable[[], Awaitable[object]]]) -> Sequence[str]:
    """In turns: what else the machine does at a moment slows all of them."""
    took: list[list[float]] = [[] for _ in works]
    for _ in range(_ROUNDS):
        for work, found in zip(works, took, strict=True):
            began = time.perf_counter()
            await work()
            found.append((time.perf_counter() - began) * 1000)
    costs = [statistics.median(found) for found in took]
    return (name, *(f"{cost:.2f}" for cost in costs), f"{costs[-1] / costs[0]:.2f}")


def _works(outbox: Outbox) -> Iterator[tuple[str, Callable[[], Awaitable[object]]]]:
    """Each once by one, in the time that it takes."""
    crm = EventFilter(source="crm")
    people = (outbox.person(PersonName("custom", "12345", "CRM_ID")),)

    async def accept() -> None:
        await asyncio.gather(*(outbox.accept([_acceptance()]) for _ in range(_TOGETHER)))

    async def deliver() -> None:
        claimed = await outbox.claim(
            owner=_OWNER, pace=Pace("main", None), room=_TOGETHER, lease_s=60, share=_share
        )
        await outbox.settle([_settlement(one) for group in claimed.groups for one in group])

    yield f"accept {_TOGETHER} calls, one commit", accept
    yield f"claim and settle {_TOGETHER}", deliver
    yield "the newest 50 events", lambda: outbox.events(EventFilter(), limit=50)
    yield "of a source", lambda: outbox.events(crm, limit=50)
    yield "ignored ones", lambda: outbox.events(EventFilter(status=EventStatus.IGNORED), limit=50)
    yield "the newest 50 deliveries", lambda: outbox.deliveries(DeliveryFilter(), limit=50)
    yield "of a rule", lambda: outbox.deliveries(DeliveryFilter(rule="won"), limit=50)
    dead = DeliveryFilter(state=DeliveryState.DEAD)
    yield "dead letters", lambda: outbox.deliveries(dead, limit=50)
    expired = DeliveryFilter(outcome=Ending.EXPIRED)
    yield "with an outcome", lambda: outbox.deliveries(expired, limit=50)
    yield "of a person", lambda: outbox.deliveries(DeliveryFilter(people=people), limit=50)
    yield "the backlog", outbox.backlog
    yield "when the next is due", lambda: outbox.next_due_at("main")


def _acceptance() -> Acceptance:
    now = _CLOCK.now()
    event = Event(
        id=EventId(new_id()),
        source="crm",
        received_at=now,
        method="POST",
        path="",
        query="",
        headers={"content-type": "application/json"},
        content_type="application/json",
        body=b'{"crm_id": "12345"}',
        status=EventStatus.ACCEPTED,
    )
    match = Match(Matching.CUSTOM, new_id(), "CRM_ID")
    start = ScenarioStart("won", "main", 3, (match,), {}, InDoubt.RETRY)
    return Acceptance(event, new_id(), (new_delivery(start, event, "bench", now),))


def _settlement(delivery: Delivery) -> Settlement:
    now = _CLOCK.now()
    attempt = Attempt(
        AttemptId(new_id()), delivery.id, now, 7, 0, OutcomeKind.ACCEPTED, http_status=200
    )
    return Settlement(
        delivery_id=delivery.id,
        lease_owner=_OWNER,
        attempt=attempt,
        state=DeliveryState.DONE,
        match_index=0,
        next_attempt_at=now,
        outcome=OutcomeKind.ACCEPTED,
        reason=None,
        finished_at=now,
        flow=flow_of(delivery),
    )


def _share(flows: Sequence[str], room: int) -> Sequence[tuple[str, int]]:
    return [(flow, room) for flow in flows]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--past", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument(
        "--store", nargs="+", help="an empty one for each, as BRIDGE_DATABASE_URL; absent: files"
    )
    parser.add_argument("--folder", default=".", help="where the file is made")
    return parser.parse_args()


if __name__ == "__main__":
    main()

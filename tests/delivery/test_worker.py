"""The worker, on a real store, against a stand-in for Altcraft."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from app.altcraft.client import Address, AltcraftClient
from app.delivery import RetryPolicy, Worker
from app.delivery.lane import Lane
from app.delivery.pace import Pace
from app.delivery.worker import WorkerLimits
from app.ingest.wait import Outcomes
from app.kit.clock import SystemClock
from app.kit.secret import Secret
from app.model.delivery import Delivery, DeliveryState
from app.model.outcome import OutcomeKind
from app.model.start import InDoubt, Match, Matching
from app.outbox import Acceptance, Outbox
from app.sandbox import Fault, FaultKind, RunningSandbox
from tests.support.sandboxes import TOKEN, a_sandbox
from tests.support.values import a_delivery, a_match, an_event

POLICY = RetryPolicy(tries=6, age_s=60, base_s=0.02, cap_s=0.05)
LIMIT_S = 15.0


@dataclass(frozen=True, slots=True)
class Bench:
    outbox: Outbox
    sandbox: RunningSandbox
    clock: SystemClock

    def lane(self, *, url: str | None = None, timeout_s: float = 2, rate: float | None = None,
             concurrency: int = 8, policy: RetryPolicy = POLICY) -> Lane:  # fmt: skip
        address = Address(url or self.sandbox.url, Secret(TOKEN), timeout_s, concurrency)
        client = AltcraftClient(address, (), self.clock)
        return Lane("main", client, Pace(rate, self.clock), policy, concurrency)

    @contextlib.asynccontextmanager
    async def working(
        self, lane: Lane | None = None, *, owner: str = "w1", grace_s: float = 5,
        lease_s: float = 30,
    ) -> AsyncIterator[Worker]:  # fmt: skip
        limits = WorkerLimits(lease_s=lease_s, poll_s=0.05, grace_s=grace_s)
        worker = Worker(self.outbox, limits, self.clock, Random(1), owner=owner)
        worker.use({"main": lane or self.lane()}, limits)
        stop = asyncio.Event()
        task = asyncio.create_task(worker.run(stop))
        try:
            yield worker
        finally:
            stop.set()
            async with asyncio.timeout(LIMIT_S):
                await task

    async def accept(
        self, *matches: Match, in_doubt: InDoubt = InDoubt.RETRY, destination: str = "main"
    ) -> Delivery:
        event = an_event(at=self.clock.now())
        delivery = a_delivery(
            event,
            matches=matches,
            in_doubt=in_doubt,
            destination=destination,
            at=self.clock.now(),
        )
        await self.outbox.accept([Acceptance(event, None, (delivery,))])
        return delivery

    async def final(self, delivery: Delivery) -> Delivery:
        outcomes = Outcomes(self.outbox, self.clock, Random(1))
        found = await outcomes.final(delivery.id, LIMIT_S)
        assert found is not None, "not final in time"
        return found

    async def outcomes(self, delivery: Delivery) -> list[OutcomeKind]:
        return [attempt.outcome for attempt in await self.outbox.attempts(delivery.id)]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    clock = SystemClock()
    url = f"sqlite+aiosqlite:///{tmp_path}/bridge.db"
    async with a_sandbox() as sandbox, Outbox.open(url, clock=clock) as outbox:
        yield Bench(outbox, sandbox, clock)


async def test_what_is_accepted_is_started_and_recorded(bench: Bench) -> None:
    async with bench.working():
        delivery = await bench.final(await bench.accept())

    assert (delivery.state, delivery.outcome) == (DeliveryState.DONE, OutcomeKind.ACCEPTED)
    [attempt] = await bench.outbox.attempts(delivery.id)
    assert (attempt.http_status, attempt.altcraft_error, attempt.in_doubt) == (200, 0, False)
    assert [e.person for e in bench.sandbox.journal.starts] == ["CRM_ID=12345"]


async def test_each_attempt_has_a_name_that_both_sides_know(bench: Bench) -> None:
    bench.sandbox.put(Fault(kind=FaultKind.HTTP_STATUS, times=1))

    async with bench.working():
        delivery = await bench.final(await bench.accept())

    ids = [entry.request_id for entry in bench.sandbox.journal.after(0, 9)]
    assert ids == [f"{delivery.id}-1", f"{delivery.id}-2"]


async def test_an_unknown_profile_falls_through_to_the_next_match(bench: Bench) -> None:
    async with bench.working():
        delivery = await bench.final(
            await bench.accept(
                Match(Matching.EMAIL, "nobody@example.com"),
                Match(Matching.PHONE, "+79000000000"),
            )
        )

    assert delivery.state is DeliveryState.DONE
    assert delivery.match_index == 1
    assert await bench.outcomes(delivery) == [OutcomeKind.UNKNOWN_PROFILE, OutcomeKind.ACCEPTED]


async def test_a_person_that_altcraft_does_not_know_by_any_match_is_a_dead_letter(
    bench: Bench,
) -> None:
    async with bench.working():
        delivery = await bench.final(await bench.accept(a_match("no such"), a_match("nor this")))

    assert (delivery.state, delivery.outcome) == (DeliveryState.DEAD, OutcomeKind.UNKNOWN_PROFILE)
    assert bench.sandbox.journal.starts == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=FaultKind.ERROR, code=400, text="Incorrect request"),
        Fault(kind=FaultKind.ERROR, code=404, text="Profile not found"),
        Fault(kind=FaultKind.HTML),
        Fault(kind=FaultKind.HTTP_STATUS, status=500),
    ],
)
async def test_a_platform_that_goes_on_failing_is_never_taken_for_success(
    bench: Bench, fault: Fault
) -> None:
    bench.sandbox.put(fault)

    async with bench.working():
        delivery = await bench.final(await bench.accept())

    assert delivery.state is DeliveryState.DEAD
    assert bench.sandbox.journal.starts == []


async def test_a_platform_that_fails_for_a_while_gets_it_in_the_end(bench: Bench) -> None:
    bench.sandbox.put(
        Fault(kind=FaultKind.HTTP_STATUS, status=503, times=2),
        Fault(kind=FaultKind.ERROR, code=500, text="busy", times=1),
    )

    async with bench.working():
        delivery = await bench.final(await bench.accept())

    assert delivery.state is DeliveryState.DONE
    assert delivery.attempts == 4
    assert len(bench.sandbox.journal.starts) == 1


async def test_a_start_cut_off_after_sending_is_held_when_the_rule_says_hold(bench: Bench) -> None:
    bench.sandbox.put(Fault(kind=FaultKind.CUT_AFTER_READING))

    async with bench.working():
        delivery = await bench.final(await bench.accept(in_doubt=InDoubt.HOLD))

    assert (delivery.state, delivery.outcome) == (DeliveryState.DEAD, OutcomeKind.IN_DOUBT)
    assert len(bench.sandbox.journal.starts) == 1


async def test_a_start_cut_off_after_sending_is_sent_again_when_the_rule_says_retry(
    bench: Bench,
) -> None:
    bench.sandbox.put(Fault(kind=FaultKind.CUT_AFTER_READING, times=1))

    async with bench.working():
        delivery = await bench.final(await bench.accept())

    doubts = [attempt.in_doubt for attempt in await bench.outbox.attempts(delivery.id)]
    assert doubts == [True, False]
    assert len(bench.sandbox.journal.starts) == 2


async def test_what_a_lost_worker_held_is_recorded_as_in_doubt_and_goes_on(bench: Bench) -> None:
    delivery = await bench.accept()
    lost = await bench.outbox.claim(owner="lost", destination="main", limit=1, lease_s=0)
    assert [d.id for d in lost] == [delivery.id]

    async with bench.working():
        found = await bench.final(delivery)

    assert found.state is DeliveryState.DONE
    assert await bench.outcomes(delivery) == [OutcomeKind.IN_DOUBT, OutcomeKind.ACCEPTED]


async def test_what_a_lost_worker_held_is_held_when_the_rule_says_hold(bench: Bench) -> None:
    delivery = await bench.accept(in_doubt=InDoubt.HOLD)
    await bench.outbox.claim(owner="lost", destination="main", limit=1, lease_s=0)

    async with bench.working():
        found = await bench.final(delivery)

    assert (found.state, found.outcome) == (DeliveryState.DEAD, OutcomeKind.IN_DOUBT)
    assert bench.sandbox.journal.after(0, 9) == []


async def test_a_stop_finishes_what_is_in_flight(bench: Bench) -> None:
    bench.sandbox.put(Fault(kind=FaultKind.DELAY, seconds=0.3))

    async with bench.working():
        delivery = await bench.accept()
        await until_in_flight(bench, delivery)

    found = await bench.outbox.delivery(delivery.id)
    assert found is not None
    assert found.state is DeliveryState.DONE


async def test_a_stop_that_runs_out_of_time_leaves_the_delivery_to_its_lease(bench: Bench) -> None:
    bench.sandbox.put(Fault(kind=FaultKind.DELAY, seconds=1.0))
    async with bench.working(grace_s=0.05, lease_s=0.5):
        delivery = await bench.accept()
        await until_in_flight(bench, delivery)

    bench.sandbox.put()
    async with bench.working(owner="w2"):
        found = await bench.final(delivery)

    assert found.state is DeliveryState.DONE
    assert await bench.outcomes(delivery) == [OutcomeKind.IN_DOUBT, OutcomeKind.ACCEPTED]


async def until_in_flight(bench: Bench, delivery: Delivery) -> None:
    async with asyncio.timeout(LIMIT_S):
        while True:
            found = await bench.outbox.delivery(delivery.id)
            if found is not None and found.state is DeliveryState.IN_FLIGHT:
                return


async def test_no_more_are_in_flight_than_the_destination_allows(bench: Bench) -> None:
    bench.sandbox.put(Fault(kind=FaultKind.DELAY, seconds=0.02))
    lane = bench.lane(concurrency=3)
    seen = 0

    async with bench.working(lane):
        deliveries = [await bench.accept() for _ in range(20)]
        for delivery in deliveries:
            seen = max(seen, lane.in_flight)
            await bench.final(delivery)

    assert 0 < seen <= 3
    assert len(bench.sandbox.journal.starts) == 20


async def test_deliveries_of_a_destination_that_is_gone_wait_until_it_is_back(
    bench: Bench,
) -> None:
    async with bench.working() as worker:
        waiting = await bench.accept(destination="other")
        await bench.final(await bench.accept())
        found = await bench.outbox.delivery(waiting.id)
        assert found is not None
        assert found.state is DeliveryState.PENDING

        lane = bench.lane()
        lane.name = "other"
        worker.use({"other": lane}, WorkerLimits(lease_s=30, poll_s=0.05, grace_s=5))

        assert (await bench.final(waiting)).state is DeliveryState.DONE

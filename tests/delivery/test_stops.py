"""A destination that takes no starts is left alone until it does, and nothing is burnt."""

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from app.model.delivery import DeliveryState
from app.model.outcome import OutcomeKind
from app.outbox import Outbox, Stoppage
from app.sandbox import Fault, FaultKind
from tests.delivery.bench import Bench
from tests.support.clock import QuickClock
from tests.support.sandboxes import a_sandbox


@pytest.fixture
async def quick_bench(url: str) -> AsyncIterator[Bench]:
    """A minute passes in half a second."""
    clock = QuickClock(120)
    async with a_sandbox() as sandbox, Outbox.open(url, clock=clock) as outbox:
        yield Bench(outbox, sandbox, clock)


REFUSALS = [
    Fault(kind=FaultKind.ERROR, code=401, text="Wrong token"),
    Fault(kind=FaultKind.ERROR, code=402, text="Tariff limit"),
    Fault(kind=FaultKind.HTTP_STATUS, status=429),
    Fault(kind=FaultKind.HTTP_STATUS, status=503),
]


@pytest.mark.parametrize("fault", REFUSALS, ids=["token", "plan", "throttled", "broken"])
async def test_no_start_is_spent_on_a_destination_that_takes_none_and_all_arrive_after_it(
    quick_bench: Bench, fault: Fault
) -> None:
    bench = quick_bench
    bench.sandbox.put(fault)
    made = [await bench.accept() for _ in range(60)]

    async with bench.working(bench.lane(concurrency=8), poll_s=0.02, lease_s=7200):
        began = bench.clock.monotonic()
        while bench.clock.monotonic() - began < 60:
            await bench.sandbox.journal.wait_for_requests(0, limit_s=1)
            await bench.outbox.backlog()
        spent = bench.sandbox.journal.requests_count
        bench.sandbox.put()
        found = [await bench.final(one) for one in made]

    # Those that were under way at once, and probes that come later each time.
    assert spent <= 8 + 12
    assert {one.state for one in found} == {DeliveryState.DONE}
    assert bench.sandbox.journal.starts_count == 60


async def test_a_stop_is_loud_and_visible_and_so_is_its_end(quick_bench: Bench) -> None:
    bench = quick_bench
    bench.sandbox.put(REFUSALS[0])

    with capture_logs() as logs:
        async with bench.working(poll_s=0.02, lease_s=7200):
            delivery = await bench.accept()
            while not (stoppages := await bench.outbox.stoppages()):
                pass
            bench.sandbox.put()
            await bench.final(delivery)
            while await bench.outbox.stoppages():
                pass

    [stoppage] = stoppages
    assert (stoppage.destination, stoppage.cause) == ("main", "token_refused")
    told = {log["event"]: log["log_level"] for log in logs}
    assert told["destination.stopped"] == "error"
    assert told["destination.goes_on"] == "warning"


async def test_a_worker_that_starts_anew_spends_one_start_to_find_out(quick_bench: Bench) -> None:
    bench = quick_bench
    bench.sandbox.put(REFUSALS[0])
    for _ in range(20):
        await bench.accept()
    async with bench.working(poll_s=0.02, lease_s=7200):
        while not await bench.outbox.stoppages():
            pass
    before = bench.sandbox.journal.requests_count

    async with bench.working(poll_s=0.02, lease_s=7200, owner="w2"):
        await bench.sandbox.journal.wait_for_requests(before + 1, limit_s=10)

    assert bench.sandbox.journal.requests_count <= before + 3


async def test_no_rights_to_one_scenario_leave_the_others_alone(bench: Bench) -> None:
    bench.sandbox.put(Fault(kind=FaultKind.ERROR, code=403, text="No rights", scenario=4))

    async with bench.working():
        await bench.final(await bench.accept())
        refused = await bench.final(await bench.accept(scenario=4))
        other = await bench.final(await bench.accept())

    assert other.outcome is OutcomeKind.ACCEPTED
    assert (refused.state, refused.outcome) == (DeliveryState.DEAD, OutcomeKind.TOKEN_REFUSED)


async def test_a_stop_of_a_destination_that_is_gone_is_forgotten(bench: Bench) -> None:
    now = bench.clock.now()
    await bench.outbox.put_stoppages([Stoppage("gone", "token_refused", now, now)], [])

    async with bench.working():
        await bench.final(await bench.accept())

    assert await bench.outbox.stoppages() == []


async def test_a_cause_that_is_not_known_is_a_stop_all_the_same(bench: Bench) -> None:
    now = bench.clock.now()
    await bench.outbox.put_stoppages([Stoppage("main", "of a later version", now, now)], [])

    async with bench.working():
        found = await bench.final(await bench.accept())

    assert found.outcome is OutcomeKind.ACCEPTED

"""Each attempt that is recorded is counted once, and each delivery that ends, however it does."""

import asyncio
from datetime import timedelta

from app.model.handling import Batch, Handling
from app.model.start import Import, InDoubt
from app.observe.counts import Counts
from app.observe.metrics import ATTEMPTS, ENDED, IN_DOUBT, LATENCY, START_DURATION
from app.sandbox import Fault, FaultKind
from tests.delivery.bench import LIMIT_S, Bench
from tests.delivery.test_lease import lose
from tests.support.values import a_match

IMPORT = Import(True, {})


def counting() -> Counts:
    made = Counts()
    made.use([], [], ["main"])
    return made


def found(counts: Counts, name: str) -> dict[tuple[str, ...], int]:
    """What is not 0, without the destination; of a histogram how many were observed."""
    numbers = counts.slot.numbers
    sums = {
        key.labels[1:]: int(sum(numbers[at + min(key.size - 1, 1) : at + key.size]))
        for key, at in counts.slot.named()
        if key.metric == name
    }
    return {labels: count for labels, count in sums.items() if count}


async def test_attempts_and_the_end_of_a_delivery_are_counted(bench: Bench) -> None:
    counts = counting()
    bench.sandbox.put(Fault(kind=FaultKind.HTTP_STATUS, status=503, times=2))

    async with bench.working(counts=counts):
        await bench.final(await bench.accept())

    assert found(counts, ATTEMPTS.name) == {("temporary",): 2, ("accepted",): 1}
    assert found(counts, ENDED.name) == {("done", "accepted"): 1}
    assert found(counts, LATENCY.name) == {(): 1}
    assert found(counts, START_DURATION.name) == {(): 3}
    assert found(counts, IN_DOUBT.name) == {}


async def test_what_is_in_doubt_is_counted_as_such(bench: Bench) -> None:
    counts = counting()
    bench.sandbox.put(Fault(kind=FaultKind.CUT_AFTER_READING))

    async with bench.working(counts=counts):
        await bench.final(await bench.accept(in_doubt=InDoubt.HOLD))

    assert found(counts, IN_DOUBT.name) == {(): 1}
    assert found(counts, ENDED.name) == {("dead", "in_doubt"): 1}
    assert found(counts, LATENCY.name) == {}


async def test_a_lost_start_is_an_attempt_in_doubt_and_no_request(bench: Bench) -> None:
    counts = counting()
    delivery = await bench.accept(in_doubt=InDoubt.HOLD)
    await lose(bench)

    async with bench.working(counts=counts):
        await bench.final(delivery)

    assert found(counts, ATTEMPTS.name) == {("in_doubt",): 1}
    assert found(counts, START_DURATION.name) == {}


async def test_those_of_a_batch_are_attempts_of_one_request(bench: Bench) -> None:
    counts = counting()
    batch = Handling(batch=Batch(8, 0.5))
    now = bench.clock.now()
    made = [
        await bench.accept(a_match(n), imports=IMPORT, handling=batch, at=now) for n in range(1, 4)
    ]

    async with bench.working(counts=counts):
        for one in made:
            await bench.final(one)

    assert found(counts, ATTEMPTS.name) == {("accepted",): 3}
    assert found(counts, START_DURATION.name) == {(): 1}


async def test_what_ends_without_an_attempt_is_counted_too(bench: Bench) -> None:
    counts = counting()
    past = bench.clock.now() - timedelta(seconds=60)
    delivery = await bench.accept(handling=Handling(expires_at=past))

    async with bench.working(counts=counts):
        await bench.final(delivery)
        async with asyncio.timeout(LIMIT_S):
            while not found(counts, ENDED.name):
                await bench.look_up(delivery)

    assert found(counts, ENDED.name) == {("dead", "expired"): 1}
    assert found(counts, ATTEMPTS.name) == {}

"""A stop loses nothing, sends nothing twice without need, and comes to an end."""

import socket

from app.model.delivery import DeliveryState
from app.model.outcome import OutcomeKind
from app.model.start import InDoubt
from app.sandbox import Fault, FaultKind
from tests.delivery.bench import Bench


async def test_a_stop_finishes_what_is_in_flight(bench: Bench) -> None:
    bench.sandbox.put(Fault(kind=FaultKind.DELAY, seconds=0.3))

    async with bench.working():
        delivery = await bench.accept()
        await bench.in_state(delivery, DeliveryState.IN_FLIGHT)

    assert (await bench.look_up(delivery)).state is DeliveryState.DONE
    assert len(bench.sandbox.journal.starts) == 1


async def test_a_start_that_a_stop_cuts_off_is_recorded_as_in_doubt(bench: Bench) -> None:
    bench.sandbox.put(Fault(kind=FaultKind.DELAY, seconds=0.5))
    async with bench.working(grace_s=0.1):
        delivery = await bench.accept(in_doubt=InDoubt.HOLD)
        await bench.in_state(delivery, DeliveryState.IN_FLIGHT)

    found = await bench.look_up(delivery)

    assert (found.state, found.outcome) == (DeliveryState.DEAD, OutcomeKind.IN_DOUBT)
    [attempt] = await bench.outbox.attempts(delivery.id)
    assert attempt.in_doubt


async def test_a_start_that_a_stop_cuts_off_goes_on_when_the_rule_says_retry(bench: Bench) -> None:
    bench.sandbox.put(Fault(kind=FaultKind.DELAY, seconds=0.5, times=1))
    async with bench.working(grace_s=0.1):
        delivery = await bench.accept()
        await bench.in_state(delivery, DeliveryState.IN_FLIGHT)

    async with bench.working(owner="w2"):
        found = await bench.final(delivery)

    assert found.state is DeliveryState.DONE
    assert await bench.outcomes(delivery) == [OutcomeKind.IN_DOUBT, OutcomeKind.ACCEPTED]


async def test_a_start_that_was_not_sent_when_the_stop_came_is_given_back(bench: Bench) -> None:
    # A queue of one that is full: further connections are neither made nor refused.
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        nowhere = bench.lane(url=f"http://127.0.0.1:{full.getsockname()[1]}")
        async with bench.working(nowhere, grace_s=0.1):
            delivery = await bench.accept(in_doubt=InDoubt.HOLD)
            await bench.in_state(delivery, DeliveryState.IN_FLIGHT)

    found = await bench.look_up(delivery)

    assert (found.state, found.attempts) == (DeliveryState.PENDING, 0)
    assert (found.lease_owner, await bench.outbox.attempts(delivery.id)) == (None, [])

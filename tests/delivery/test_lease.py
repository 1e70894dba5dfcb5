"""What a lost worker held goes on, and what a worker still holds is not taken from it."""

import asyncio
from collections.abc import Sequence

from app.delivery.turns import Turns
from app.model.delivery import Delivery, DeliveryState
from app.model.outcome import OutcomeKind
from app.model.start import InDoubt
from app.outbox import Claimed, Pace, Share
from app.sandbox import Fault, FaultKind
from tests.delivery.bench import LIMIT_S, Bench, Shaky
from tests.support.clock import ManualClock


async def lose(bench: Bench, *, destination: str = "main", limit: int = 1) -> Sequence[Delivery]:
    found = await bench.outbox.claim(
        owner="lost", pace=Pace(destination, None), room=limit, lease_s=0, share=Turns().share
    )
    return [delivery for group in found.groups for delivery in group]


async def test_what_a_lost_worker_held_is_recorded_as_in_doubt_and_goes_on(bench: Bench) -> None:
    delivery = await bench.accept()
    assert [lost.id for lost in await lose(bench)] == [delivery.id]

    async with bench.working():
        found = await bench.final(delivery)

    assert found.state is DeliveryState.DONE
    assert await bench.outcomes(delivery) == [OutcomeKind.IN_DOUBT, OutcomeKind.ACCEPTED]


async def test_what_a_lost_worker_held_is_held_when_the_rule_says_hold(bench: Bench) -> None:
    delivery = await bench.accept(in_doubt=InDoubt.HOLD)
    await lose(bench)

    async with bench.working():
        found = await bench.final(delivery)

    assert (found.state, found.outcome) == (DeliveryState.DEAD, OutcomeKind.IN_DOUBT)
    assert bench.sandbox.journal.after(0, 9) == []


async def test_all_that_a_lost_worker_held_goes_on_however_much_it_was(bench: Bench) -> None:
    deliveries = [await bench.accept(in_doubt=InDoubt.HOLD) for _ in range(230)]
    assert len(await lose(bench, limit=500)) == 230

    async with bench.working():
        found = [await bench.final(delivery) for delivery in deliveries]

    assert {delivery.state for delivery in found} == {DeliveryState.DEAD}


async def test_what_a_lost_worker_held_of_a_destination_that_is_gone_waits_for_it(
    bench: Bench,
) -> None:
    delivery = await bench.accept(destination="gone")
    await lose(bench, destination="gone")

    async with bench.working():
        found = await bench.in_state(delivery, DeliveryState.PENDING)

    assert await bench.outcomes(found) == [OutcomeKind.IN_DOUBT]


async def test_a_start_that_takes_longer_than_the_lease_is_not_taken_for_lost(
    bench: Bench,
) -> None:
    store = Shaky(bench.outbox)
    bench.sandbox.put(Fault(kind=FaultKind.DELAY, seconds=0.8))
    async with (
        bench.working(store=store, lease_s=0.4),
        bench.working(lease_s=0.4, owner="w2"),
    ):
        found = await bench.final(await bench.accept(in_doubt=InDoubt.HOLD))

    assert found.state is DeliveryState.DONE
    assert await bench.outcomes(found) == [OutcomeKind.ACCEPTED]


async def test_what_another_took_over_while_the_machine_slept_is_not_sent(
    slow_bench: Bench, manual_clock: ManualClock
) -> None:
    class AfterASleep(Shaky):
        """The machine sleeps right after the first claim, and another takes it over."""

        has_slept = False

        async def claim(
            self, *, owner: str, pace: Pace, room: int, lease_s: float, share: Share
        ) -> Claimed:
            found = await super().claim(
                owner=owner, pace=pace, room=room, lease_s=lease_s, share=share
            )
            if found.groups and not self.has_slept:
                self.has_slept = True
                manual_clock.pass_s(600)
                await self.take_expired(owner="other", limit=1, lease_s=60)
            return found

    store = AfterASleep(slow_bench.outbox)
    lane = slow_bench.lane(concurrency=1)
    taken, mine = await slow_bench.accept(), await slow_bench.accept()

    async with slow_bench.working(lane, store=store):
        await slow_bench.final(mine)

    assert (await slow_bench.look_up(taken)).lease_owner == "other"
    assert [e.request_id for e in slow_bench.sandbox.journal.after(0, 9)] == [f"{mine.id}-1"]


async def test_a_settlement_that_the_store_refuses_for_a_while_is_recorded_and_sent_once(
    bench: Bench,
) -> None:
    store = Shaky(bench.outbox)
    store.refusals_to_settle = 3

    async with bench.working(store=store):
        delivery = await bench.final(await bench.accept())

    assert delivery.state is DeliveryState.DONE
    assert await bench.outcomes(delivery) == [OutcomeKind.ACCEPTED]
    assert len(bench.sandbox.journal.starts) == 1


async def test_a_store_that_is_away_for_longer_than_the_lease_makes_no_second_start(
    slow_bench: Bench, manual_clock: ManualClock
) -> None:
    store = Shaky(slow_bench.outbox)
    slow_bench.sandbox.put(Fault(kind=FaultKind.DELAY, seconds=0.2))
    async with slow_bench.working(store=store):
        delivery = await slow_bench.accept()
        await slow_bench.in_state(delivery, DeliveryState.IN_FLIGHT)
        store.is_away = True
        await slow_bench.sandbox.journal.wait_for_starts(1, limit_s=LIMIT_S)
        manual_clock.pass_s(600)

        store.is_away = False

        found = await slow_bench.final(delivery)

    assert found.state is DeliveryState.DONE
    assert await slow_bench.outcomes(delivery) == [OutcomeKind.ACCEPTED]
    assert len(slow_bench.sandbox.journal.starts) == 1


async def test_a_store_that_is_away_from_the_worker_for_a_while_delays_and_no_more(
    bench: Bench,
) -> None:
    store = Shaky(bench.outbox)
    store.is_away = True
    async with bench.working(store=store):
        delivery = await bench.accept()
        async with asyncio.timeout(LIMIT_S):
            while store.refused < 3:
                await bench.look_up(delivery)

        store.is_away = False

        found = await bench.final(delivery)

    assert await bench.outcomes(found) == [OutcomeKind.ACCEPTED]

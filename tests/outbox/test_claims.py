"""Claims and leases: nobody has what another holds, and what a lost worker held comes back."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from app.delivery.turns import Turns
from app.model.delivery import Delivery, DeliveryState
from app.outbox import Acceptance, Outbox, Pace
from tests.support.clock import ManualClock
from tests.support.values import AT, a_delivery, a_settlement, an_acceptance, an_event


async def claim(outbox: Outbox, *, owner: str = "w1", limit: int = 10) -> list[Delivery]:
    found = await outbox.claim(
        owner=owner, pace=Pace("main", None), room=limit, lease_s=30, share=Turns().share
    )
    return [delivery for group in found.groups for delivery in group]


async def test_a_claim_takes_what_is_due_the_longest_due_first(
    outbox: Outbox, clock: ManualClock
) -> None:
    event = an_event()
    late, early, later = (
        replace(a_delivery(event), next_attempt_at=AT + timedelta(seconds=s)) for s in (2, 1, 99)
    )
    await outbox.accept([Acceptance(event, None, (late, early, later))])
    clock.pass_s(10)

    assert [d.id for d in await claim(outbox)] == [early.id, late.id]


async def test_what_is_claimed_is_claimed_once(outbox: Outbox) -> None:
    await outbox.accept([an_acceptance() for _ in range(30)])

    found = await asyncio.gather(*(claim(outbox, owner=f"w{n}", limit=4) for n in range(12)))

    ids = [delivery.id for claimed in found for delivery in claimed]
    assert len(ids) == len(set(ids)) == 30


async def test_two_processes_never_hold_the_same(url: str, clock: ManualClock) -> None:
    async with Outbox.open(url, clock=clock) as one, Outbox.open(url, clock=clock) as other:
        await one.accept([an_acceptance() for _ in range(40)])

        found = await asyncio.gather(
            *(claim(store, owner=f"{n}", limit=3) for n, store in enumerate([one, other] * 8))
        )

    ids = [delivery.id for claimed in found for delivery in claimed]
    assert len(ids) == len(set(ids)) == 40


async def test_other_destinations_are_left_alone(outbox: Outbox) -> None:
    event = an_event()
    await outbox.accept([Acceptance(event, None, (a_delivery(event, destination="other"),))])

    assert await claim(outbox) == []


async def test_a_settled_delivery_is_done_with_its_attempt(outbox: Outbox) -> None:
    await outbox.accept([an_acceptance()])
    [delivery] = await claim(outbox)

    assert await outbox.settle([a_settlement(delivery, owner="w1")]) == [True]

    settled = await outbox.delivery(delivery.id)
    assert settled is not None
    assert (settled.state, settled.attempts, settled.lease_owner) == (DeliveryState.DONE, 1, None)
    assert len(await outbox.attempts(delivery.id)) == 1


async def test_who_holds_no_lease_settles_nothing(outbox: Outbox) -> None:
    await outbox.accept([an_acceptance()])
    [delivery] = await claim(outbox)

    assert await outbox.settle([a_settlement(delivery, owner="w2")]) == [False]

    assert await outbox.attempts(delivery.id) == []


async def test_a_delivery_is_settled_once(outbox: Outbox) -> None:
    await outbox.accept([an_acceptance()])
    [delivery] = await claim(outbox)

    settled = await asyncio.gather(
        *(outbox.settle([a_settlement(delivery, owner="w1")]) for _ in range(5))
    )

    assert sorted(is_ours for [is_ours] in settled) == [False, False, False, False, True]
    assert len(await outbox.attempts(delivery.id)) == 1


async def test_a_lease_that_ran_out_can_be_taken_over_once_and_by_nobody_before(
    outbox: Outbox, clock: ManualClock
) -> None:
    await outbox.accept([an_acceptance()])
    [delivery] = await claim(outbox)
    clock.pass_s(29)
    assert not await outbox.has_expired()
    clock.pass_s(1)
    assert await outbox.has_expired()

    found = await asyncio.gather(
        *(outbox.take_expired(owner=f"w{n}", limit=10, lease_s=30) for n in (2, 3))
    )

    assert sorted(len(taken) for taken in found) == [0, 1]
    assert await outbox.settle([a_settlement(delivery, owner="w1")]) == [False]


async def test_the_next_due_time_is_that_of_the_first_that_waits(outbox: Outbox) -> None:
    event = an_event()
    due = AT + timedelta(seconds=90)
    waiting = replace(a_delivery(event), next_attempt_at=due)
    await outbox.accept([Acceptance(event, None, (waiting,))])

    assert await outbox.next_due_at("main") == due
    assert await outbox.next_due_at("other") is None


async def test_the_backlog_counts_what_is_not_delivered(outbox: Outbox) -> None:
    await outbox.accept([an_acceptance() for _ in range(3)])
    [delivery] = await claim(outbox, limit=1)

    counts = {(b.destination, b.state): b.count for b in await outbox.backlog()}
    await outbox.settle([a_settlement(delivery, owner="w1")])

    assert counts == {("main", DeliveryState.PENDING): 2, ("main", DeliveryState.IN_FLIGHT): 1}
    assert [b.count for b in await outbox.backlog()] == [2]

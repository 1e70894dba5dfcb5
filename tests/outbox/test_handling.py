"""What is due goes in its turn, in its time, or no more."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from app.delivery.turns import Turns
from app.model.delivery import Delivery, DeliveryState, Ending
from app.model.handling import AtMost, Batch, Burst, Handling, Order, Priority, QuietHours
from app.model.outcome import OutcomeKind
from app.outbox import Acceptance, Outbox, Pace, Pause, PauseKind
from tests.support.clock import ManualClock
from tests.support.values import AT, a_delivery, a_settlement, an_act, an_event

ORDERED = Handling(order=Order("k" * 32, 600))
ONCE = Handling(at_most=AtMost("p" * 32, 1, 3600))
LAST = Handling(burst=Burst("b" * 32, 30, 100))


async def accept(
    outbox: Outbox,
    clock: ManualClock,
    handling: Handling = Handling(),  # noqa: B008 - frozen
    *,
    source: str = "crm",
    rule: str = "deal won",
) -> Delivery:
    event = an_event(source=source, at=clock.now())
    delivery = a_delivery(event, handling=handling, at=clock.now(), rule=rule)
    await outbox.accept([Acceptance(event, None, (delivery,))])
    return delivery


async def claim_groups(
    outbox: Outbox, room: int = 10, turns: Turns | None = None
) -> Sequence[Sequence[Delivery]]:
    share = (turns or Turns()).share
    found = await outbox.claim(
        owner="w1", pace=Pace("main", None), room=room, lease_s=3600, share=share
    )
    return found.groups


async def claim(outbox: Outbox, room: int = 10, turns: Turns | None = None) -> list[Delivery]:
    return [one for group in await claim_groups(outbox, room, turns) for one in group]


async def settle(
    outbox: Outbox,
    clock: ManualClock,
    delivery: Delivery,
    outcome: OutcomeKind = OutcomeKind.ACCEPTED,
) -> None:
    state = DeliveryState.DONE if outcome is OutcomeKind.ACCEPTED else DeliveryState.DEAD
    done = a_settlement(delivery, owner="w1", at=clock.now())
    order = delivery.start.handling.order
    key = order.key if order else None
    assert await outbox.settle([replace(done, state=state, outcome=outcome, order_key=key)]) == [
        True
    ]


async def look_up(outbox: Outbox, delivery: Delivery) -> Delivery:
    found = await outbox.delivery(delivery.id)
    assert found is not None
    return found


async def test_a_long_backlog_of_one_source_does_not_keep_another_waiting(
    outbox: Outbox, clock: ManualClock
) -> None:
    for _ in range(50):
        await accept(outbox, clock, source="shop")
    new = await accept(outbox, clock, source="crm")

    assert new.id in [one.id for one in await claim(outbox, 2)]


async def test_a_high_priority_goes_before_a_backlog_of_the_same_source(
    outbox: Outbox, clock: ManualClock
) -> None:
    for _ in range(20):
        await accept(outbox, clock)
    high = await accept(outbox, clock, Handling(priority=Priority.HIGH))

    assert high.id in [one.id for one in await claim(outbox, 2)]


async def test_room_that_one_flow_leaves_the_others_have(
    outbox: Outbox, clock: ManualClock
) -> None:
    await accept(outbox, clock, source="crm")
    for _ in range(20):
        await accept(outbox, clock, source="shop")

    assert len(await claim(outbox, 10)) == 10


async def test_one_in_flight_a_key_in_order_of_receipt(outbox: Outbox, clock: ManualClock) -> None:
    first, second, third = [await accept(outbox, clock, ORDERED) for _ in range(3)]
    other = await accept(outbox, clock, Handling(order=Order("o" * 32, 600)))

    claimed = await claim(outbox)
    assert [one.id for one in claimed] == [first.id, other.id]
    assert await claim(outbox) == []

    await settle(outbox, clock, claimed[0], OutcomeKind.MALFORMED)
    assert [one.id for one in await claim(outbox)] == [second.id]
    assert (
        await look_up(outbox, third)
    ).reason == "waits for an earlier start with the same order_by"


async def test_order_is_given_up_after_its_wait_and_says_so(
    outbox: Outbox, clock: ManualClock
) -> None:
    await accept(outbox, clock, ORDERED)
    second = await accept(outbox, clock, ORDERED)
    await claim(outbox)

    clock.pass_s(599)
    assert await claim(outbox) == []
    clock.pass_s(1)
    [late] = await claim(outbox)

    assert late.id == second.id
    assert late.reason == "its order was given up: an earlier start was not done after 600 s"


async def test_a_person_has_no_more_of_a_scenario_than_the_rule_allows(
    outbox: Outbox, clock: ManualClock
) -> None:
    first, second = await accept(outbox, clock, ONCE), await accept(outbox, clock, ONCE)
    [going] = await claim(outbox)
    assert going.id == first.id

    await settle(outbox, clock, going)
    clock.pass_s(1)
    assert await claim(outbox) == []

    over = await look_up(outbox, second)
    assert (over.state, over.outcome) == (DeliveryState.DONE, Ending.OVER_LIMIT)


async def test_a_start_that_failed_does_not_count_against_the_person(
    outbox: Outbox, clock: ManualClock
) -> None:
    await accept(outbox, clock, ONCE)
    second = await accept(outbox, clock, ONCE)
    [going] = await claim(outbox)

    await settle(outbox, clock, going, OutcomeKind.MALFORMED)
    clock.pass_s(1)

    assert [one.id for one in await claim(outbox)] == [second.id]


async def test_a_start_in_doubt_counts_against_the_person(
    outbox: Outbox, clock: ManualClock
) -> None:
    await accept(outbox, clock, ONCE)
    second = await accept(outbox, clock, ONCE)
    [going] = await claim(outbox)

    await settle(outbox, clock, going, OutcomeKind.IN_DOUBT)
    clock.pass_s(1)

    assert await claim(outbox) == []
    assert (await look_up(outbox, second)).outcome is Ending.OVER_LIMIT


async def test_the_limit_of_a_person_is_one_of_a_time(outbox: Outbox, clock: ManualClock) -> None:
    await accept(outbox, clock, ONCE)
    [going] = await claim(outbox)
    await settle(outbox, clock, going)
    clock.pass_s(3601)

    again = await accept(outbox, clock, ONCE)

    assert [one.id for one in await claim(outbox)] == [again.id]


async def test_of_a_burst_only_the_last_goes_when_it_is_quiet(
    outbox: Outbox, clock: ManualClock
) -> None:
    calls = []
    for _ in range(3):
        calls.append(await accept(outbox, clock, LAST))
        clock.pass_s(20)
    assert await claim(outbox) == []

    clock.pass_s(10)
    assert [one.id for one in await claim(outbox)] == [calls[-1].id]

    states = {((await look_up(outbox, one)).state, (await look_up(outbox, one)).outcome)
              for one in calls[:2]}  # fmt: skip
    assert states == {(DeliveryState.DONE, Ending.COLLAPSED)}


async def test_of_a_burst_in_one_call_only_the_last_goes(
    outbox: Outbox, clock: ManualClock
) -> None:
    event = an_event()
    made = tuple(a_delivery(event, handling=LAST) for _ in range(3))
    await outbox.accept([Acceptance(event, None, made)])
    clock.pass_s(30)

    assert [one.id for one in await claim(outbox)] == [made[-1].id]


async def test_a_burst_without_end_starts_all_the_same(outbox: Outbox, clock: ManualClock) -> None:
    for _ in range(11):
        await accept(outbox, clock, LAST)
        clock.pass_s(10)

    assert len(await claim(outbox)) == 1


@pytest.mark.parametrize("is_paused", [False, True])
async def test_what_is_too_old_is_a_dead_letter_whatever_it_waits_for(
    outbox: Outbox, clock: ManualClock, *, is_paused: bool
) -> None:
    if is_paused:
        await outbox.pause(Pause(PauseKind.DESTINATION, "main", AT, "a test"), an_act())
    stale = await accept(outbox, clock, Handling(expires_at=AT + timedelta(seconds=60)))
    clock.pass_s(60)

    assert await outbox.has_late()
    await outbox.expire()

    found = await look_up(outbox, stale)
    assert (found.state, found.outcome) == (DeliveryState.DEAD, Ending.EXPIRED)
    assert not await outbox.has_late()


async def test_what_became_too_old_is_not_claimed(outbox: Outbox, clock: ManualClock) -> None:
    stale = await accept(outbox, clock, Handling(expires_at=AT + timedelta(seconds=60)))
    clock.pass_s(60)

    assert await claim(outbox) == []
    assert (await look_up(outbox, stale)).outcome is Ending.EXPIRED


async def test_nothing_goes_in_quiet_hours(outbox: Outbox, clock: ManualClock) -> None:
    # It is midnight in UTC.
    delivery = await accept(outbox, clock, Handling(quiet_hours=QuietHours(22 * 60, 480, "UTC")))

    assert await claim(outbox) == []
    assert await outbox.next_due_at("main") == AT + timedelta(hours=8)
    clock.pass_s(8 * 3600)
    assert [one.id for one in await claim(outbox)] == [delivery.id]


async def test_those_of_a_batch_share_requests_of_its_size(
    outbox: Outbox, clock: ManualClock
) -> None:
    for _ in range(7):
        await accept(outbox, clock, Handling(batch=Batch(3, 0.2)))
    alone = await accept(outbox, clock)
    assert [one.id for one in await claim(outbox)] == [alone.id], "the others are gathered yet"

    clock.pass_s(0.2)
    groups = await claim_groups(outbox, 2)

    assert [len(group) for group in groups] == [3, 3]
    assert [len(group) for group in await claim_groups(outbox, 2)] == [1]


@pytest.mark.parametrize(
    "pause",
    [
        (PauseKind.SOURCE, "crm"),
        (PauseKind.RULE, "deal won"),
        (PauseKind.SCENARIO, "3"),
        (PauseKind.DESTINATION, "main"),
    ],
)
async def test_what_is_paused_waits_and_goes_on_when_it_is_resumed(
    outbox: Outbox, clock: ManualClock, pause: tuple[PauseKind, str]
) -> None:
    await outbox.pause(Pause(*pause, AT, "a test"), an_act())
    held = await accept(outbox, clock)
    other = await accept(outbox, clock, source="shop", rule="another")
    is_held_too = pause[0] in (PauseKind.SCENARIO, PauseKind.DESTINATION)

    claimed = [one.id for one in await claim(outbox)]
    assert claimed == ([] if is_held_too else [other.id])

    await outbox.resume(*pause, an_act())
    expected = {held.id, other.id} if is_held_too else {held.id}
    assert {one.id for one in await claim(outbox)} == expected


async def test_what_a_second_pause_holds_up_waits_on(outbox: Outbox, clock: ManualClock) -> None:
    await outbox.pause(Pause(PauseKind.RULE, "deal won", AT, "a test"), an_act())
    await outbox.pause(Pause(PauseKind.SCENARIO, "3", AT, "a test"), an_act())
    delivery = await accept(outbox, clock)
    assert await claim(outbox) == []
    assert (await look_up(outbox, delivery)).state is DeliveryState.PAUSED

    await outbox.resume(PauseKind.RULE, "deal won", an_act())

    assert await claim(outbox) == []


async def test_what_is_asked_for_is_stored_whole(outbox: Outbox, clock: ManualClock) -> None:
    handling = Handling(
        priority=Priority.LOW,
        not_before=AT + timedelta(seconds=5),
        expires_at=AT + timedelta(hours=1),
        quiet_hours=QuietHours(1, 2, "Europe/Moscow"),
        order=Order("o" * 32, 9),
        at_most=AtMost("a" * 32, 2, 60),
        burst=Burst("b" * 32, 1, 2),
        batch=Batch(7, 0.5, as_task=True),
    )

    delivery = await accept(outbox, clock, handling)

    assert await look_up(outbox, delivery) == delivery


async def test_what_comes_within_one_window_is_due_at_one_instant(
    outbox: Outbox, clock: ManualClock
) -> None:
    for _ in range(9):
        await accept(outbox, clock, Handling(batch=Batch(100, 1)))
        clock.pass_s(0.1)
    assert await claim(outbox) == []

    clock.pass_s(0.1)

    assert [len(group) for group in await claim_groups(outbox)] == [9]


async def test_a_long_row_of_paused_ones_does_not_keep_the_others_waiting(
    outbox: Outbox, clock: ManualClock
) -> None:
    event = an_event()
    held = tuple(a_delivery(event) for _ in range(1000))
    await outbox.accept([Acceptance(event, None, held)])
    other = await accept(outbox, clock, rule="another")
    await outbox.pause(Pause(PauseKind.RULE, "deal won", AT, "a test"), an_act())

    assert [one.id for one in await claim(outbox)] == [other.id]

"""What operators do, and the record of it."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from app.kit.ids import made_at
from app.model.delivery import Delivery, DeliveryState, Ending
from app.model.handling import AtMost, Handling, Order
from app.model.new_delivery import repeated_delivery
from app.model.outcome import OutcomeKind
from app.model.start import Match, Matching
from app.outbox import (
    Acceptance,
    Act,
    ActKind,
    DeliveryFilter,
    EventFilter,
    Outbox,
    Pause,
    PauseKind,
    PersonName,
    Repeat,
)
from tests.outbox.test_handling import accept, claim, look_up, settle
from tests.support.clock import ManualClock
from tests.support.values import AT, a_delivery, an_acceptance, an_act, an_event


async def a_dead_letter(
    outbox: Outbox, clock: ManualClock, handling: Handling | None = None
) -> Delivery:
    await accept(outbox, clock, handling or Handling())
    [claimed] = await claim(outbox)
    await settle(outbox, clock, claimed, OutcomeKind.MALFORMED)
    return await look_up(outbox, claimed)


async def test_a_replay_takes_the_place_of_a_dead_letter_once(
    outbox: Outbox, clock: ManualClock
) -> None:
    old = await a_dead_letter(outbox, clock)
    act = an_act()
    repeats = [Repeat(old.id, repeated_delivery(old, AT, act.id)) for _ in range(3)]

    added = await asyncio.gather(*(outbox.repeat([one], act) for one in repeats))

    [fresh] = [one for ids in added for one in ids]
    assert (await look_up(outbox, old)).replayed_as == fresh
    [again] = await claim(outbox)
    assert (again.id, again.replay_of, again.act_id) == (fresh, old.id, act.id)
    assert (again.attempts, again.failures, again.start) == (0, 0, old.start)


async def test_a_step_asked_for_twice_repeats_nothing_twice_even_when_told_again(
    outbox: Outbox, clock: ManualClock
) -> None:
    old = await a_dead_letter(outbox, clock)
    first, second = an_act(), an_act()

    async def repeated(act: Act) -> int:
        repeats = [Repeat(old.id, repeated_delivery(old, AT, act.id))]
        return len(await outbox.repeat(repeats, act, again=True))

    assert [await repeated(act) for act in (first, first, second, second)] == [1, 0, 1, 0]


async def test_what_is_on_its_way_is_not_replayed(outbox: Outbox, clock: ManualClock) -> None:
    waiting = await accept(outbox, clock)
    act = an_act()

    assert (
        await outbox.repeat([Repeat(waiting.id, repeated_delivery(waiting, AT, act.id))], act) == []
    )


async def test_a_replay_does_not_expire_and_counts_for_the_person_as_before(
    outbox: Outbox, clock: ManualClock
) -> None:
    most = AtMost("p" * 32, 1, 3600)
    old = await a_dead_letter(
        outbox, clock, Handling(expires_at=AT + timedelta(hours=1), at_most=most)
    )

    fresh = repeated_delivery(old, AT, an_act().id)
    lifted = repeated_delivery(replace(old, outcome=Ending.OVER_LIMIT), AT, an_act().id)

    assert fresh.start.handling == Handling(at_most=most)
    assert lifted.start.handling == Handling()


async def test_nothing_is_made_of_an_event_that_was_purged_meanwhile(outbox: Outbox) -> None:
    purged = an_event()

    assert await outbox.add([a_delivery(purged)], an_act()) == []
    assert await outbox.deliveries(DeliveryFilter(), limit=9) == []


async def test_what_waits_is_cancelled_and_who_waited_for_it_goes(
    outbox: Outbox, clock: ManualClock
) -> None:
    ordered = Handling(order=Order("k" * 32, 600))
    first, second = await accept(outbox, clock, ordered), await accept(outbox, clock, ordered)
    third = await accept(outbox, clock)
    held = [one for one in await claim(outbox) if one.id == third.id]

    count = await outbox.cancel(DeliveryFilter(ids=(first.id, third.id)), an_act(ActKind.CANCEL))

    assert (len(held), count) == (1, 0), "both are under way"
    await settle(outbox, clock, replace(first, lease_owner="w1"), OutcomeKind.MALFORMED)
    assert await outbox.cancel(DeliveryFilter(ids=(second.id,)), an_act(ActKind.CANCEL)) == 1
    cancelled = await look_up(outbox, second)
    assert (cancelled.state, cancelled.outcome) == (DeliveryState.DEAD, Ending.CANCELLED)
    assert cancelled.reason == "cancelled by olga"


async def test_many_are_cancelled_in_steps_and_paused_ones_too(
    outbox: Outbox, clock: ManualClock
) -> None:
    event = an_event()
    made = tuple(a_delivery(event) for _ in range(1200))
    await outbox.accept([Acceptance(event, None, made)])
    await outbox.pause(Pause(PauseKind.RULE, "deal won", AT, "olga"), an_act(ActKind.PAUSE))
    await claim(outbox)
    act = an_act(ActKind.CANCEL)

    assert await outbox.cancel(DeliveryFilter(rule="deal won"), act) == 1200

    assert [a.count for a in await outbox.acts(limit=9) if a.id == act.id] == [1200]


async def test_each_act_is_recorded_with_who_and_when(outbox: Outbox, clock: ManualClock) -> None:
    pause, resume = an_act(ActKind.PAUSE), an_act(ActKind.RESUME, who="ivan")
    what = Pause(PauseKind.SOURCE, "crm", AT, "olga", "a test")

    assert await outbox.pause(what, pause)
    assert not await outbox.pause(what, an_act(ActKind.PAUSE))
    assert await outbox.pauses() == [what]
    assert await outbox.resume(PauseKind.SOURCE, "crm", resume)

    found = await outbox.acts(limit=9)
    assert found == [replace(resume, count=1), replace(pause, count=1)]
    assert await outbox.acts(before=found[0].id, limit=9) == found[1:]


@pytest.mark.parametrize(
    ("match", "name"),
    [
        (Match(Matching.EMAIL, "Ivan@example.com"), ("email", "ivan@example.com")),
        (Match(Matching.EMAIL_PROFILE, "ivan@example.com"), ("email", "ivan@example.com")),
        (Match(Matching.PHONE, "+79000000000"), ("phone", "+79000000000")),
        (Match(Matching.CUSTOM, 12345, "CRM_ID"), ("custom", "12345", "CRM_ID")),
    ],
)
async def test_a_person_is_found_by_any_name_and_by_no_other(
    outbox: Outbox, match: Match, name: tuple[str, ...]
) -> None:
    event = an_event()
    mine = a_delivery(event, matches=[Match(Matching.PROFILE_ID, "f" * 24), match])
    await outbox.accept([Acceptance(event, None, (mine, a_delivery(event)))])

    found = await outbox.deliveries(
        DeliveryFilter(people=(outbox.person(PersonName(*name)),)), limit=9
    )
    nobody = outbox.person(PersonName("email", "nobody@example.com"))

    assert mine.id in [one.id for one in found]
    assert await outbox.deliveries(DeliveryFilter(people=(nobody,)), limit=9) == []


async def test_lists_go_by_time_without_being_told_an_id(outbox: Outbox) -> None:
    made = an_event()
    delivery = a_delivery(made)
    await outbox.accept([Acceptance(made, None, (delivery,))])
    # Ids are made by the time of the machine.
    before, after = AT - timedelta(days=9999), AT + timedelta(days=36500)

    def between(**bounds: object) -> DeliveryFilter:
        return DeliveryFilter(**bounds)  # type: ignore[arg-type]  # as the callers below give them

    assert len(await outbox.deliveries(between(since=before, until=after), limit=9)) == 1
    assert await outbox.deliveries(between(since=after), limit=9) == []
    assert await outbox.deliveries(between(until=before), limit=9) == []
    assert len(await outbox.events(EventFilter(since=before), limit=9)) == 1
    assert await outbox.events(EventFilter(until=before), limit=9) == []


async def test_what_is_alike_is_counted_together(outbox: Outbox, clock: ManualClock) -> None:
    await a_dead_letter(outbox, clock)
    await accept(outbox, clock)
    await accept(outbox, clock, rule="another")

    found = {(c.rule, c.state, c.outcome): c.count for c in await outbox.counts(DeliveryFilter())}

    assert found == {
        ("deal won", DeliveryState.DEAD, "malformed"): 1,
        ("deal won", DeliveryState.PENDING, None): 1,
        ("another", DeliveryState.PENDING, None): 1,
    }


async def test_of_each_rule_it_is_known_when_it_started_something_last(outbox: Outbox) -> None:
    acceptance = an_acceptance()
    await outbox.accept([acceptance])
    rule = acceptance.deliveries[0].start.rule

    found = await outbox.last_made([rule, "never", *(f"rule {n}" for n in range(250))])

    assert found == {rule: made_at(acceptance.deliveries[0].id)}

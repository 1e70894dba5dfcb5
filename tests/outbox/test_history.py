"""What pages of many rows ask at once."""

from app.model.delivery import DeliveryState
from app.model.new_delivery import repeated_delivery
from app.outbox import DeliveryFilter, Outbox, Repeat
from app.outbox.history import Started
from tests.outbox.test_handling import accept
from tests.outbox.test_operate import a_dead_letter
from tests.support.clock import ManualClock
from tests.support.values import AT, an_act


async def test_what_events_started_is_told_without_what_was_replaced(
    outbox: Outbox, clock: ManualClock
) -> None:
    old = await a_dead_letter(outbox, clock)
    before = await outbox.started([old.event_id])
    act = an_act()
    await outbox.repeat([Repeat(old.id, repeated_delivery(old, AT, act.id))], act)

    after = await outbox.started([old.event_id])

    assert before == [Started(old.event_id, DeliveryState.DEAD, 1)]
    assert after == [Started(old.event_id, DeliveryState.PENDING, 1)]
    assert await outbox.started([]) == []


async def test_exchanges_of_several_are_found_together(outbox: Outbox, clock: ManualClock) -> None:
    old = await a_dead_letter(outbox, clock)
    waits = await accept(outbox, clock)

    found = await outbox.attempts_of([old.id, waits.id], limit=10)

    assert (len(found[old.id]), found[waits.id]) == (1, [])
    assert await outbox.attempts_of([], limit=10) == {}


async def test_a_count_ends_at_its_most(outbox: Outbox, clock: ManualClock) -> None:
    for _ in range(3):
        await accept(outbox, clock)

    some = await outbox.count_deliveries(DeliveryFilter(), most=2)
    all_there_are = await outbox.count_deliveries(DeliveryFilter(), most=4)

    assert (sum(one.count for one in some.counts), some.is_whole) == (2, False)
    assert (sum(one.count for one in all_there_are.counts), all_there_are.is_whole) == (3, True)

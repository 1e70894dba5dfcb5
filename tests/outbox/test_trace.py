"""The trace of a call is kept with what it starts."""

from dataclasses import replace

from app.model.handling import Handling, Priority
from app.model.new_delivery import repeated_delivery
from app.model.trace import TraceContext
from app.outbox import Acceptance, DeliveryFilter, Outbox, Repeat
from app.outbox.rows import is_plain
from tests.outbox.test_operate import a_dead_letter
from tests.support.clock import ManualClock
from tests.support.values import AT, a_delivery, an_act, an_event

TRACE = TraceContext("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "shop=a1")


async def test_a_delivery_comes_back_with_its_trace(outbox: Outbox) -> None:
    event = an_event()
    traced = replace(a_delivery(event, rule="traced"), trace=TRACE)
    handled = a_delivery(event, rule="handled", handling=Handling(Priority.HIGH))
    both = replace(
        handled, id=a_delivery().id, start=replace(handled.start, rule="both"), trace=TRACE
    )

    await outbox.accept([Acceptance(event, None, (traced, handled, both))])

    found = await outbox.deliveries(DeliveryFilter(), limit=9)
    by_rule = {one.start.rule: (one.trace, one.start.handling.priority) for one in found}
    assert by_rule == {
        "traced": (TRACE, Priority.NORMAL),
        "handled": (None, Priority.HIGH),
        "both": (TRACE, Priority.HIGH),
    }


async def test_a_replay_points_to_the_trace_of_the_original(
    outbox: Outbox, clock: ManualClock
) -> None:
    old = replace(await a_dead_letter(outbox, clock), trace=TRACE)
    act = an_act()

    [fresh] = await outbox.repeat([Repeat(old.id, repeated_delivery(old, AT, act.id))], act)

    found = await outbox.delivery(fresh)
    assert found is not None
    assert found.trace == replace(TRACE, is_linked=True)


def test_only_what_is_traced_leaves_the_short_way_into_the_store() -> None:
    assert is_plain(a_delivery())
    assert not is_plain(replace(a_delivery(), trace=TRACE))

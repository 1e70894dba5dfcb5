"""Whether all calls of a source are refused, as the processes that take calls add it up."""

from datetime import timedelta

from app.outbox import Outbox, Refusal
from tests.support.clock import ManualClock
from tests.support.values import AT, an_acceptance


def refused(clock: ManualClock, count: int) -> Refusal:
    return Refusal("crm", clock.now(), clock.now(), count, "unauthenticated")


async def test_what_several_processes_refuse_is_added_up(
    outbox: Outbox, clock: ManualClock
) -> None:
    await outbox.tell_refusals([refused(clock, 3)])
    clock.pass_s(60)
    await outbox.tell_refusals([refused(clock, 4)])

    [found] = await outbox.refusals()

    assert (found.count, found.since, found.slug) == (7, AT, "unauthenticated")
    assert found.last_at == AT + timedelta(seconds=60)


async def test_a_source_of_which_a_call_was_taken_is_not_refused(
    outbox: Outbox, clock: ManualClock
) -> None:
    await outbox.tell_refusals([refused(clock, 3)])

    # Ids are made by the clock of the world, which is later.
    await outbox.accept([an_acceptance()])

    assert await outbox.refusals() == []


async def test_after_an_hour_of_quiet_it_begins_anew(outbox: Outbox, clock: ManualClock) -> None:
    await outbox.tell_refusals([refused(clock, 3)])
    clock.pass_s(3601)
    assert await outbox.refusals() == []

    await outbox.tell_refusals([refused(clock, 1)])

    [found] = await outbox.refusals()
    assert (found.count, found.since) == (1, clock.now())

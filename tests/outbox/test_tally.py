"""What was counted is added up by minutes, rolled up into hours, and let go with the events."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from app.model.tally import Tally, TallyKind, TallySum
from app.outbox import Ages, Outbox, TalliesAsked
from tests.support.clock import ManualClock

CALL, RULE = TallyKind.CALL, TallyKind.RULE
NOBODY = Ages(events_s=None, dead_s=None)


def taken(count: int = 1, name: str = "crm") -> Tally:
    return Tally(CALL, name, "accepted", count)


async def everything(
    outbox: Outbox, clock: ManualClock, *, step_s: int | None = None, limit: int = 1000
) -> list[TallySum]:
    now = clock.now()
    asked = TalliesAsked(now - timedelta(days=60), now + timedelta(days=1), step_s)
    return await outbox.tallies(asked, limit=limit)


def counts(found: Sequence[TallySum]) -> list[tuple[datetime, int]]:
    return [(one.at, one.count) for one in found]


async def rolled_up(outbox: Outbox) -> int:
    rows = 0
    while step := await outbox.roll_up_tallies():
        rows += step
    return rows


async def test_what_is_counted_in_one_minute_is_added_up(
    outbox: Outbox, clock: ManualClock
) -> None:
    began = clock.now()
    await outbox.add_tallies([taken(2), Tally(RULE, "deal won", "held", 1)])
    clock.pass_s(30)
    await outbox.add_tallies([taken(3), taken(1, "shop")])
    clock.pass_s(30)
    await outbox.add_tallies([taken(5)])

    found = await everything(outbox, clock, step_s=60)

    assert found == [
        TallySum(CALL, "crm", "accepted", 5, began, began),
        TallySum(CALL, "shop", "accepted", 1, began, began),
        TallySum(RULE, "deal won", "held", 1, began, began),
        TallySum(CALL, "crm", "accepted", 5, clock.now(), clock.now()),
    ]


async def test_nothing_counted_is_nothing_written(outbox: Outbox, clock: ManualClock) -> None:
    await outbox.add_tallies([])

    assert await everything(outbox, clock) == []


async def test_longer_steps_and_a_kind_and_a_name_are_asked_for(
    outbox: Outbox, clock: ManualClock
) -> None:
    began = clock.now()
    for _ in range(10):
        await outbox.add_tallies([taken(), taken(2, "shop"), Tally(RULE, "deal won", "held", 1)])
        clock.pass_s(60)
    until = began + timedelta(minutes=10)

    steps = await outbox.tallies(TalliesAsked(began, until, 300, (CALL,), "shop"), limit=10)
    whole = await outbox.tallies(TalliesAsked(began, until, None, (CALL,)), limit=10)
    part = await outbox.tallies(
        TalliesAsked(began + timedelta(minutes=3), began + timedelta(minutes=5)), limit=10
    )

    assert counts(steps) == [(began, 10), (began + timedelta(minutes=5), 10)]
    assert [(one.name, one.count) for one in whole] == [("crm", 10), ("shop", 20)]
    assert {one.last_at for one in whole} == {began + timedelta(minutes=9)}
    assert [one.count for one in part] == [2, 4, 2]


async def test_totals_are_of_one_kind_and_end_with_this_minute(
    outbox: Outbox, clock: ManualClock
) -> None:
    await outbox.add_tallies([taken(), Tally(RULE, "deal won", "held", 4)])

    [found] = await outbox.totals(clock.now() - timedelta(days=30), RULE, limit=10)

    assert (found.name, found.count, found.last_at) == ("deal won", 4, clock.now())


async def test_no_more_sums_come_than_were_asked_for(outbox: Outbox, clock: ManualClock) -> None:
    await outbox.add_tallies([taken(name=f"source-{n:02}") for n in range(20)])

    assert len(await everything(outbox, clock, limit=7)) == 7


async def test_minutes_of_three_hours_ago_become_hours_and_nothing_is_lost(
    outbox: Outbox, clock: ManualClock
) -> None:
    began = clock.now()
    for _ in range(150):
        await outbox.add_tallies([taken(), Tally(RULE, "deal won", "held", 2)])
        clock.pass_s(60)
    clock.pass_s(3 * 3600 - 30 * 60)

    rows = await rolled_up(outbox)

    # Of the first two hours; the third is not over since three hours.
    assert rows == 2 * 59 * 2
    found = [one for one in await everything(outbox, clock, step_s=60) if one.kind is CALL]
    hours = [(began, 60), (began + timedelta(hours=1), 60)]
    minutes = [(began + timedelta(minutes=120 + n), 1) for n in range(30)]
    assert counts(found) == hours + minutes
    assert [one.count for one in await everything(outbox, clock)] == [150, 300]
    assert await outbox.roll_up_tallies() == 0


async def test_what_is_as_young_as_three_hours_is_kept_by_the_minute(
    outbox: Outbox, clock: ManualClock
) -> None:
    clock.pass_s(60)
    await outbox.add_tallies([taken()])
    clock.pass_s(170 * 60)

    assert await outbox.roll_up_tallies() == 0


@pytest.mark.parametrize("ages", [Ages(events_s=30 * 86_400, dead_s=None), NOBODY])
async def test_what_is_older_than_events_are_kept_goes_in_steps(
    outbox: Outbox, clock: ManualClock, ages: Ages
) -> None:
    for _ in range(4):
        await outbox.add_tallies([taken()])
        clock.pass_s(3600)
    clock.pass_s(30 * 86_400 - 2 * 3600)

    steps = 0
    while await outbox.purge_tallies(ages):
        steps += 1

    [left] = await everything(outbox, clock)
    assert (steps, left.count) == ((2, 2) if ages is not NOBODY else (0, 4))


async def test_processes_that_add_to_the_same_minute_do_not_wait_in_turns(
    url: str, clock: ManualClock
) -> None:
    names = [f"source-{n:02}" for n in range(40)]
    async with Outbox.open(url, clock=clock) as one, Outbox.open(url, clock=clock) as other:
        for _ in range(5):
            await asyncio.gather(
                one.add_tallies([taken(name=name) for name in names]),
                other.add_tallies([taken(name=name) for name in reversed(names)]),
            )

        found = await everything(one, clock)

    assert [one.count for one in found] == [10] * 40

"""Each is told once of what needs a person, whichever of several processes tells it."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from app.outbox import Audience, NoticeClaim, Outbox, Tellable
from app.outbox.notices import MOST_TRIES
from tests.support.clock import ManualClock
from tests.support.values import AT

LEASE_S = 120
ONE = Tellable("problem", "main.scenario.3.malformed", AT)
OTHER = Tellable("waiting_long", "main")
SLACK = Audience("slack", [ONE], hears_end=True)


async def claim(outbox: Outbox, *audiences: Audience) -> list[NoticeClaim]:
    return await outbox.claim_notices(audiences, lease_s=LEASE_S)


def told(claims: list[NoticeClaim]) -> list[tuple[str, str, bool]]:
    return [(one.channel, one.kind, one.is_over) for one in claims]


async def test_each_is_told_of_each_once(outbox: Outbox, clock: ManualClock) -> None:
    audiences = (replace(SLACK, tellables=[ONE, OTHER]), Audience("night", [ONE]))

    first = await claim(outbox, *audiences)
    await outbox.notices_sent(first)
    clock.pass_s(1_000_000)

    assert sorted(told(first)) == [
        ("night", "problem", False), ("slack", "problem", False), ("slack", "waiting_long", False),
    ]  # fmt: skip
    assert await claim(outbox, *audiences) == []


async def test_of_several_processes_one_tells_it(
    outbox: Outbox, url: str, clock: ManualClock
) -> None:
    async with Outbox.open(url, clock=clock) as second, Outbox.open(url, clock=clock) as third:
        outboxes = [outbox, second, third]
        for n in range(5):
            one = Tellable("problem", f"main.scenario.{n}.malformed", AT)

            found = await asyncio.gather(
                *(claim(each, Audience("slack", [one])) for each in outboxes for _ in range(3))
            )

            assert sum(len(claims) for claims in found) == 1
            clock.pass_s(LEASE_S + 1)
            again = await asyncio.gather(
                *(claim(each, Audience("slack", [one])) for each in outboxes)
            )
            assert sum(len(claims) for claims in again) == 1, "its process may be lost"


async def test_who_was_lost_while_it_told_is_replaced(outbox: Outbox, clock: ManualClock) -> None:
    [first] = await claim(outbox, SLACK)
    assert await claim(outbox, SLACK) == []

    clock.pass_s(LEASE_S)
    [again] = await claim(outbox, SLACK)

    assert (first.tries, again.tries) == (1, 2)


async def test_what_is_not_taken_is_tried_again_later_and_not_for_ever(
    outbox: Outbox, clock: ManualClock
) -> None:
    tries = []
    for _ in range(20):
        claims = await claim(outbox, SLACK)
        tries += [one.tries for one in claims]
        await outbox.put_off_notices(claims, wait_s=30)
        assert await claim(outbox, SLACK) == []
        clock.pass_s(30)

    assert tries == list(range(1, MOST_TRIES + 1))


async def test_the_end_is_told_to_who_was_told_of_the_beginning(
    outbox: Outbox, clock: ManualClock
) -> None:
    deaf = Audience("night", [ONE])
    await outbox.notices_sent(await claim(outbox, SLACK, deaf))
    untold = Audience("late", [ONE], hears_end=True)
    await claim(outbox, SLACK, deaf, untold)

    over = await claim(outbox, *(replace(one, tellables=[]) for one in (SLACK, deaf, untold)))
    await outbox.notices_sent(over)
    clock.pass_s(LEASE_S)

    assert told(over) == [("slack", "problem", True)]
    assert await claim(outbox, replace(SLACK, tellables=[])) == []


async def test_an_end_that_could_not_be_told_is_tried_again(
    outbox: Outbox, clock: ManualClock
) -> None:
    await outbox.notices_sent(await claim(outbox, SLACK))
    over = replace(SLACK, tellables=[])
    claims = await claim(outbox, over)
    await outbox.put_off_notices(claims, wait_s=30)
    assert await claim(outbox, over) == []

    clock.pass_s(30)
    [again] = await claim(outbox, over)

    assert (again.is_over, again.tries) == (True, 2)


async def test_what_begins_anew_is_told_anew(outbox: Outbox, clock: ManualClock) -> None:
    await outbox.notices_sent(await claim(outbox, SLACK))
    later = replace(ONE, since=AT + timedelta(hours=1))

    anew = await claim(outbox, replace(SLACK, tellables=[later]))
    await outbox.notices_sent(anew)
    await claim(outbox, replace(SLACK, tellables=[]))
    back = await claim(outbox, replace(SLACK, tellables=[later]))

    assert told(anew) == told(back) == [("slack", "problem", False)]


async def test_what_moves_while_it_is_the_same_is_told_once(
    outbox: Outbox, clock: ManualClock
) -> None:
    waiting = replace(SLACK, tellables=[OTHER])
    await outbox.notices_sent(await claim(outbox, waiting))

    clock.pass_s(3600)

    assert await claim(outbox, waiting) == []


async def test_what_somebody_sees_to_is_quiet_until_it_is_over(
    outbox: Outbox, clock: ManualClock
) -> None:
    hourly = replace(SLACK, repeat_s=3600)
    quiet = replace(hourly, tellables=[replace(ONE, is_quiet=True)])
    assert await claim(outbox, quiet) == []
    await outbox.notices_sent(await claim(outbox, hourly))

    clock.pass_s(7200)

    assert await claim(outbox, quiet) == []
    assert told(await claim(outbox, replace(hourly, tellables=[]))) == [("slack", "problem", True)]


async def test_it_is_told_once_more_as_often_as_is_asked(
    outbox: Outbox, clock: ManualClock
) -> None:
    hourly = replace(SLACK, repeat_s=3600)
    count = 0
    for _ in range(10):
        claims = await claim(outbox, hourly)
        await outbox.notices_sent(claims)
        count += len(claims)
        clock.pass_s(1200)

    assert count == 4


async def test_who_is_named_no_more_leaves_nothing(outbox: Outbox, clock: ManualClock) -> None:
    await outbox.notices_sent(await claim(outbox, SLACK))

    await claim(outbox, Audience("night", [ONE]))

    assert told(await claim(outbox, SLACK)) == [("slack", "problem", False)]

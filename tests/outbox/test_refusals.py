"""Calls that left no event: the last few of each source, for an hour."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from app.housekeeping import Housekeeper
from app.kit.ids import first_id_at, new_id
from app.model.unkept import UnkeptCall, UnkeptId
from app.outbox import Ages, Outbox
from tests.support.clock import ManualClock
from tests.support.values import AT


def a_refusal(source: str = "crm", *, at: datetime = AT, number: int = 0) -> UnkeptCall:
    """`number` tells those of one instant apart."""
    return UnkeptCall(
        id=UnkeptId(f"{first_id_at(at)}-7000-8000-{number:012}"),
        source=source,
        at=at,
        slug="unauthenticated",
        why="bearer: the proof does not match",
        method="POST",
        path="/<text, 3>?token=***",
        headers={"content-type": "application/json", "authorization": "Bearer ***"},
        content_type="application/json",
        body_bytes=21,
        shape={"email": "<text, 16>", "size": 4},
    )


async def test_what_is_known_of_them_is_read_again_the_newest_first(outbox: Outbox) -> None:
    first, second = a_refusal(number=1), a_refusal(number=2)
    unreadable = replace(a_refusal(number=3), shape=None, why=None, body_bytes=3 * 1024**3)

    await outbox.put_refusals([first, second, unreadable])

    assert await outbox.refusals("crm") == [unreadable, second, first]


async def test_the_last_twenty_of_a_source_stay(outbox: Outbox) -> None:
    await outbox.put_refusals([a_refusal("shop", number=100 + n) for n in range(3)])
    for start in (0, 15):
        await outbox.put_refusals([a_refusal(number=start + n) for n in range(15)])

    found = await outbox.refusals("crm")

    assert [one.id[-2:] for one in found] == [f"{n:02}" for n in range(29, 9, -1)]
    assert len(await outbox.refusals("shop")) == 3


async def test_those_since_a_page_was_opened_are_told_apart(outbox: Outbox) -> None:
    old, young = a_refusal(), a_refusal(at=AT + timedelta(seconds=5))
    await outbox.put_refusals([old, young])

    assert await outbox.refusals("crm", since=AT + timedelta(seconds=1)) == [young]


async def test_they_go_after_an_hour(outbox: Outbox, clock: ManualClock) -> None:
    now = clock.now()
    old, young = (a_refusal(at=now - timedelta(minutes=minutes)) for minutes in (61, 59))
    await outbox.put_refusals([old, young])
    keeper = Housekeeper(outbox, lambda: Ages(None, None), clock, Random(1), owner="this one")

    await keeper.once()

    assert await outbox.refusals("crm") == [young]


async def test_pages_that_are_open_hear_of_them(outbox: Outbox) -> None:
    before = await outbox.pulse()

    await outbox.put_refusals([replace(a_refusal(), id=UnkeptId(new_id()))])

    assert await outbox.pulse() != before

"""Accepting events: durable, all or nothing, each key once."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql

from app.model.event import EventStatus
from app.model.json import Json
from app.outbox import Acceptance, Accepted, DeliveryFilter, Duplicate, EventFilter, Outbox
from app.outbox.accept import accepting
from app.outbox.dialect import insert_at_once
from app.outbox.writer import Waiting, usual_of
from tests.support.clock import ManualClock
from tests.support.values import AT, a_delivery, an_acceptance, an_event


async def test_what_was_accepted_is_there_after_a_restart(url: str, clock: ManualClock) -> None:
    acceptance = an_acceptance()

    async with Outbox.open(url, clock=clock) as before:
        await before.accept([acceptance])

    async with Outbox.open(url, clock=clock) as after:
        assert await after.event(acceptance.event.id) == acceptance.event
        assert await after.delivery(acceptance.deliveries[0].id) == acceptance.deliveries[0]


async def test_the_same_key_again_is_a_duplicate_of_the_first_and_starts_nothing(
    outbox: Outbox,
) -> None:
    first, second = an_acceptance(key="k"), an_acceptance(key="k")

    assert await outbox.accept([first]) == [Accepted()]
    assert await outbox.accept([second]) == [Duplicate(first.event.id)]

    assert await outbox.event(second.event.id) is None
    assert await outbox.delivery(second.deliveries[0].id) is None


async def test_a_key_is_known_after_a_restart(url: str, clock: ManualClock) -> None:
    first = an_acceptance(key="k")
    async with Outbox.open(url, clock=clock) as before:
        await before.accept([first])

    async with Outbox.open(url, clock=clock) as after:
        assert await after.accept([an_acceptance(key="k")]) == [Duplicate(first.event.id)]


async def test_the_same_key_twice_in_one_commit_is_accepted_once(outbox: Outbox) -> None:
    first, second = an_acceptance(key="k"), an_acceptance(key="k")

    assert await outbox.accept([first, second]) == [Accepted(), Duplicate(first.event.id)]


async def test_a_batch_as_large_as_may_be_is_known_when_it_comes_again(outbox: Outbox) -> None:
    batch = [an_acceptance(key=f"k{n}") for n in range(10_000)]
    again = [an_acceptance(key=f"k{n}") for n in range(10_000)]

    assert await outbox.accept(batch, limit_s=60) == [Accepted()] * 10_000
    repeated, other = await asyncio.gather(
        outbox.accept(again, limit_s=60), outbox.accept([an_acceptance(key="other")], limit_s=60)
    )

    assert repeated == [Duplicate(one.event.id) for one in batch]
    assert other == [Accepted()]


async def test_of_many_at_once_with_one_key_exactly_one_is_accepted(outbox: Outbox) -> None:
    results = await asyncio.gather(*(outbox.accept([an_acceptance(key="k")]) for _ in range(50)))

    assert sum(result == [Accepted()] for result in results) == 1
    assert len(await outbox.events(EventFilter(), limit=100)) == 1


async def test_the_same_key_of_another_source_is_another_call(outbox: Outbox) -> None:
    other = an_event(source="shop")

    await outbox.accept([an_acceptance(key="k")])

    assert await outbox.accept([Acceptance(other, "k", ())]) == [Accepted()]


async def test_after_its_window_a_key_is_a_new_call(outbox: Outbox, clock: ManualClock) -> None:
    await outbox.accept([an_acceptance(key="k", window_s=60)])
    clock.pass_s(59)
    within = await outbox.accept([an_acceptance(key="k", window_s=60, at=clock.now())])
    clock.pass_s(1)
    after = an_acceptance(key="k", window_s=60, at=clock.now())

    assert isinstance(within[0], Duplicate)
    assert await outbox.accept([after]) == [Accepted()]
    assert await outbox.accept([an_acceptance(key="k", window_s=60, at=clock.now())]) == [
        Duplicate(after.event.id)
    ]


async def test_an_item_that_cannot_be_stored_takes_its_whole_call_with_it_and_no_other(
    outbox: Outbox,
) -> None:
    good, other = an_acceptance(), an_acceptance()
    spoiled = Acceptance(good.event, None, ())  # the same id a second time

    results = await asyncio.gather(
        outbox.accept([other]), outbox.accept([good, spoiled]), return_exceptions=True
    )

    assert results[0] == [Accepted()]
    assert isinstance(results[1], Exception)
    assert await outbox.event(good.event.id) is None
    assert await outbox.event(other.event.id) is not None


def test_the_usual_calls_of_a_commit_are_one_statement_of_a_server() -> None:
    units = [[an_acceptance()], [an_acceptance(), Acceptance(an_event(), None, ())]]

    found = usual_of(waiting(units))

    assert found is not None
    text, _ = insert_at_once(postgresql.dialect(), found.parts)  # type: ignore[no-untyped-call]
    assert text.count("INSERT INTO") == 3
    assert found.results == [[Accepted()], [Accepted(), Accepted()]]


def test_calls_with_keys_are_rows_too_unless_two_have_the_same() -> None:
    units = [[an_acceptance()], [an_acceptance(key="b"), an_acceptance(key="a")]]

    found = usual_of(waiting(units))

    assert found is not None
    assert [key for _, key, *_ in found.parts[0][2]] == ["a", "b"]
    assert usual_of(waiting([*units, [an_acceptance(key="a")]])) is None


def waiting(units: list[list[Acceptance]]) -> list[Waiting]:
    write = accepting(b"key")
    return [Waiting(write, unit, 5, lambda _: None, 0) for unit in units]


async def test_a_start_that_was_accepted_wakes_the_worker(outbox: Outbox) -> None:
    await outbox.accept([an_acceptance()])

    assert await outbox.wakeup.wait(0.001)


_json: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(
    body=st.binary(max_size=200),
    query=_text,
    headers=st.dictionaries(_text, _text, max_size=3),
    content=st.dictionaries(st.text(), _json, max_size=3),
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_what_is_stored_comes_back_as_it_was(
    outbox: Outbox, body: bytes, query: str, headers: dict[str, str], content: dict[str, Json]
) -> None:
    event = an_event(body=body, query=query, headers=headers)
    delivery = a_delivery(event, content=content)

    await outbox.accept([Acceptance(event, None, (delivery,))])

    assert (await outbox.event(event.id), await outbox.delivery(delivery.id)) == (event, delivery)


async def test_lists_come_newest_first_page_by_page(outbox: Outbox) -> None:
    acceptances = [an_acceptance() for _ in range(5)]
    await outbox.accept(acceptances)

    first = await outbox.events(EventFilter(), limit=3)
    second = await outbox.events(EventFilter(before=first[-1].id), limit=3)

    assert [e.id for e in first + second] == [a.event.id for a in reversed(acceptances)]


async def test_lists_can_be_narrowed(outbox: Outbox) -> None:
    ignored = an_event(source="shop", status=EventStatus.IGNORED)
    acceptance = an_acceptance()
    await outbox.accept([acceptance, Acceptance(ignored, None, ())])

    by_source = await outbox.events(EventFilter(source="shop"), limit=9)
    by_status = await outbox.events(EventFilter(status=EventStatus.IGNORED), limit=9)
    by_event = await outbox.deliveries(DeliveryFilter(event_id=acceptance.event.id), limit=9)
    by_rule = await outbox.deliveries(DeliveryFilter(rule="no such rule"), limit=9)

    assert [e.id for e in by_source] == [e.id for e in by_status] == [ignored.id]
    assert [d.id for d in by_event] == [acceptance.deliveries[0].id]
    assert by_rule == []


def test_ids_made_later_sort_after_earlier_ones() -> None:
    ids = [an_event(at=AT).id for _ in range(1000)]

    assert ids == sorted(ids)


@pytest.mark.parametrize("key", ["", "\u0000", "я" * 10_000])
async def test_any_text_may_be_a_key(outbox: Outbox, key: str) -> None:
    assert await outbox.accept([an_acceptance(key=key)]) == [Accepted()]
    assert isinstance((await outbox.accept([an_acceptance(key=key)]))[0], Duplicate)

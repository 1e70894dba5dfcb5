"""Nothing of a forgotten person is left, and nothing else is lost."""

from pathlib import Path

from sqlalchemy import BigInteger, insert, literal, select

from app.kit.clock import SystemClock
from app.model.delivery import DeliveryState, Ending
from app.model.event import EventStatus
from app.model.new_delivery import repeated_delivery
from app.model.outcome import OutcomeKind
from app.model.start import Match, Matching
from app.outbox import (
    Acceptance,
    ActKind,
    DeliveryFilter,
    EventFilter,
    Outbox,
    PersonName,
    Repeat,
    tables,
)
from tests.outbox.test_handling import claim, settle
from tests.support.clock import ManualClock
from tests.support.stores import ON_SQLITE
from tests.support.values import AT, a_delivery, an_act, an_event

IVAN = PersonName("email", "ivan@example.com")
BY_EMAIL = Match(Matching.EMAIL, "Ivan@example.com")
BY_PHONE = Match(Matching.PHONE, "+79000000001")
OLGA = Match(Matching.EMAIL, "olga@example.com")


async def kept(outbox: Outbox, match: Match, *more: Match, body: bytes = b"ivan was here") -> str:
    event = an_event(body=body, query="email=ivan@example.com", headers={"x-user": "ivan"})
    deliveries = tuple(a_delivery(event, matches=[one], content={"n": "Ivan"}) for one in more)
    first = a_delivery(event, matches=[match, BY_PHONE], content={"name": "Ivan"})
    await outbox.accept([Acceptance(event, f"ivan/{event.id}", (first, *deliveries))])
    return event.id


async def test_call_and_deliveries_are_emptied_and_stay_countable(
    outbox: Outbox, clock: ManualClock
) -> None:
    await kept(outbox, BY_EMAIL)
    [held] = await claim(outbox)
    await settle(outbox, clock, held, OutcomeKind.MALFORMED)
    await kept(outbox, BY_EMAIL)

    done = await outbox.forget([IVAN], an_act(ActKind.FORGET))

    assert (done.events, done.deliveries, done.attempts, done.cancelled) == (2, 2, 1, 1)
    assert (done.under_way, done.others, done.after) == (0, 0, None)
    for event in await outbox.events(EventFilter(), limit=9):
        assert event.is_erased
        assert (event.body, event.query, event.headers, event.path) == (b"", "", {}, "")
    waited, tried = await outbox.deliveries(DeliveryFilter(), limit=9)
    assert (waited.state, waited.outcome) == (DeliveryState.DEAD, Ending.CANCELLED)
    assert (tried.state, tried.outcome) == (DeliveryState.DEAD, OutcomeKind.MALFORMED)
    assert all(one.is_erased and not one.start.content for one in (waited, tried))
    assert [one.error_text for one in await outbox.attempts(tried.id)] == [None]


async def test_nobody_finds_them_any_more_by_any_name(outbox: Outbox) -> None:
    await kept(outbox, BY_EMAIL)

    await outbox.forget([IVAN], an_act(ActKind.FORGET))

    phone = PersonName("phone", "+79000000001")
    for name in (IVAN, phone):
        people = (outbox.person(name),)
        assert await outbox.deliveries(DeliveryFilter(people=people), limit=9) == []
        assert await outbox.events(EventFilter(people=people), limit=9) == []
    assert (await outbox.forget([IVAN, phone], None)).deliveries == 0


async def test_other_people_of_the_same_call_keep_their_deliveries(outbox: Outbox) -> None:
    await kept(outbox, BY_EMAIL, OLGA)

    done = await outbox.forget([IVAN], an_act(ActKind.FORGET))

    assert (done.events, done.deliveries, done.others) == (1, 1, 1)
    hers = next(d for d in await outbox.deliveries(DeliveryFilter(), limit=9) if not d.is_erased)
    assert (hers.state, hers.start.matches[0], hers.start.content) == (
        DeliveryState.PENDING, OLGA, {"n": "Ivan"},
    )  # fmt: skip


async def test_calls_that_started_nothing_are_found_by_whom_they_named(outbox: Outbox) -> None:
    ignored = an_event(status=EventStatus.IGNORED, body=b"ivan")
    await outbox.accept([Acceptance(ignored, None, (), named=(BY_EMAIL, BY_PHONE))])

    listed = await outbox.events(EventFilter(people=(outbox.person(IVAN),)), limit=9)
    done = await outbox.forget([IVAN], an_act(ActKind.FORGET))

    assert [one.id for one in listed] == [ignored.id]
    assert (done.events, done.deliveries) == (1, 0)
    found = await outbox.event(ignored.id)
    assert found
    assert (found.body, found.status) == (b"", EventStatus.IGNORED)


async def test_what_is_being_sent_is_left_until_it_is_done(
    outbox: Outbox, clock: ManualClock
) -> None:
    await kept(outbox, BY_EMAIL)
    [held] = await claim(outbox)

    early = await outbox.forget([IVAN], an_act(ActKind.FORGET))
    await settle(outbox, clock, held, OutcomeKind.ACCEPTED)
    late = await outbox.forget([IVAN], an_act(ActKind.FORGET))

    assert (early.deliveries, early.events, early.under_way) == (0, 0, 1)
    assert (late.deliveries, late.events, late.under_way) == (1, 1, 0)


async def test_who_shares_a_digest_by_chance_is_not_forgotten_instead(
    outbox: Outbox, url: str
) -> None:
    await kept(outbox, OLGA)
    await outbox._writer.run(  # the chance of a collision can't be waited for
        lambda c: c.execute(
            insert(tables.person).from_select(
                ["digest", "delivery_id"],
                select(literal(outbox.person(IVAN), BigInteger), tables.delivery.c.id),
            )
        )
    )

    done = await outbox.forget([IVAN], an_act(ActKind.FORGET))

    assert (done.deliveries, done.events) == (0, 0)
    assert (await outbox.deliveries(DeliveryFilter(), limit=9))[0].start.matches[0] == OLGA


async def test_what_was_erased_is_not_replayed(outbox: Outbox, clock: ManualClock) -> None:
    await kept(outbox, BY_EMAIL)
    [old] = await outbox.deliveries(DeliveryFilter(), limit=9)
    act = an_act()
    repeat = Repeat(old.id, repeated_delivery(old, AT, act.id))

    await outbox.forget([IVAN], an_act(ActKind.FORGET))

    assert await outbox.repeat([repeat], act) == []
    assert await outbox.add([repeat.fresh], act) == []


async def test_many_are_forgotten_in_steps_that_can_be_continued(outbox: Outbox) -> None:
    event = an_event()
    many = tuple(a_delivery(event, matches=[BY_EMAIL]) for _ in range(450))
    await outbox.accept([Acceptance(event, None, many)])
    act = an_act(ActKind.FORGET)

    counted = await outbox.forget([IVAN], None, steps=9)
    first = await outbox.forget([IVAN], act)
    rest = await outbox.forget([IVAN], act, after=first.after or "", steps=9)

    assert (counted.deliveries, counted.others) == (450, 0)
    assert (first.deliveries, rest.deliveries, rest.after) == (200, 250, None)
    assert first.others == rest.others == 0
    [recorded] = await outbox.acts(limit=9)
    assert recorded.count == 450 + 1
    assert "ivan" not in str(recorded)


@ON_SQLITE
async def test_the_file_holds_nothing_of_them(url: str, tmp_path: Path) -> None:
    async with Outbox.open(url, clock=SystemClock()) as outbox:
        for _ in range(20):
            await kept(outbox, BY_EMAIL, body=b"ivan was here" * 1000)
        await outbox.forget([IVAN], an_act(ActKind.FORGET))

    for file in (tmp_path / "inner").iterdir():
        raw = file.read_bytes().lower()
        assert b"ivan" not in raw, file.name
        assert b"79000000001" not in raw, file.name

"""What is past goes, what waits stays, and the disk is given back."""

from dataclasses import replace
from datetime import timedelta
from random import Random

from sqlalchemy import func, select

from app.housekeeping import Housekeeper
from app.kit.ids import first_id_at
from app.model.delivery import Delivery, DeliveryId, DeliveryState, Ending
from app.model.event import EventId, EventStatus
from app.model.tally import Tally, TallyKind
from app.outbox import (
    Acceptance,
    Accepted,
    Ages,
    DeliveryFilter,
    Duplicate,
    EventFilter,
    Outbox,
    Past,
    PersonName,
    Repeat,
    tables,
)
from tests.support.clock import ManualClock
from tests.support.postgres import a_connection
from tests.support.stores import ON_POSTGRESQL, ON_SQLITE
from tests.support.values import a_delivery, a_match, an_act, an_event

DAY_S = 86_400.0
AGES = Ages(events_s=30 * DAY_S, dead_s=90 * DAY_S)


def aged(days: float, clock: ManualClock, n: int = 0) -> Acceptance:
    """As it was taken so long ago: its id says so, too."""
    at = clock.now() - timedelta(days=days)
    head = first_id_at(at)
    event = replace(an_event(at=at), id=EventId(f"{head}-7000-8000-{n:012x}"))
    delivery = replace(a_delivery(event, at=at), id=DeliveryId(f"{head}-7000-9000-{n:012x}"))
    return Acceptance(event, None, (delivery,))


def ended(acceptance: Acceptance, state: DeliveryState, ending: Ending | None = None) -> Acceptance:
    [delivery] = acceptance.deliveries
    done = replace(delivery, state=state, outcome=ending, finished_at=delivery.created_at)
    # What has a special handling is written with all its columns.
    special = replace(done, start=replace(done.start, fields={"x": 1}))
    return replace(acceptance, deliveries=(special,))


async def left(outbox: Outbox) -> set[str]:
    return {event.id for event in await outbox.events(EventFilter(), limit=1000)}


async def purge(outbox: Outbox, ages: Ages = AGES, *, limit: int = 3) -> int:
    count, step = 0, await outbox.purge(ages, None, limit=limit)
    count += step.events
    while step.after is not None:
        step = await outbox.purge(ages, step.after, limit=limit)
        count += step.events
    return count


@ON_POSTGRESQL
async def test_what_somebody_works_on_stays_until_the_next_round(
    outbox: Outbox, clock: ManualClock, url: str
) -> None:
    old = [ended(aged(31, clock, n), DeliveryState.DONE) for n in range(3)]
    await outbox.accept(old)
    async with a_connection(url) as other, other.transaction():
        # As who replays the one, and who holds the other against the rules of today.
        await other.execute(
            "SELECT FROM delivery WHERE id = $1 FOR UPDATE", old[0].deliveries[0].id
        )
        await other.execute("SELECT FROM event WHERE id = $1 FOR UPDATE", old[1].event.id)

        assert await purge(outbox) == 1
        assert await left(outbox) == {old[0].event.id, old[1].event.id}

    assert await purge(outbox) == 2


async def test_what_is_old_and_done_goes_and_what_is_young_stays(
    outbox: Outbox, clock: ManualClock
) -> None:
    old = [ended(aged(31, clock, n), DeliveryState.DONE) for n in range(7)]
    young = [ended(aged(29, clock, n), DeliveryState.DONE) for n in range(2)]
    await outbox.accept([*old, *young])

    assert await purge(outbox) == 7

    assert await left(outbox) == {one.event.id for one in young}
    assert len(await outbox.deliveries(DeliveryFilter(), limit=99)) == 2
    person = outbox.person(PersonName("custom", "12345", "CRM_ID"))
    assert len(await outbox.deliveries(DeliveryFilter(people=(person,)), limit=99)) == 2


async def test_what_is_not_delivered_stays_however_old_it_is(
    outbox: Outbox, clock: ManualClock
) -> None:
    waiting = aged(3000, clock)
    await outbox.accept([waiting, ended(aged(3000, clock, 1), DeliveryState.PAUSED)])

    assert await purge(outbox) == 0

    assert len(await left(outbox)) == 2


async def test_an_ignored_event_goes_with_its_age(outbox: Outbox, clock: ManualClock) -> None:
    acceptance = aged(31, clock)
    event = replace(acceptance.event, status=EventStatus.IGNORED)
    await outbox.accept([Acceptance(event, None, (), named=(a_match(),))])

    assert await purge(outbox) == 1
    query = select(func.count()).select_from(tables.person)
    assert await outbox._reads.run(lambda c: c.execute(query).scalar_one()) == 0


async def test_a_dead_letter_waits_longer_for_a_person_to_see_it(
    outbox: Outbox, clock: ManualClock
) -> None:
    seen = ended(aged(31, clock, 1), DeliveryState.DEAD, Ending.CANCELLED)
    unseen = ended(aged(31, clock, 2), DeliveryState.DEAD)
    forgotten = ended(aged(91, clock, 3), DeliveryState.DEAD)
    await outbox.accept([seen, unseen, forgotten])

    assert await outbox.past(AGES) == Past(events=2, kept=1, keys=0)
    assert await purge(outbox) == 2

    assert await left(outbox) == {unseen.event.id}


async def test_a_dead_letter_that_was_replayed_goes(outbox: Outbox, clock: ManualClock) -> None:
    dead = ended(aged(31, clock), DeliveryState.DEAD)
    await outbox.accept([dead])
    [old] = dead.deliveries
    fresh: Delivery = replace(old, id=DeliveryId(old.id[:-1] + "f"), replay_of=old.id)
    done = replace(fresh, state=DeliveryState.DONE)
    await outbox.repeat([Repeat(old.id, done)], an_act())

    assert await purge(outbox) == 1


async def test_a_key_is_forgotten_with_its_age(outbox: Outbox, clock: ManualClock) -> None:
    old, young = replace(aged(31, clock), dedup_key="a"), replace(aged(29, clock, 1), dedup_key="b")
    await outbox.accept([old, young])

    while await outbox.purge_keys(AGES, limit=1):
        pass

    again = [replace(aged(0, clock, n), dedup_key=key) for n, key in ((7, "a"), (8, "b"))]
    assert await outbox.accept(again) == [Accepted(), Duplicate(young.event.id)]


async def test_nothing_goes_when_all_is_kept_for_ever(outbox: Outbox, clock: ManualClock) -> None:
    await outbox.accept([ended(aged(3000, clock), DeliveryState.DONE)])

    assert await purge(outbox, Ages(None, None)) == 0


async def test_one_of_several_keeps_house(outbox: Outbox, clock: ManualClock) -> None:
    await outbox.accept([ended(aged(31, clock, n), DeliveryState.DONE) for n in range(5)])
    await outbox.on_duty("housekeeping", owner="another", lasts_s=60)
    keeper = Housekeeper(outbox, lambda: AGES, clock, Random(1), owner="this one")

    await keeper.once()
    assert len(await left(outbox)) == 5
    clock.pass_s(61)
    await keeper.once()

    assert await left(outbox) == set()


async def test_what_was_counted_is_kept_by_the_hour_and_goes_with_the_events(
    outbox: Outbox, clock: ManualClock
) -> None:
    for _ in range(3):
        clock.pass_s(60)
        await outbox.add_tallies([Tally(TallyKind.CALL, "crm", "accepted", 1)])
    keeper = Housekeeper(outbox, lambda: AGES, clock, Random(1), owner="this one")

    clock.pass_s(3 * DAY_S)
    await keeper.once()
    [hour] = await outbox.totals(clock.now() - timedelta(days=9), TallyKind.CALL, limit=9)
    clock.pass_s(30 * DAY_S)
    await keeper.once()

    assert (hour.count, hour.last_at.minute) == (3, 0)
    assert await outbox.totals(clock.now() - timedelta(days=99), TallyKind.CALL, limit=9) == []


@ON_SQLITE
async def test_the_file_gives_its_disk_back(outbox: Outbox, clock: ManualClock, url: str) -> None:
    body = b"x" * 20_000
    for n in range(20):
        many = [ended(aged(31, clock, n * 50 + m), DeliveryState.DONE) for m in range(50)]
        await outbox.accept([replace(one, event=replace(one.event, body=body)) for one in many])
    full = (await outbox.size()).total_bytes
    assert full > 20_000_000
    keeper = Housekeeper(outbox, lambda: AGES, clock, Random(1), owner="this one")

    await keeper.once()

    size = await outbox.size()
    assert size.total_bytes < full / 3
    assert size.free_bytes is not None
    assert size.free_bytes <= 1000 * 4096


async def test_the_size_is_told(outbox: Outbox, clock: ManualClock) -> None:
    await outbox.accept([aged(1, clock)])

    size = await outbox.size()

    assert size.total_bytes > 0
    count = {table.name: (table.count, table.is_estimate) for table in size.tables}
    assert count == {
        "event": (1, False),
        "delivery": (1, False),
        "attempt": (0, False),
        "dedup": (0, False),
        "person": (1, False),
    }

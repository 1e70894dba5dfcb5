"""Lists by what no index has."""

from app.model.delivery import DeliveryId, DeliveryState
from app.model.event import EventStatus
from app.outbox import Acceptance, DeliveryFilter, EventFilter, Outbox
from app.outbox.reach import count_deliveries, look_at_deliveries, look_at_events
from tests.support.values import a_delivery, an_event


async def deliveries_to(outbox: Outbox, *destinations: str) -> list[str]:
    """The oldest first."""
    events = [an_event() for _ in destinations]
    made = [a_delivery(e, destination=d) for e, d in zip(events, destinations, strict=True)]
    pairs = zip(events, made, strict=True)
    await outbox.accept([Acceptance(event, None, (one,)) for event, one in pairs])
    return [one.id for one in made]


async def test_a_look_ends_at_its_reach_and_goes_on_from_there(outbox: Outbox) -> None:
    rare, *_ = await deliveries_to(outbox, "rare", "main", "main", "main")
    wanted = DeliveryFilter(destination="rare")

    first = await outbox._read(lambda c: look_at_deliveries(c, wanted, 10, reach=2))
    assert first.following is not None
    onward = DeliveryFilter(destination="rare", before=DeliveryId(first.following))
    second = await outbox._read(lambda c: look_at_deliveries(c, onward, 10, reach=3))

    assert (list(first.items), first.is_short) == ([], True)
    assert ([one.id for one in second.items], second.following) == ([rare], None)


async def test_a_full_page_goes_on_behind_its_last(outbox: Outbox) -> None:
    ids = await deliveries_to(outbox, "main", "main", "main")
    wanted = DeliveryFilter(destination="main")

    page = await outbox._read(lambda c: look_at_deliveries(c, wanted, 2, reach=3))

    assert [one.id for one in page.items] == ids[:0:-1]
    assert (page.following, page.is_short) == (ids[1], False)


async def test_what_an_index_finds_has_no_end(outbox: Outbox) -> None:
    await deliveries_to(outbox, "main", "main", "main")

    page = await outbox._read(lambda c: look_at_events(c, EventFilter(source="crm"), 10, reach=1))
    some = await outbox._read(
        lambda c: look_at_events(
            c, EventFilter(source="crm", status=EventStatus.ACCEPTED), 10, reach=1
        )
    )

    assert (len(page.items), page.following) == (3, None)
    assert (len(some.items), some.is_short) == (1, True)


async def test_what_waits_is_found_behind_the_reach_where_it_is_little(outbox: Outbox) -> None:
    rare, *_ = await deliveries_to(outbox, "rare", "main", "main", "main")
    wanted = DeliveryFilter(state=DeliveryState.PENDING, destination="rare")

    of_few = await outbox._read(lambda c: look_at_deliveries(c, wanted, 10, reach=4))
    of_many = await outbox._read(lambda c: look_at_deliveries(c, wanted, 10, reach=3))

    assert ([one.id for one in of_few.items], of_few.is_short) == ([rare], False)
    assert ([one.id for one in of_many.items], of_many.is_short) == ([], True)


async def test_what_waits_is_listed_the_newest_first(outbox: Outbox) -> None:
    ids = await deliveries_to(outbox, "main", "rare", "main")
    wanted = DeliveryFilter(state=DeliveryState.PENDING)

    page = await outbox._read(lambda c: look_at_deliveries(c, wanted, 2))

    assert ([one.id for one in page.items], page.following) == (ids[:0:-1], ids[1])


async def test_a_count_is_of_what_is_within_reach(outbox: Outbox) -> None:
    await deliveries_to(outbox, "rare", "main", "rare", "main")
    wanted = DeliveryFilter(destination="rare")

    some = await outbox._read(lambda c: count_deliveries(c, wanted, 10, reach=3))
    all_there_are = await outbox._read(lambda c: count_deliveries(c, wanted, 10, reach=5))

    assert ([one.count for one in some.counts], some.is_whole) == ([1], False)
    assert ([one.count for one in all_there_are.counts], all_there_are.is_whole) == ([2], True)

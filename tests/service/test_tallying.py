"""What a process counted reaches the store, also after the store was away."""

from collections.abc import Sequence
from random import Random

import pytest

from app.model.tally import Tally, TallyKind
from app.observe.counts import Counts
from app.outbox import StoreUnavailable
from app.service.tallying import Tallying


class Book:
    def __init__(self) -> None:
        self.is_away = False
        self.stored: list[Tally] = []

    async def add_tallies(self, tallies: Sequence[Tally]) -> None:
        if self.is_away:
            raise StoreUnavailable("away")
        self.stored += tallies


def of_calls(count: int) -> Tally:
    return Tally(TallyKind.CALL, "crm", "accepted", count)


@pytest.fixture
def counts() -> Counts:
    made = Counts()
    made.use(["crm"], [], [])
    return made


async def test_each_call_is_told_of_once(counts: Counts) -> None:
    book = Book()
    tallying = Tallying(book, counts, Random(1))

    counts.call("crm", "accepted", 0.1)
    await tallying.flush()
    await tallying.flush()
    counts.call("crm", "accepted", 0.1)
    await tallying.flush()

    assert book.stored == [of_calls(1), of_calls(1)]


async def test_what_the_store_did_not_take_is_added_when_it_is_back(counts: Counts) -> None:
    book = Book()
    tallying = Tallying(book, counts, Random(1))
    book.is_away = True

    for _ in range(3):
        counts.call("crm", "accepted", 0.1)
        with pytest.raises(StoreUnavailable):
            await tallying.flush()
    book.is_away = False
    await tallying.flush()

    assert book.stored == [of_calls(3)]


async def test_the_end_of_a_process_is_not_held_up_by_a_store_that_is_away(counts: Counts) -> None:
    book = Book()
    tallying = Tallying(book, counts, Random(1))
    counts.call("crm", "accepted", 0.1)

    book.is_away = True
    await tallying.last()
    book.is_away = False
    await tallying.last()

    assert book.stored == [of_calls(1)]

"""The store itself: refuses when it must, recovers by itself, keeps its shape."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql import ClauseElement

from app.model.delivery import DeliveryState
from app.model.event import EventStatus
from app.outbox import (
    Accepted,
    DeliveryFilter,
    EventFilter,
    Outbox,
    StoreUnavailable,
    WriterLimits,
    claims,
    endings,
    history,
    turns,
)
from app.outbox.engine import StoreAddressRefused
from app.outbox.tables import metadata
from tests.support.clock import ManualClock
from tests.support.values import AT, an_acceptance


def path_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite+aiosqlite:///"))


async def writer_pragma(outbox: Outbox, pragma: str) -> object:
    """Of the one connection that writes, which nobody else can reach."""
    return await outbox._writes.run(lambda c: c.exec_driver_sql(f"PRAGMA {pragma}").scalar())


async def test_a_full_disk_refuses_and_a_disk_with_room_takes_again(
    tmp_path: Path, clock: ManualClock
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/bridge.db"
    async with Outbox.open(url, clock=clock) as outbox:
        await outbox.accept([an_acceptance()])
        pages = await writer_pragma(outbox, "page_count")
        await writer_pragma(outbox, f"max_page_count = {pages}")

        with pytest.raises(StoreUnavailable, match="full"):
            await outbox.accept([an_acceptance() for _ in range(200)])
        await writer_pragma(outbox, "max_page_count = 1000000")

        assert await outbox.accept([an_acceptance()]) == [Accepted()]


async def test_a_store_that_is_locked_by_another_refuses_in_time(url: str, outbox: Outbox) -> None:
    other = sqlite3.connect(path_of(url))
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(StoreUnavailable):
        await outbox.accept([an_acceptance()], limit_s=0.05)
    with pytest.raises(StoreUnavailable):
        await outbox.probe()
    other.rollback()
    other.close()

    assert await outbox.accept([an_acceptance()]) == [Accepted()]


async def test_more_than_may_wait_is_refused_at_once(url: str, clock: ManualClock) -> None:
    async with Outbox.open(url, clock=clock, writer=WriterLimits(waiting=2)) as outbox:
        results = await asyncio.gather(
            *(outbox.accept([an_acceptance()]) for _ in range(10)), return_exceptions=True
        )

    refused = [r for r in results if isinstance(r, StoreUnavailable)]
    assert 0 < len(refused) < 10
    assert refused[0].retry_after_s == 1


async def test_what_waits_at_the_end_is_still_written(url: str, clock: ManualClock) -> None:
    acceptances = [an_acceptance() for _ in range(20)]
    async with Outbox.open(url, clock=clock) as outbox:
        waiting = [asyncio.ensure_future(outbox.accept([a])) for a in acceptances]
        await asyncio.sleep(0)

    assert await asyncio.gather(*waiting) == [[Accepted()]] * 20


async def test_two_processes_may_open_a_new_store_at_the_same_moment(
    url: str, clock: ManualClock
) -> None:
    async def opened() -> None:
        async with Outbox.open(url, clock=clock) as outbox:
            await outbox.accept([an_acceptance()])

    await asyncio.gather(*(opened() for _ in range(4)))

    async with Outbox.open(url, clock=clock) as outbox:
        assert len(await outbox.events(EventFilter(), limit=9)) == 4


async def test_tables_of_a_later_version_are_used_as_they_are(url: str, clock: ManualClock) -> None:
    async with Outbox.open(url, clock=clock):
        pass
    with sqlite3.connect(path_of(url)) as later:
        later.execute("UPDATE alembic_version SET version_num = '9999'")
        later.execute("ALTER TABLE delivery ADD COLUMN later TEXT")

    async with Outbox.open(url, clock=clock) as outbox:
        assert await outbox.accept([an_acceptance()]) == [Accepted()]


@pytest.mark.usefixtures("outbox")
def test_the_file_is_durable_and_can_shrink(url: str) -> None:
    with sqlite3.connect(path_of(url)) as store:
        assert store.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert store.execute("PRAGMA auto_vacuum").fetchone() == (2,)
    store.close()


async def test_every_commit_is_flushed_to_the_disk(outbox: Outbox) -> None:
    assert await writer_pragma(outbox, "synchronous") == 2


@pytest.mark.usefixtures("outbox")
def test_the_migrations_make_exactly_the_tables(url: str) -> None:
    engine = create_engine(f"sqlite:///{path_of(url)}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        differences = compare_metadata(context, metadata)
    engine.dispose()

    assert differences == []


@pytest.mark.parametrize(
    "url", ["nonsense", "sqlite+aiosqlite:////proc/nowhere/x.db", "mysql://h/d"]
)
async def test_an_address_that_cannot_be_used_is_refused_with_what_is_expected(
    url: str, clock: ManualClock
) -> None:
    with pytest.raises((StoreAddressRefused, StoreUnavailable), match=r"BRIDGE_DATABASE_URL|store"):
        async with Outbox.open(url, clock=clock):
            pass


_CLAIM = claims.DUE.params(destination="main", flow="1/crm", now=1, limit=10)
_LATE = endings.late(AT, 10)
_FLOWS = turns.FLOWS.params(destination="main")
_EXPIRED = claims.expired(AT, 10)
_LISTS = [
    history.events_query(EventFilter(), 10),
    history.events_query(EventFilter(source="crm"), 10),
    history.events_query(EventFilter(status=EventStatus.IGNORED), 10),
    history.deliveries_query(DeliveryFilter(), 10),
    history.deliveries_query(DeliveryFilter(rule="deal won"), 10),
    history.deliveries_query(DeliveryFilter(source="crm"), 10),
    history.deliveries_query(DeliveryFilter(state=DeliveryState.DEAD), 10),
]


def plan_of(url: str, query: ClauseElement) -> list[str]:
    compiled = query.compile(
        dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True, "render_postcompile": True}
    )
    with sqlite3.connect(path_of(url)) as store:
        plan = [row[3] for row in store.execute(f"EXPLAIN QUERY PLAN {compiled}")]
    store.close()
    return plan


@pytest.mark.usefixtures("outbox")
def test_the_flows_are_found_from_one_to_the_next_by_an_index(url: str) -> None:
    plan = plan_of(url, _FLOWS)

    looks = [step for step in plan if " delivery " in step]
    assert len(looks) == 3
    assert all("USING" in step and "ix_delivery_flow" in step for step in looks), plan
    assert all("SEARCH" in step for step in looks), plan


@pytest.mark.usefixtures("outbox")
@pytest.mark.parametrize("query", [_CLAIM, _LATE, _EXPIRED, *_LISTS])
def test_claims_and_lists_go_by_an_index_and_sort_nothing(url: str, query: ClauseElement) -> None:
    plan = plan_of(url, query)

    assert all("INDEX" in step for step in plan), plan
    assert not any("TEMP B-TREE" in step for step in plan), plan

"""The store itself: refuses when it must, recovers by itself, keeps its shape."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from structlog.testing import capture_logs

from app.observe.counts import Counts
from app.outbox import Accepted, EventFilter, Outbox, StoreUnavailable, WriterLimits
from app.outbox.migrations import is_current, upgrade
from app.outbox.tables import metadata
from app.outbox.task_writer import TaskWriter
from app.outbox.writing import writing
from tests.support.clock import ManualClock
from tests.support.postgres import a_connection
from tests.support.stores import ON_POSTGRESQL, ON_SQLITE
from tests.support.values import an_acceptance

_FIELDS = b"SFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"
_FAREWELL = b"E" + (len(_FIELDS) + 4).to_bytes(4, "big") + _FIELDS


def path_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite+aiosqlite:///"))


async def writer_pragma(outbox: Outbox, pragma: str) -> object:
    """Of the one connection that writes, which nobody else can reach."""
    return await outbox._writer.run(lambda c: c.exec_driver_sql(f"PRAGMA {pragma}").scalar())


async def test_a_full_disk_refuses_and_a_disk_with_room_takes_again(
    tmp_path: Path, clock: ManualClock
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/bridge.db"
    async with Outbox.open(url, clock=clock) as outbox:
        await outbox.accept([an_acceptance()])
        pages = await writer_pragma(outbox, "page_count")
        await writer_pragma(outbox, f"max_page_count = {pages}")

        with capture_logs() as logs:
            with pytest.raises(StoreUnavailable, match="full"):
                await outbox.accept([an_acceptance() for _ in range(200)])
            await writer_pragma(outbox, "max_page_count = 1000000")

            assert await outbox.accept([an_acceptance()]) == [Accepted()]
            assert await outbox.accept([an_acceptance()]) == [Accepted()]

    assert [one["event"] for one in logs] == ["store.unavailable", "store.back"]


@ON_SQLITE
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


@ON_SQLITE
async def test_who_only_reads_waits_for_nobody_who_writes(url: str, clock: ManualClock) -> None:
    with closing(sqlite3.connect(path_of(url))) as other:
        other.execute("BEGIN IMMEDIATE")

        async with Outbox.open(url, clock=clock) as outbox:
            assert await outbox.events(EventFilter(), limit=9) == []


@ON_SQLITE
async def test_to_open_a_store_that_is_there_writes_nothing(url: str, clock: ManualClock) -> None:
    path = path_of(url)
    with closing(sqlite3.connect(path)) as other:
        # Without somebody who stays, the log would be gone with the last connection.
        other.execute("SELECT count(*) FROM event").fetchone()

        async with Outbox.open(url, clock=clock) as outbox:
            await outbox.events(EventFilter(), limit=9)

            assert path.with_name(f"{path.name}-wal").stat().st_size == 0


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
    new_url: str, clock: ManualClock
) -> None:
    async def opened() -> None:
        async with Outbox.open(new_url, clock=clock) as outbox:
            await outbox.accept([an_acceptance()])

    await asyncio.gather(*(opened() for _ in range(4)))

    async with Outbox.open(new_url, clock=clock) as outbox:
        assert len(await outbox.events(EventFilter(), limit=9)) == 4


async def test_several_processes_may_open_an_old_store_at_the_same_moment(
    new_url: str, clock: ManualClock
) -> None:
    async with writing(new_url, WriterLimits(), Counts()) as writer:
        await writer.run(lambda c: upgrade(c, "0001"))

    async def opened() -> None:
        async with Outbox.open(new_url, clock=clock) as outbox:
            await outbox.accept([an_acceptance()])

    await asyncio.gather(*(opened() for _ in range(4)))

    async with Outbox.open(new_url, clock=clock) as outbox:
        assert await outbox._reads.run(is_current)
        assert len(await outbox.events(EventFilter(), limit=9)) == 4


async def test_tables_of_a_later_version_are_used_as_they_are(url: str, clock: ManualClock) -> None:
    async with Outbox.open(url, clock=clock) as outbox:

        def later(connection: Connection) -> None:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
            connection.exec_driver_sql("ALTER TABLE delivery ADD COLUMN later TEXT")

        await outbox._writer.run(later)

    async with Outbox.open(url, clock=clock) as outbox:
        assert await outbox.accept([an_acceptance()]) == [Accepted()]


@ON_SQLITE
@pytest.mark.usefixtures("outbox")
def test_the_file_is_durable_and_can_shrink(url: str) -> None:
    with sqlite3.connect(path_of(url)) as store:
        assert store.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert store.execute("PRAGMA auto_vacuum").fetchone() == (2,)
    store.close()


@ON_SQLITE
async def test_every_commit_is_flushed_to_the_disk(outbox: Outbox) -> None:
    assert await writer_pragma(outbox, "synchronous") == 2


@ON_POSTGRESQL
async def test_a_commit_is_on_disk_whatever_the_server_is_told(outbox: Outbox) -> None:
    def shown(connection: Connection) -> object:
        return connection.exec_driver_sql("SHOW synchronous_commit").scalar()

    assert await outbox._writer.run(shown) == "on"


@ON_POSTGRESQL
async def test_what_one_statement_commits_is_on_disk_too(outbox: Outbox) -> None:
    writer = outbox._writer
    assert isinstance(writer, TaskWriter)

    connection = await writer._direct._connection()

    assert await connection.fetchval("SHOW synchronous_commit") == "on"


async def test_the_migrations_make_exactly_the_tables(outbox: Outbox) -> None:
    def compared(connection: Connection) -> object:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    assert await outbox._writer.run(compared) == []


@ON_POSTGRESQL
async def test_a_table_that_is_locked_by_another_refuses_in_time(url: str, outbox: Outbox) -> None:
    async with a_connection(url) as other:
        await other.execute("BEGIN; LOCK TABLE event")

        with pytest.raises(StoreUnavailable):
            await outbox.accept([an_acceptance()], limit_s=0.05)
        await other.execute("ROLLBACK")

    assert await outbox.accept([an_acceptance()]) == [Accepted()]


@ON_POSTGRESQL
async def test_connections_that_the_server_closed_are_made_anew_unnoticed(
    url: str, outbox: Outbox
) -> None:
    await outbox.accept([an_acceptance()])
    async with a_connection(url) as other:
        await other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    assert await outbox.accept([an_acceptance()]) == [Accepted()]
    assert len(await outbox.events(EventFilter(), limit=9)) == 2


@ON_POSTGRESQL
async def test_a_statement_that_was_never_sent_is_sent_over_a_new_connection(
    outbox: Outbox,
) -> None:
    """The server's farewell came, and not yet the end of the connection: the driver refuses."""
    await outbox.accept([an_acceptance()])
    writer = outbox._writer
    assert isinstance(writer, TaskWriter)
    connection = await writer._direct._connection()
    connection._protocol.data_received(_FAREWELL)

    assert await outbox.accept([an_acceptance()]) == [Accepted()]
    assert len(await outbox.events(EventFilter(), limit=9)) == 2


async def test_an_address_without_a_driver_is_understood(url: str, clock: ManualClock) -> None:
    plain = url.replace("+aiosqlite", "").replace("postgresql+asyncpg", "postgres")

    async with Outbox.open(plain, clock=clock) as outbox:
        assert await outbox.accept([an_acceptance()]) == [Accepted()]

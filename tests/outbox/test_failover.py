"""What the outbox does when its server stands still, takes no writes, or is another one."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from app.outbox import Accepted, Duplicate, EventFilter, Outbox, StoreUnavailable
from tests.support.clock import ManualClock
from tests.support.postgres import Server, a_connection
from tests.support.standby import Standby, a_pair_of_servers, address_of_both, freeze
from tests.support.stores import ON_POSTGRESQL
from tests.support.values import an_acceptance

# For a write and again for a look-up: the limit of a transaction and that of the driver for a
# good-bye, 12 s together. And a loaded machine.
LEFT_WITHIN_S = 25.0


@pytest.fixture
def servers() -> Iterator[tuple[Server, Standby]]:
    with a_pair_of_servers() as pair:
        yield pair


@ON_POSTGRESQL
async def test_a_server_that_became_read_only_is_left(url: str, outbox: Outbox) -> None:
    await outbox.accept([an_acceptance()])
    database = url.rpartition("@/")[2].partition("?")[0]
    async with a_connection(url) as other:
        await other.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
        await other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        # Nobody knows whether a statement that was under way is on disk.
        with pytest.raises(StoreUnavailable):
            await outbox.accept([an_acceptance()])
        with pytest.raises(StoreUnavailable, match="read-only"):
            await outbox.accept([an_acceptance()])

        # As when the address leads to the server that was promoted.
        await other.execute("SET default_transaction_read_only = off")
        await other.execute(f"ALTER DATABASE {database} RESET default_transaction_read_only")

    assert await outbox.accept([an_acceptance()]) == [Accepted()]


@pytest.mark.timeout(180)
async def test_what_is_on_one_server_alone_is_not_acknowledged_and_a_frozen_server_is_left(
    servers: tuple[Server, Standby], clock: ManualClock
) -> None:
    primary, standby = servers
    async with Outbox.open(address_of_both(primary, standby), clock=clock) as outbox:
        await outbox.accept([an_acceptance()])

        standby.freeze()
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                await outbox.accept([an_acceptance(key="one")], limit_s=0.5)
        standby.thaw()

        [found] = await outbox.accept([an_acceptance(key="one")])
        assert isinstance(found, Accepted | Duplicate)

        freeze(primary.postmaster)
        with pytest.raises(StoreUnavailable):
            await outbox.accept([an_acceptance(key="two")], limit_s=0.5)
        standby.promote()
        began = time.monotonic()
        assert await taken(outbox) == [Accepted()]
        with pytest.raises(StoreUnavailable):
            await outbox.next_due_at("main")
        assert await outbox.next_due_at("main"), "the other connections are left, too"
        assert time.monotonic() - began < LEFT_WITHIN_S
        assert len(await outbox.events(EventFilter(), limit=9)) == 3


async def taken(outbox: Outbox) -> object:
    async with asyncio.timeout(60):
        while True:
            try:
                return await outbox.accept([an_acceptance(key="three")])
            except StoreUnavailable:
                await asyncio.sleep(0.1)

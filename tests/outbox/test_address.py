"""What is said of an address of the store that can't be used, before anything is called."""

import pytest

from app.outbox import Outbox, StoreUnavailable
from app.outbox.address import StoreAddressRefused, store_place, store_url
from tests.support.clock import ManualClock

SECRET = "pw-of-the-store"


@pytest.mark.parametrize(
    "address",
    [
        "nonsense",
        "mysql://h/d",
        f"postgresql+asyncpg://user:{SECRET}@.bad/bridge",
        f"postgresql+asyncpg://user:{SECRET}@a..b/bridge",
        f"postgresql+asyncpg://user:{SECRET}@h:port/bridge",
        f"postgresql+asyncpg://user:{SECRET}/bridge",
        f"postgresql+asyncpg://user:{SECRET}@[::1/bridge",
        f"postgresql+asyncpg://user:{SECRET}?{SECRET}@h:port/bridge",
        f"postgresql+asyncpg://user:a@{SECRET}@h:port/bridge",
        f"postgresql+asyncpg://user:{SECRET}@h/bridge?sslmodus=require",
        f"postgresql+asyncpg://user:{SECRET}@/bridge?host=a&host=b:x",
        f"postgresql+asyncpg:///bridge?password={SECRET}&host=.run/postgresql",
        f"postgresql+asyncpg:///bridge?password={SECRET}&host=a&port=x",
    ],
)
def test_it_is_refused_with_what_is_expected_and_no_secret(address: str) -> None:
    with pytest.raises(StoreAddressRefused, match=r"^BRIDGE_DATABASE_URL: .*expected") as refused:
        store_url(address)

    assert SECRET not in str(refused.value)


def test_what_is_unknown_is_named() -> None:
    with pytest.raises(StoreAddressRefused, match="unknown: sslmodus"):
        store_url("postgresql+asyncpg://h/bridge?sslmodus=require")


def test_an_option_as_providers_print_it_is_taken() -> None:
    url = store_url("postgres://user:pw@db.example.com/bridge?sslmode=require")

    assert url.query == {"ssl": "require"}


def test_a_character_that_must_be_written_otherwise_in_a_password_is_told() -> None:
    with pytest.raises(StoreAddressRefused, match=r"in a password @ is written %40"):
        store_url(f"postgresql+asyncpg://user:a@{SECRET}@host/bridge")


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("sqlite:////data/bridge.db", "/data/bridge.db"),
        (f"postgres://user:{SECRET}@db.example.com:5433/bridge", "bridge at db.example.com:5433"),
        (f"postgres://u@/b?password={SECRET}&host=/run/pg&port=5499", "b at /run/pg:5499"),
        (f"postgres://u:{SECRET}@/b?host=one:5432&host=two", "b at one:5432, two:5432"),
    ],
)
def test_where_the_store_is_can_be_said_without_a_secret(address: str, place: str) -> None:
    assert store_place(address) == place


@pytest.mark.parametrize(
    "address",
    [
        "sqlite:////data/bridge.db",
        "postgres://user:pw@db.example.com:5433/bridge?ssl=require",
        "postgresql+asyncpg://user@/bridge?host=/run/postgresql",
        "postgresql+asyncpg://user@/bridge?host=a:5432&host=b&target_session_attrs=primary",
        "postgresql+asyncpg://user@h/bridge?prepared_statement_cache_size=0",
        "postgresql+asyncpg://user@[::1]:5432/bridge",
        "postgresql+asyncpg://user@xn--h-zga.example/bridge",
    ],
)
def test_what_can_be_used_is_taken(address: str) -> None:
    assert store_url(address).get_driver_name() in ("aiosqlite", "asyncpg")


async def test_a_folder_that_cannot_be_made_is_said(clock: ManualClock) -> None:
    with pytest.raises((StoreAddressRefused, StoreUnavailable), match=r"BRIDGE_DATABASE_URL|store"):
        async with Outbox.open("sqlite+aiosqlite:////proc/nowhere/x.db", clock=clock):
            pass

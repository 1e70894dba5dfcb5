"""Opens the store. All that differs between SQLite and PostgreSQL stands here."""

import re
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Dialect, event, insert, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.schema import Table

from app.kit.errors import BridgeError
from app.outbox.errors import StoreUnavailable

_BUSY_MS = 5000
_READERS = 4
_MIGRATION_LOCK = 7_215_023


class StoreAddressRefused(BridgeError):
    slug = "configuration"


def writer_engine(address: str) -> AsyncEngine:
    """One connection: what is written by this process goes one after the other."""
    return _engine(address, begin="BEGIN IMMEDIATE", pool_size=1)


def reader_engine(address: str) -> AsyncEngine:
    """Lists and look-ups on connections of their own: they never wait for the writer."""
    return _engine(address, begin="BEGIN", pool_size=_READERS)


def _engine(address: str, *, begin: str, pool_size: int) -> AsyncEngine:
    try:
        url = make_url(address)
        _make_folder(url.database) if url.get_backend_name() == "sqlite" else None
        engine = create_async_engine(url, pool_size=pool_size, max_overflow=0, pool_timeout=10)
    except (SQLAlchemyError, ImportError, OSError) as error:
        shown = address.rsplit("@", 1)[-1]
        why = getattr(error, "strerror", None) or type(error).__name__
        raise StoreAddressRefused(
            f"BRIDGE_DATABASE_URL: can't use {shown} ({why}); expected an address such as "
            "sqlite+aiosqlite:///data/bridge.db"
        ) from None
    if engine.dialect.name == "sqlite":
        _set_up_sqlite(engine, begin)
    return engine


def _make_folder(database: str | None) -> None:
    if database and database != ":memory:":
        Path(database).parent.mkdir(parents=True, exist_ok=True)


def _set_up_sqlite(engine: AsyncEngine, begin: str) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection: Any, _: ConnectionPoolEntry) -> None:
        # The driver must not begin by itself: it would begin deferred, and a transaction that
        # turns from reading to writing fails at once where another process writes.
        connection.isolation_level = None
        cursor = connection.cursor()
        # In this order: the first only works while the file is empty, and WAL makes it non-empty.
        cursor.execute("PRAGMA auto_vacuum = INCREMENTAL")
        cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


def lock_for_migration(connection: Connection) -> None:
    """Until the end of the transaction no other process migrates. SQLite's write transaction is
    that lock already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))


def insert_new(table: Table, dialect: Dialect) -> Any:
    """An INSERT that leaves rows that are there already as they are."""
    make = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
    return make(table).on_conflict_do_nothing()


def insert_all(
    connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]
) -> Awaitable[object]:
    """Inserts many rows by one statement. `executemany` would take SQLite's lock on the
    interpreter once a row, in a thread that competes for it with the loop."""
    statement, names = _insert_text(table, connection.dialect, len(rows))
    values = tuple(row.get(name) for row in rows for name in names)
    return connection.exec_driver_sql(statement, values)


@lru_cache(maxsize=1024)
def _insert_text(table: Table, dialect: Dialect, count: int) -> tuple[str, tuple[str, ...]]:
    """The text of an INSERT of `count` rows, and the order of a row's values."""
    compiled = insert(table).compile(dialect=dialect)
    head, _, one = str(compiled).partition(" VALUES ")
    names = tuple(compiled.positiontup or ())
    if "$1" not in one:
        return f"{head} VALUES {', '.join([one] * count)}", names

    def numbered(row: int) -> str:
        return re.sub(r"\$(\d+)", lambda found: f"${int(found[1]) + row * len(names)}", one)

    return f"{head} VALUES {', '.join(numbered(row) for row in range(count))}", names


def is_of_the_values(error: BaseException) -> bool:
    """True when one row's values are to blame, false when it is the store."""
    if isinstance(error, IntegrityError | DataError | ValueError | TypeError | OverflowError):
        return True
    cause = getattr(error, "orig", None)
    return isinstance(error, DBAPIError) and isinstance(cause, OverflowError | ValueError)


@contextmanager
def store_errors() -> Iterator[None]:
    """What the store raises, as StoreUnavailable."""
    try:
        yield
    except (SQLAlchemyError, OSError, PoolTimeout) as error:
        if is_of_the_values(error):
            raise
        cause = getattr(error, "orig", None) or error
        why = str(cause).splitlines()[0][:200] if str(cause) else type(cause).__name__
        raise StoreUnavailable(f"the store can't be used now: {why}") from error

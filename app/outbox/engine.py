"""Opens the store. All that differs between SQLite and PostgreSQL stands here."""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Dialect,
    Engine,
    create_engine,
    event,
    insert,
    make_url,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.schema import Table

from app.kit.errors import BridgeError
from app.outbox.errors import StoreUnavailable

_BUSY_MS = 5000
_BUSY_STEP_S = 0.0003
# Parameters are what people sent: never in the text of an error.
_LIMITS: dict[str, Any] = {"max_overflow": 0, "pool_timeout": 10, "hide_parameters": True}
# Of one statement: both engines take 32766.
_MOST_VALUES = 30_000
_MIGRATION_LOCK = 7_215_023


class StoreAddressRefused(BridgeError):
    slug = "configuration"


def is_sqlite(address: str) -> bool:
    return _url(address).get_backend_name() == "sqlite"


def sqlite_writer(address: str) -> Engine:
    """One connection, used by one thread: what is written goes one after the other."""
    url = _url(address).set(drivername="sqlite")
    with _address_errors(address):
        _make_folder(url.database)
        engine = create_engine(url, pool_size=1, **_LIMITS)
    _set_up_sqlite(engine, "BEGIN IMMEDIATE")
    return engine


def async_engine(address: str, *, size: int) -> AsyncEngine:
    with _address_errors(address):
        engine = create_async_engine(_url(address), pool_size=size, **_LIMITS)
    if engine.dialect.name == "sqlite":
        _set_up_sqlite(engine.sync_engine, "BEGIN")
    return engine


def _url(address: str) -> URL:
    with _address_errors(address):
        return make_url(address)


@contextmanager
def _address_errors(address: str) -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, ImportError, OSError) as error:
        shown = address.rsplit("@", 1)[-1]
        why = getattr(error, "strerror", None) or type(error).__name__
        raise StoreAddressRefused(
            f"BRIDGE_DATABASE_URL: can't use {shown} ({why}); expected an address such as "
            "sqlite+aiosqlite:///data/bridge.db"
        ) from None


def _make_folder(database: str | None) -> None:
    if database and database != ":memory:":
        Path(database).parent.mkdir(parents=True, exist_ok=True)


def _set_up_sqlite(engine: Engine, begin: str) -> None:
    is_writer = begin != "BEGIN"

    @event.listens_for(engine, "connect")
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
        if is_writer:
            cursor.execute("PRAGMA busy_timeout = 0")  # `_begin` waits, in shorter steps
            # 16 MiB instead of 4 between two rounds of copying the log into the file.
            cursor.execute("PRAGMA wal_autocheckpoint = 4000")
            cursor.execute("PRAGMA cache_size = -16384")
            # What an INSERT of many rows keeps to undo itself would be a file, made each time.
            cursor.execute("PRAGMA temp_store = MEMORY")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        _begin(connection, begin)


def _begin(connection: Connection, begin: str) -> None:
    """SQLite itself asks for a lock that somebody holds in steps of up to 100 ms; where several
    processes write in turns that is most of the time. Runs in the writer's thread."""
    end = time.monotonic() + _BUSY_MS / 1000
    while True:
        try:
            connection.exec_driver_sql(begin)
        except OperationalError as error:
            # Also SQLITE_BUSY_RECOVERY, while another process opens the file anew.
            is_busy = getattr(error.orig, "sqlite_errorname", "").startswith("SQLITE_BUSY")
            if not is_busy or time.monotonic() > end:
                raise
            time.sleep(_BUSY_STEP_S)
        else:
            return


def lock_for_migration(connection: Connection) -> None:
    """Until the end of the transaction no other process migrates. SQLite's write transaction is
    that lock already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))


@contextmanager
def overwriting(connection: Connection) -> Iterator[None]:
    """What is deleted or replaced meanwhile leaves no trace in free places of SQLite's file.
    PostgreSQL's vacuum sees to that."""
    if connection.dialect.name != "sqlite":
        yield
        return
    before = connection.exec_driver_sql("PRAGMA secure_delete").scalar_one()
    connection.exec_driver_sql("PRAGMA secure_delete = 1").all()
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA secure_delete = {int(before)}").all()


def insert_new(table: Table, dialect: Dialect) -> Any:
    """An INSERT that leaves rows that are there already as they are."""
    make = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
    return make(table).on_conflict_do_nothing()


def insert_all(
    connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Inserts many rows by few statements. `executemany` would take SQLite's lock on the
    interpreter once a row, in a thread that competes for it with the loop."""
    at_once = _MOST_VALUES // len(columns)
    for start in range(0, len(rows), at_once):
        part = rows[start : start + at_once]
        statement = _insert_text(table, columns, connection.dialect, len(part))
        connection.exec_driver_sql(statement, tuple(chain.from_iterable(part)))


@lru_cache(maxsize=1024)
def _insert_text(table: Table, columns: tuple[str, ...], dialect: Dialect, count: int) -> str:
    """The text of an INSERT of `count` rows, their values in the order of `columns`."""
    one_row = insert(table).compile(dialect=dialect, column_keys=list(columns))
    head, _, one = str(one_row).partition(" VALUES ")
    if tuple(one_row.positiontup or ()) != columns:
        raise ValueError(f"the columns of {table.name} are not in the order of the table")
    if "$1" not in one:
        return f"{head} VALUES {', '.join([one] * count)}"

    def numbered(row: int) -> str:
        return re.sub(r"\$(\d+)", lambda found: f"${int(found[1]) + row * len(columns)}", one)

    return f"{head} VALUES {', '.join(numbered(row) for row in range(count))}"


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

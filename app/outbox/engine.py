"""Opens the store, of either engine."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event
from sqlalchemy.exc import (
    DataError,
    DisconnectionError,
    IntegrityError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from app.outbox.address import address_errors, store_url
from app.outbox.errors import StoreUnavailable
from app.outbox.hosts import reach
from app.outbox.inserter import begin, when_free

BUSY_S = 5.0
BUSY_STEP_S = 0.0003
_INCREMENTAL = 2
WRITER_PRAGMAS = (
    "synchronous = FULL",
    "busy_timeout = 0",  # `begin` waits, in shorter steps
    # 16 MiB instead of 4 between two rounds of copying the log into the file.
    "wal_autocheckpoint = 4000",
    "cache_size = -16384",
    # What an INSERT of many rows keeps to undo itself would be a file, made each time.
    "temp_store = MEMORY",
)
"""Of each connection to a file that writes. That it is in WAL stands in the file."""
_READER_PRAGMAS = ("synchronous = FULL",)
_POSTGRESQL: dict[str, Any] = {
    "async_creator_fn": reach,
    "timeout": 5,
    "command_timeout": 30,
    "server_settings": {
        "application_name": "altcraft-bridge",
        # What a server or a role has set otherwise would make an acknowledged call a hope.
        "synchronous_commit": "on",
        "idle_in_transaction_session_timeout": "60000",
        "jit": "off",  # it takes longer than any of our queries
    },
}
# PostgreSQL: cannot execute in a read-only transaction.
_READ_ONLY = "25006"
# Parameters are what people sent: never in the text of an error.
_LIMITS: dict[str, Any] = {"max_overflow": 0, "pool_timeout": 10, "hide_parameters": True}
_OF_VALUES = (
    *(IntegrityError, DataError, ValueError, TypeError, OverflowError),
    *(sqlite3.IntegrityError, sqlite3.DataError),
)


def sqlite_writer(address: str) -> Engine:
    """One connection, used by one thread: what is written goes one after the other."""
    url = store_url(address).set(drivername="sqlite")
    with address_errors(address):
        _make_folder(url.database)
        engine = create_engine(url, pool_size=1, **_LIMITS)
    _set_up_sqlite(engine, is_writer=True)
    return engine


def async_engine(
    address: str, *, size: int, only_reads: bool = False, is_patient: bool = False
) -> AsyncEngine:
    """`is_patient`: a statement may take as long as it does."""
    url = store_url(address)
    given: dict[str, Any] = {}
    if url.get_backend_name() != "sqlite":
        given["connect_args"] = _POSTGRESQL | ({"command_timeout": None} if is_patient else {})
        if only_reads:
            # A look-up is one question: without a BEGIN and a COMMIT it is one way there and back.
            given["isolation_level"] = "AUTOCOMMIT"
    with address_errors(address):
        engine = create_async_engine(url, pool_size=size, **_LIMITS, **given)
    if engine.dialect.name == "sqlite":
        _set_up_sqlite(engine.sync_engine, is_writer=False)
    else:
        _drop_lost_connections(engine.sync_engine)
        _leave_read_only_servers(engine.sync_engine)
    return engine


def _drop_lost_connections(engine: Engine) -> None:
    """What the server closed, at its restart say, is not given to anybody: the first calls after
    it would be refused for nothing. Asks the driver, not the server."""

    @event.listens_for(engine, "checkout")
    def checked_out(connection: Any, _: ConnectionPoolEntry, __: object) -> None:
        if connection.driver_connection.is_closed():
            raise DisconnectionError


def _leave_read_only_servers(engine: Engine) -> None:
    """Behind an address there may be another server after a failover, and the one that was reached
    may have become a standby: its connections are good, and will never take a write again."""

    @event.listens_for(engine, "handle_error")
    def failed(context: ExceptionContext) -> None:
        if getattr(context.original_exception, "sqlstate", None) == _READ_ONLY:
            context.is_disconnect = True


def _make_folder(database: str | None) -> None:
    if database and database != ":memory:":
        Path(database).parent.mkdir(parents=True, exist_ok=True)


def _to_incremental_vacuum(cursor: Any) -> None:
    """Of an empty file. To say it again of one that is would write it each time: whoever only wants
    to read would wait for whoever writes, and for the disk, and fail where that is full."""
    cursor.execute("PRAGMA auto_vacuum")
    if cursor.fetchone() != (_INCREMENTAL,):
        cursor.execute("PRAGMA auto_vacuum = INCREMENTAL")


def _to_wal(cursor: Any) -> None:
    """Of several that make a file at the same moment SQLite refuses one at once, without the wait
    that it has for other locks."""
    when_free(cursor.execute, "PRAGMA journal_mode = WAL", limit_s=BUSY_S, step_s=BUSY_STEP_S)


def _set_up_sqlite(engine: Engine, *, is_writer: bool) -> None:
    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: ConnectionPoolEntry) -> None:
        # The driver must not begin by itself: it would begin deferred, and a transaction that
        # turns from reading to writing fails at once where another process writes.
        connection.isolation_level = None
        cursor = connection.cursor()
        # In this order: the second only works while the file is empty, and WAL makes it non-empty.
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_S * 1000:.0f}")
        _to_incremental_vacuum(cursor)
        _to_wal(cursor)
        for pragma in WRITER_PRAGMAS if is_writer else _READER_PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        if is_writer:
            driver: Any = connection.connection.driver_connection
            begin(driver, limit_s=BUSY_S, step_s=BUSY_STEP_S)
        else:
            connection.exec_driver_sql("BEGIN")


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


def is_of_the_values(error: BaseException) -> bool:
    """True when one row's values are to blame, false when it is the store."""
    if isinstance(error, _OF_VALUES):
        return True
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, OverflowError | ValueError):
        return True
    # Classes of PostgreSQL's SQLSTATE: data exception, integrity constraint violation, and a limit
    # of the program that a statement as large as this one exceeds.
    state = getattr(cause, "sqlstate", None) or ""
    return state[:2] in ("22", "23", "54")


@contextmanager
def store_errors() -> Iterator[None]:
    """What the store raises, as StoreUnavailable."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError, PoolTimeout) as error:
        if is_of_the_values(error):
            raise
        cause = getattr(error, "orig", None) or error
        why = str(cause).splitlines()[0][:200] if str(cause) else type(cause).__name__
        raise StoreUnavailable(f"the store can't be used now: {why}") from error

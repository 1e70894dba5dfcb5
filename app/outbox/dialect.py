"""All that differs between the statements of SQLite and PostgreSQL."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any, TypeAlias

from sqlalchemy import Column, Connection, Dialect, Table, insert, text
from sqlalchemy.dialects import postgresql, sqlite

from app.outbox.inserter import insert_rows

_MIGRATION_LOCK = 7_215_023


def is_shared(connection: Connection) -> bool:
    """Whether other transactions may run beside this one. SQLite's write transaction is alone."""
    return connection.dialect.name == "postgresql"


def server_time(connection: Connection) -> datetime | None:
    """None: the store is a file."""
    if not is_shared(connection):
        return None
    found: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return found


def lock_for_migration(connection: Connection) -> None:
    """Until the end of the transaction no other process migrates, and no limit of the server's
    ends it: an index of a large table takes long, and so does waiting for who makes it."""
    if is_shared(connection):
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))


def lock_names(connection: Connection, names: Iterable[str]) -> None:
    """Until the end of the transaction nobody else has a lock on any of these names. Taken in
    order, so that two that want the same ones never wait for each other."""
    if is_shared(connection):
        given = sorted({_number(name) for name in names})
        statement = "SELECT pg_advisory_xact_lock(n) FROM unnest(CAST(:names AS bigint[])) AS n"
        connection.execute(text(statement), {"names": given})


def try_to_lock_name(connection: Connection, name: str) -> bool:
    """As `lock_names`, but false instead of a wait."""
    if not is_shared(connection):
        return True
    statement = text("SELECT pg_try_advisory_xact_lock(:name)")
    return bool(connection.execute(statement, {"name": _number(name)}).scalar())


def _number(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)


def insert_new(table: Table, dialect: Dialect) -> Any:
    """An INSERT that leaves rows that are there already as they are."""
    return _insert(table, dialect).on_conflict_do_nothing()


def put(table: Table, dialect: Dialect, given: Callable[[Any], dict[str, Any]]) -> Any:
    """An INSERT that changes the row that is there already: `given` says how, by the row that
    was to be inserted."""
    statement = _insert(table, dialect)
    changes = given(statement.excluded)
    return statement.on_conflict_do_update(index_elements=table.primary_key.columns, set_=changes)


def _insert(table: Table, dialect: Dialect) -> Any:
    return postgresql.insert(table) if dialect.name == "postgresql" else sqlite.insert(table)


def insert_all(
    connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Inserts many rows by few statements."""
    if not rows:
        return
    if is_shared(connection):
        # One text whatever the number of rows, so that it is prepared once.
        statement = _insert_arrays(table, columns, connection.dialect)
        connection.exec_driver_sql(statement, tuple(map(list, zip(*rows, strict=True))))
        return
    driver: Any = connection.connection.driver_connection
    insert_rows(driver, *texts_of(table, columns), rows)


@lru_cache(maxsize=64)
def texts_of(table: Table, columns: tuple[str, ...]) -> tuple[str, str]:
    """Of an INSERT into SQLite the text up to the first row, and that of one row, its values in
    the order of `columns`."""
    one_row = insert(table).compile(
        dialect=sqlite.dialect(paramstyle="qmark"), column_keys=list(columns)
    )
    if tuple(one_row.positiontup or ()) != columns:
        raise ValueError(f"the columns of {table.name} are not in the order of the table")
    head, _, one = str(one_row).partition(" VALUES ")
    return f"{head} VALUES ", one


Part: TypeAlias = tuple[Table, tuple[str, ...], Sequence[tuple[Any, ...]]]
"""A table, columns of it, and rows of these."""


def insert_at_once(dialect: Dialect, parts: Sequence[Part]) -> tuple[str, list[list[Any]]]:
    """The same of several tables for PostgreSQL: one statement, and its values."""
    text_ = _insert_parts(tuple((table, columns) for table, columns, _ in parts), dialect)
    return text_, [list(column) for *_, rows in parts for column in zip(*rows, strict=True)]


@lru_cache(maxsize=64)
def _insert_parts(parts: tuple[tuple[Table, tuple[str, ...]], ...], dialect: Dialect) -> str:
    texts, first = [], 1
    for table, columns in parts:
        texts.append(_insert_arrays(table, columns, dialect, first))
        first += len(columns)
    *before, last = texts
    named = ", ".join(f"part_{number} AS ({text})" for number, text in enumerate(before))
    return f"WITH {named} {last}" if before else last


@lru_cache(maxsize=64)
def _insert_arrays(table: Table, columns: tuple[str, ...], dialect: Dialect, first: int = 1) -> str:
    """The text of an INSERT of as many rows as each of its values, an array, has members. `first`
    is the number of the first value."""
    types = (_array(table.columns[name], dialect) for name in columns)
    arrays = ", ".join(f"CAST(${number} AS {kind})" for number, kind in enumerate(types, first))
    quoted = dialect.identifier_preparer.quote
    names = ", ".join(quoted(name) for name in columns)
    return f"INSERT INTO {quoted(table.name)} ({names}) SELECT * FROM unnest({arrays})"  # noqa: S608 - our own names


def _array(column: Column[Any], dialect: Dialect) -> str:
    return f"{column.type.compile(dialect=dialect)}[]"

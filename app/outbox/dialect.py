"""All that differs between the statements of SQLite and PostgreSQL."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from itertools import chain
from typing import Any

from sqlalchemy import Column, Connection, Dialect, Table, insert, text
from sqlalchemy.dialects import postgresql, sqlite

# SQLite takes so many values in a statement.
_MOST_VALUES = 30_000
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
    # `executemany` would take the lock on the interpreter once a row, in a thread that competes
    # for it with the loop.
    at_once = _MOST_VALUES // len(columns)
    for start in range(0, len(rows), at_once):
        part = rows[start : start + at_once]
        statement = _insert_rows(table, columns, connection.dialect, len(part))
        connection.exec_driver_sql(statement, tuple(chain.from_iterable(part)))


@lru_cache(maxsize=1024)
def _insert_rows(table: Table, columns: tuple[str, ...], dialect: Dialect, count: int) -> str:
    """The text of an INSERT of `count` rows, their values in the order of `columns`."""
    one_row = insert(table).compile(dialect=dialect, column_keys=list(columns))
    if tuple(one_row.positiontup or ()) != columns:
        raise ValueError(f"the columns of {table.name} are not in the order of the table")
    head, _, one = str(one_row).partition(" VALUES ")
    return f"{head} VALUES {', '.join([one] * count)}"


@lru_cache(maxsize=64)
def _insert_arrays(table: Table, columns: tuple[str, ...], dialect: Dialect) -> str:
    """The text of an INSERT of as many rows as each of its values, an array, has members."""
    types = (_array(table.columns[name], dialect) for name in columns)
    arrays = ", ".join(f"CAST(${number} AS {kind})" for number, kind in enumerate(types, 1))
    quoted = dialect.identifier_preparer.quote
    names = ", ".join(quoted(name) for name in columns)
    return f"INSERT INTO {quoted(table.name)} ({names}) SELECT * FROM unnest({arrays})"  # noqa: S608 - our own names


def _array(column: Column[Any], dialect: Dialect) -> str:
    return f"{column.type.compile(dialect=dialect)}[]"

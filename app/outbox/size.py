"""How much the store holds, and what it gives back to the disk."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, literal, select, text

from app.outbox import tables
from app.outbox.dialect import is_shared

# Free pages are filled again by what comes in: only what is much is worth the work.
_LEAST_FREE_PAGES = 1000
_LEAST_FREE_SHARE = 0.1
# A count reads them all.
_EXACT_ROWS = 100_000
_COUNTED = (tables.event, tables.delivery, tables.attempt, tables.dedup, tables.person)


@dataclass(frozen=True, slots=True)
class TableSize:
    """`count` is of rows; of a large table of PostgreSQL it is the engine's estimate. `size_bytes`
    with its indexes; None: the engine does not say."""

    name: str
    count: int
    size_bytes: int | None
    is_estimate: bool = False


@dataclass(frozen=True, slots=True)
class Size:
    """`free_bytes` are those within it that are not used."""

    engine: str
    total_bytes: int
    free_bytes: int | None
    tables: Sequence[TableSize]


def size(connection: Connection) -> Size:
    return _of_postgresql(connection) if is_shared(connection) else _of_sqlite(connection)


def _of_sqlite(connection: Connection) -> Size:
    page = _pragma(connection, "page_size")
    counts = []
    for table in _COUNTED:
        count = select(func.count()).select_from(table)
        counts.append(TableSize(table.name, connection.execute(count).scalar_one(), None))
    total, free = _pragma(connection, "page_count"), _pragma(connection, "freelist_count")
    return Size("SQLite", total * page, free * page, counts)


def _of_postgresql(connection: Connection) -> Size:
    # What the engine estimates is what it saw when it looked last, which of a new table is never.
    statement = text(
        "SELECT greatest(c.reltuples, s.n_live_tup, 0)::bigint AS number, "
        "pg_total_relation_size(c.oid) AS bytes FROM pg_class AS c "
        "LEFT JOIN pg_stat_all_tables AS s ON s.relid = c.oid WHERE c.oid = to_regclass(:name)"
    )
    found = []
    for table in _COUNTED:
        row = connection.execute(statement, {"name": table.name}).one()
        some = select(literal(1)).select_from(table).limit(_EXACT_ROWS + 1).subquery()
        counted = connection.execute(select(func.count()).select_from(some)).scalar_one()
        is_estimate = counted > _EXACT_ROWS
        number = max(row.number, counted) if is_estimate else counted
        found.append(TableSize(table.name, number, row.bytes, is_estimate))
    total = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
    return Size("PostgreSQL", total, None, found)


def shrink(connection: Connection, pages: int) -> int:
    """Gives up to `pages` free pages of a SQLite file back: how many are left to give."""
    if is_shared(connection):
        return 0  # the server's own vacuum does that
    left = _to_give(connection)
    if left <= 0:
        return 0
    # One by one: Python's driver takes a single step of a statement that has no columns, however
    # many pages it is told.
    for _ in range(min(pages, left)):
        connection.exec_driver_sql("PRAGMA incremental_vacuum(1)")
    return max(0, _to_give(connection))


def _to_give(connection: Connection) -> int:
    free, all_pages = _pragma(connection, "freelist_count"), _pragma(connection, "page_count")
    stays = max(_LEAST_FREE_PAGES, int(all_pages * _LEAST_FREE_SHARE))
    return free - stays if free > stays else 0


def _pragma(connection: Connection, name: str) -> int:
    return int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())

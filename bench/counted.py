"""`python -m bench.counted FILE serve ...`: the bridge, which writes to FILE at its end how many
statements and commits its store was sent since the first event. The drivers themselves tell, and
of the process that writes what it is given."""

import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Engine, event

from app.cli.main import main
from app.outbox.dialect import Part
from app.outbox.insert_process import Ended, InsertProcess
from app.outbox.inserter import ROWS

_EVENT = "INTO event "


class Count:
    """`depth` is 1 within a transaction; a statement outside of one is a commit by itself."""

    def __init__(self) -> None:
        self.statements = 0
        self.commits = 0
        self._has_begun = False
        self._depth = 0

    def take(self, statement: str) -> None:
        text = statement.lstrip().upper()
        self._has_begun = self._has_begun or _EVENT in statement
        if text.startswith("BEGIN"):
            self._depth = 1
        is_end = text.startswith("COMMIT")
        if self._has_begun:
            self.statements += 1
            self.commits += is_end or not self._depth
        if is_end or text.startswith("ROLLBACK"):
            self._depth = 0

    def take_rows(self, parts: Sequence[Part]) -> None:
        """By the process that writes: BEGIN, INSERTs, COMMIT."""
        self._has_begun = True
        self.statements += 2 + sum(-(-len(rows) // ROWS) for *_, rows in parts)
        self.commits += 1


def _watch(count: Count) -> None:
    insert = InsertProcess.insert

    def counted(self: InsertProcess, parts: Sequence[Part], ended: Ended) -> None:
        count.take_rows(parts)
        insert(self, parts, ended)

    InsertProcess.insert = counted  # type: ignore[method-assign]

    @event.listens_for(Engine, "connect")
    def connected(connection: Any, _: object) -> None:
        # Look-ups on SQLite go by aiosqlite: what is left is the writer.
        if isinstance(connection, sqlite3.Connection):
            connection.set_trace_callback(count.take)
        elif hasattr(connection.driver_connection, "add_query_logger"):
            connection.driver_connection.add_query_logger(lambda record: count.take(record.query))


if __name__ == "__main__":
    counted = Count()
    path = Path(sys.argv.pop(1))
    _watch(counted)
    try:
        main()
    finally:
        path.write_bytes(orjson.dumps([counted.statements, counted.commits]))

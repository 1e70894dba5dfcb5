"""A process that inserts rows into a file of SQLite, for a process that has more to do.

Run by its path, without the package and without site-packages, so that it is there in some
milliseconds and takes some megabytes. Over the socket that it is given go frames: four bytes of
length, then as many by `marshal`, as both ends are the same interpreter. The first says what to
open, each further one is a transaction, and each is answered by a frame.
"""

import io
import marshal
import signal
import socket
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

HEAD_BYTES = 4
WRITTEN, OF_VALUES, FAILED = "written", "of values", "failed"
# In a statement. `executemany` would take the lock on the interpreter once a row, which counts in a
# thread that competes for it with the loop; more rows would be more texts than the driver keeps
# prepared, and to prepare one costs as much as to run it.
ROWS = 32
_PREPARED = 128
_BUFFER_BYTES = 1024 * 1024
_OF_VALUES = (
    *(sqlite3.IntegrityError, sqlite3.DataError, sqlite3.InterfaceError, sqlite3.ProgrammingError),
    *(ValueError, TypeError, OverflowError),
)


def frame(given: Any) -> bytes:
    content = marshal.dumps(given)
    return len(content).to_bytes(HEAD_BYTES, "big") + content


def _is_busy(error: sqlite3.OperationalError) -> bool:
    """Also SQLITE_BUSY_RECOVERY, while another process opens the file anew."""
    return error.sqlite_errorname.startswith("SQLITE_BUSY")


def begin(connection: sqlite3.Connection, *, limit_s: float, step_s: float) -> None:
    """BEGIN IMMEDIATE. SQLite itself asks for a lock that somebody holds in steps of up to 100 ms;
    where several processes write in turns that is most of the time. Raises sqlite3.Error."""
    when_free(connection.execute, "BEGIN IMMEDIATE", limit_s=limit_s, step_s=step_s)


def when_free(
    execute: Callable[[str], Any], statement: str, *, limit_s: float, step_s: float
) -> None:
    """Again and again, until nobody holds the lock that the statement wants. Raises what it does
    when it is something else, or when the time is over."""
    end = time.monotonic() + limit_s
    while True:
        try:
            execute(statement)
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or time.monotonic() > end:
                raise
            time.sleep(step_s)
        else:
            return


def insert_rows(
    connection: sqlite3.Connection, head: str, one: str, rows: Sequence[tuple[Any, ...]]
) -> None:
    """`head` is the text up to the first row, `one` that of a row. By the driver itself: in a small
    commit most of the time goes to what SQLAlchemy puts around a statement."""
    for start in range(0, len(rows), ROWS):
        part = rows[start : start + ROWS]
        connection.execute(_text(head, one, len(part)), tuple(chain.from_iterable(part)))


@lru_cache(maxsize=256)
def _text(head: str, one: str, count: int) -> str:
    return head + ", ".join([one] * count)


class _Inserter:
    def __init__(
        self, database: str, pragmas: tuple[str, ...], limit_s: float, step_s: float
    ) -> None:
        self._connection = sqlite3.connect(
            database, isolation_level=None, cached_statements=_PREPARED
        )
        for pragma in pragmas:
            self._connection.execute(f"PRAGMA {pragma}")
        self._limit_s, self._step_s = limit_s, step_s

    def insert(self, parts: list[tuple[str, str, list[tuple[Any, ...]]]]) -> tuple[str, str]:
        """Of each table the text up to VALUES, that of one row, and rows. Says what became of it,
        and why."""
        try:
            begin(self._connection, limit_s=self._limit_s, step_s=self._step_s)
            for head, one, rows in parts:
                insert_rows(self._connection, head, one, rows)
            self._connection.execute("COMMIT")
        except _OF_VALUES:
            self._undo()
            return OF_VALUES, ""
        except sqlite3.Error as error:
            self._undo()
            return FAILED, str(error)
        return WRITTEN, ""

    def _undo(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def _read(stream: io.BufferedIOBase) -> Any:
    """None at the end, also in the middle of a frame."""
    head = stream.read(HEAD_BYTES)
    content = stream.read(int.from_bytes(head, "big"))
    is_whole = len(head) == HEAD_BYTES and len(content) == int.from_bytes(head, "big")
    return marshal.loads(content) if is_whole else None  # noqa: S302 - from the process that started it


def _serve(sock: socket.socket) -> None:
    with io.BufferedReader(socket.SocketIO(sock, "r"), _BUFFER_BYTES) as stream:
        inserter = _Inserter(*_read(stream))
        sock.sendall(frame((WRITTEN, "")))
        while (parts := _read(stream)) is not None:
            sock.sendall(frame(inserter.insert(parts)))


def main() -> None:
    # Whoever ends a service may end all its processes at once. This one goes when the other does,
    # and what was sent by then is written.
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    with socket.socket(fileno=int(sys.argv[1])) as sock:
        try:
            _serve(sock)
        except (OSError, sqlite3.Error):
            # It is seen at the other end, and told there.
            sys.exit(1)


if __name__ == "__main__":
    main()

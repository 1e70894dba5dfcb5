"""The shared commit on a file: by a thread of its own.

A transaction is one hop from loop to thread, whatever number of statements it has; by aiosqlite
each statement would be three. A commit costs the processor as much as ten events in it. So what a
turn of the loop brings goes to the thread together, and the thread goes on by itself only where
enough waits: few at a time would be more commits, and the loop is what they take the time from.

Where many calls come at once another process writes the usual ones (see `insert_process.py`), in
turns with the thread: of the two one has something to write at a time.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeAlias, TypeVar

import structlog
from sqlalchemy import Connection, Engine

from app.kit.light import light
from app.observe.counts import Counts
from app.outbox.engine import store_errors
from app.outbox.errors import StoreUnavailable
from app.outbox.insert_process import InsertProcess
from app.outbox.writer import (
    OTHER,
    Usual,
    Waiting,
    Writer,
    WriterLimits,
    perform_all,
    still_waiting,
    usual_of,
)

_log = structlog.get_logger()
T = TypeVar("T")
_ENOUGH = 32
# They are copied on the way to the process.
_MOST_BYTES = 8 * 1024 * 1024
_CLOSE_LIMIT_S = 15.0


@light
class _Alone:
    """A transaction that shares its commit with nobody."""

    perform: Callable[[Connection], Any]
    done: asyncio.Future[Any]


_Work: TypeAlias = "list[Waiting] | _Alone | None"


class ThreadWriter(Writer):
    def __init__(self, engine: Engine, limits: WriterLimits, counts: Counts) -> None:
        super().__init__(limits, counts)
        self._engine = engine
        self._connection: Connection | None = None
        self._waiting: deque[Waiting] = deque()
        self._is_busy = False
        self._process = InsertProcess(engine.url.database, limits.crowds)
        self._queue: SimpleQueue[_Work] = SimpleQueue()
        # A daemon: what hangs in the file system must not hold up the end of the process.
        self._thread = threading.Thread(target=self._work, name="outbox writer", daemon=True)
        self._thread.start()

    def _put(self, waiting: Waiting) -> bool:
        if len(self._waiting) >= self._limits.waiting:
            return False
        self._waiting.append(waiting)
        if not self._is_busy:
            self._is_busy = True
            # At the end of this turn: what else it brings comes along.
            self._loop.call_soon(self._hand_over)
        return True

    def _hand_over(self) -> None:
        together = self._take()
        self._is_busy = bool(together)
        if together and not self._by_process(together):
            self._queue.put(together)

    def _by_process(self, together: list[Waiting]) -> bool:
        """False: it is for the thread."""
        if not self._process.takes(len(together)):
            return False
        waiting = still_waiting(together)
        usual = self._usual_of(waiting)
        if usual is None or usual.size > _MOST_BYTES:
            return False
        began = self._loop.time()

        def ended(found: bool | StoreUnavailable) -> None:
            if found is False:
                # By the thread, which says whose values they are.
                self._queue.put(waiting)
                return
            if found is True:
                self._tell_results(waiting, usual.results)
                self._count(waiting, self._loop.time() - began)
            else:
                self._fail(waiting, found)
                self._tell_error(waiting, found)
            self._hand_over()

        try:
            self._process.insert(usual.parts, ended)
        except ValueError:
            return False
        return True

    def _usual_of(self, waiting: Sequence[Waiting]) -> Usual[Any] | None:
        try:
            return usual_of(waiting) if waiting else None
        except Exception:  # noqa: BLE001 - the thread finds out whose values they are
            return None

    async def run(self, perform: Callable[[Connection], T]) -> T:
        if not self._is_open:
            raise StoreUnavailable("the store is closed")
        done: asyncio.Future[T] = self._loop.create_future()
        self._queue.put(_Alone(perform, done))
        return await done

    async def close(self) -> None:
        """What waits is still written."""
        self._is_open = False
        while together := self._take():
            self._queue.put(together)
        await self._process.close()
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join, _CLOSE_LIMIT_S)
        if self._thread.is_alive():
            _log.error("store.closed_early", limit_s=_CLOSE_LIMIT_S)
        self._engine.dispose()

    def _take(self) -> list[Waiting]:
        """By loop and thread alike."""
        together: list[Waiting] = []
        with suppress(IndexError):
            while len(together) < self._limits.together:
                together.append(self._waiting.popleft())
        return together

    # What follows runs in the thread.

    def _work(self) -> None:
        while (work := self._queue.get()) is not None:
            if isinstance(work, _Alone):
                self._alone(work)
                continue
            self._commit(still_waiting(work))
            while len(self._waiting) >= _ENOUGH and self._goes_on():
                self._commit(still_waiting(self._take()))
            self._tell(self._hand_over)
        if self._connection is not None:
            self._connection.close()

    def _goes_on(self) -> bool:
        return self._queue.empty() and not self._process.is_up

    def _commit(self, waiting: Sequence[Waiting]) -> None:
        if not waiting:
            return
        began = time.monotonic()
        try:
            found = self._perform(lambda c: perform_all(c, waiting))
        except StoreUnavailable as error:
            self._fail(waiting, error)
            self._tell(self._tell_error, waiting, error)
        except Exception as error:  # noqa: BLE001 - one bad member must not stop the writer
            self._part(waiting, error)
        else:
            self._tell(self._tell_results, waiting, found)
            self._count(waiting, time.monotonic() - began)

    def _part(self, waiting: Sequence[Waiting], error: Exception) -> None:
        """One member's values spoiled the whole: each alone, so that only that one fails."""
        if len(waiting) == 1:
            self._fail(waiting, error)
            self._tell(self._tell_error, waiting, error)
            return
        for one in waiting:
            self._commit([one])

    def _alone(self, alone: _Alone) -> None:
        try:
            found = self._perform(alone.perform)
        except Exception as error:  # noqa: BLE001 - it is the caller's, who waits for it
            self._counts.not_written(OTHER)
            self._tell(_set_exception, alone.done, error)
        else:
            self._tell(_set_result, alone.done, found)

    def _perform(self, perform: Callable[[Connection], T]) -> T:
        with store_errors():
            connection = self._connected()
            with connection.begin():
                return perform(connection)

    def _connected(self) -> Connection:
        """Kept: to fetch it from the pool each time costs as much as a small commit."""
        known = self._connection
        if known is not None and (known.invalidated or known.in_transaction()):
            # What could not even be rolled back is not to be gone on with.
            known.invalidate()
            known.close()
            known = None
        self._connection = known or self._engine.connect()
        return self._connection

    def _tell(self, tell: Callable[..., None], *given: Any) -> None:
        # A loop that is closed has nobody left who waits.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(tell, *given)


def _set_result(done: asyncio.Future[Any], found: Any) -> None:
    if not done.done():
        done.set_result(found)


def _set_exception(done: asyncio.Future[Any], error: Exception) -> None:
    if not done.done():
        done.set_exception(error)

"""The shared commit on a file: by a thread that never waits for the loop.

As soon as one commit is on disk the thread takes what came meanwhile into the next. By way of the
loop it would wait for its turn there each time, twice a commit, while the loop is busy with calls:
measured, a fifth of the calls a second. A transaction is one hop, whatever number of statements it
has; by aiosqlite each statement would be three.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeAlias, TypeVar

import structlog
from sqlalchemy import Connection, Engine

from app.kit.light import light
from app.observe.counts import Counts
from app.outbox.engine import store_errors
from app.outbox.errors import StoreUnavailable
from app.outbox.writer import (
    OTHER,
    Waiting,
    Writer,
    WriterLimits,
    perform_all,
    still_waiting,
    tell_error,
    tell_results,
)

_log = structlog.get_logger()
T = TypeVar("T")
_CLOSE_LIMIT_S = 15.0


@light
class _Alone:
    """A transaction that shares its commit with nobody."""

    perform: Callable[[Connection], Any]
    done: asyncio.Future[Any]


_Work: TypeAlias = "Waiting | _Alone | None"
_Found: TypeAlias = "tuple[Sequence[Waiting], Sequence[Any] | Exception]"


class ThreadWriter(Writer):
    def __init__(self, engine: Engine, limits: WriterLimits, counts: Counts) -> None:
        super().__init__(limits, counts)
        self._engine = engine
        self._queue: SimpleQueue[_Work] = SimpleQueue()
        # A daemon: what hangs in the file system must not hold up the end of the process.
        self._thread = threading.Thread(target=self._work, name="outbox writer", daemon=True)
        self._thread.start()

    def _put(self, waiting: Waiting) -> bool:
        if self._queue.qsize() >= self._limits.waiting:
            return False
        self._queue.put(waiting)
        return True

    async def run(self, perform: Callable[[Connection], T]) -> T:
        if not self._thread.is_alive():
            raise StoreUnavailable("the store is closed")
        done: asyncio.Future[T] = self._ends.loop.create_future()
        self._queue.put(_Alone(perform, done))
        return await done

    async def close(self) -> None:
        """What waits is still written."""
        self._is_open = False
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join, _CLOSE_LIMIT_S)
        if self._thread.is_alive():
            _log.error("store.closed_early", limit_s=_CLOSE_LIMIT_S)
        self._engine.dispose()

    # What follows runs in the thread.

    def _work(self) -> None:
        following: _Work = self._queue.get()
        while following is not None:
            if isinstance(following, _Alone):
                self._alone(following)
                following = self._queue.get()
                continue
            waiting = [following]
            following = self._gather(waiting)
            self._commit(still_waiting(waiting))
            if following is _NOTHING:
                following = self._queue.get()

    def _gather(self, waiting: list[Waiting]) -> _Work:
        """Adds what waits at the moment; returns what came after it and is of another kind."""
        while len(waiting) < self._limits.together:
            try:
                following = self._queue.get_nowait()
            except Empty:
                return _NOTHING
            if not isinstance(following, Waiting):
                return following
            waiting.append(following)
        return _NOTHING

    def _commit(self, waiting: Sequence[Waiting]) -> None:
        if not waiting:
            return
        began = time.monotonic()
        try:
            found = self._perform(lambda c: perform_all(c, waiting))
        except StoreUnavailable as error:
            self._fail(waiting, error)
            self._tell(tell_error, waiting, error)
        except Exception as error:  # noqa: BLE001 - one bad member must not stop the writer
            self._part(waiting, error)
        else:
            self._tell(tell_results, waiting, found)
            self._count(waiting, time.monotonic() - began)

    def _part(self, waiting: Sequence[Waiting], error: Exception) -> None:
        """One member's values spoiled the whole: each alone, so that only that one fails."""
        if len(waiting) == 1:
            self._fail(waiting, error)
            self._tell(tell_error, waiting, error)
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
        with store_errors(), self._engine.begin() as connection:
            return perform(connection)

    def _tell(self, tell: Callable[..., None], *given: Any) -> None:
        # A loop that is closed has nobody left who waits.
        with suppress(RuntimeError):
            self._ends.loop.call_soon_threadsafe(tell, *given)


_NOTHING = _Alone(lambda _: None, None)  # type: ignore[arg-type]  # a mark, never performed


def _set_result(done: asyncio.Future[Any], found: Any) -> None:
    if not done.done():
        done.set_result(found)


def _set_exception(done: asyncio.Future[Any], error: Exception) -> None:
    if not done.done():
        done.set_exception(error)

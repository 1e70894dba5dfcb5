"""The shared commit: what waits at the same moment becomes durable by one flush of the disk."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

import structlog
from sqlalchemy import Connection

from app.kit.deadline import Limits
from app.kit.light import light
from app.outbox.engine import is_of_the_values
from app.outbox.errors import StoreUnavailable
from app.outbox.transactions import Transactions

_log = structlog.get_logger()
_LEAST_TOGETHER = 32
W = TypeVar("W")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class WriterLimits:
    """`waiting` is how many may wait; one more is refused. `together` is how many share a
    commit at most."""

    waiting: int = 4096
    together: int = 256


@dataclass(frozen=True, slots=True)
class Write(Generic[W, R]):
    """One kind of write: `perform` writes many at once, within the transaction, and returns
    their results in order."""

    name: str
    perform: Callable[[Connection, Sequence[W]], Sequence[R]]


@light
class _Waiting:
    write: Write[Any, Any]
    what: Any
    done: asyncio.Future[Any]


class SharedWriter:
    """Gathers what waits at the moment into one transaction, again and again. Made within the
    loop that it serves."""

    def __init__(self, transactions: Transactions, limits: WriterLimits) -> None:
        self._transactions = transactions
        self._limits = limits
        self._ends = Limits()
        self._queue: asyncio.Queue[_Waiting | None] = asyncio.Queue(limits.waiting)
        self._is_open = True

    async def write(self, write: Write[W, R], what: W, *, limit_s: float) -> R:
        """Raises StoreUnavailable. After a time-out the write may still be committed: whoever is
        told no calls again, and its deduplication key knows the second from the first."""
        if not self._is_open:
            raise StoreUnavailable("the store is closing")
        done: asyncio.Future[R] = self._ends.loop.create_future()
        try:
            self._queue.put_nowait(_Waiting(write, what, done))
        except asyncio.QueueFull:
            raise StoreUnavailable("too many writes wait for the store", retry_after_s=1) from None
        limit = self._ends.start(limit_s, partial(_expire, done, limit_s))
        try:
            return await done
        finally:
            self._ends.stop(limit)

    async def run(self) -> None:
        """Until `close`; what waits then is still written."""
        while (first := await self._queue.get()) is not None:
            waiting, is_last = [first], False
            # Half of those that wait: the loop works on the others meanwhile. All of them at once
            # would make loop and writer wait for each other in turns.
            most = min(self._limits.together, max(_LEAST_TOGETHER, self._queue.qsize() // 2 + 1))
            while len(waiting) < most and not self._queue.empty():
                following = self._queue.get_nowait()
                if following is None:
                    is_last = True
                    break
                waiting.append(following)
            await self._commit([w for w in waiting if not w.done.done()])
            if is_last:
                return

    def close(self) -> None:
        self._is_open = False
        try:
            self._queue.put_nowait(None)
        except asyncio.QueueFull:
            # Those at the end are told no; those before them are written.
            last = self._queue.get_nowait()
            if last is not None:
                _fail([last], StoreUnavailable("the store is closing"))
            self._queue.put_nowait(None)

    async def _commit(self, waiting: Sequence[_Waiting]) -> None:
        if not waiting:
            return
        try:
            results = await self._perform(waiting)
        except StoreUnavailable as error:
            _log.warning("store.unavailable", why=str(error), writes=len(waiting))
            _fail(waiting, error)
        except Exception as error:  # noqa: BLE001 - one bad member must not stop the writer
            await self._part(waiting, error)
        else:
            for one, result in zip(waiting, results, strict=True):
                if not one.done.done():
                    one.done.set_result(result)

    async def _part(self, waiting: Sequence[_Waiting], error: Exception) -> None:
        """One member's values spoiled the whole: each alone, so that only that one fails."""
        if len(waiting) == 1:
            if not is_of_the_values(error):
                _log.error("store.write_failed", kind=type(error).__name__)
            _fail(waiting, error)
            return
        for one in waiting:
            await self._commit([one])

    async def _perform(self, waiting: Sequence[_Waiting]) -> list[Any]:
        kinds: dict[str, list[int]] = {}
        for index, one in enumerate(waiting):
            kinds.setdefault(one.write.name, []).append(index)

        def together(connection: Connection) -> list[Any]:
            results: list[Any] = [None] * len(waiting)
            # In the same order everywhere: of two processes none waits for what the other locked.
            for _, indexes in sorted(kinds.items()):
                write = waiting[indexes[0]].write
                found = write.perform(connection, [waiting[i].what for i in indexes])
                for index, result in zip(indexes, found, strict=True):
                    results[index] = result
            return results

        return await self._transactions.run(together)


def _expire(done: asyncio.Future[Any], limit_s: float) -> None:
    if not done.done():
        done.set_exception(StoreUnavailable(f"the store took longer than {limit_s:g} s"))


def _fail(waiting: Sequence[_Waiting], error: Exception) -> None:
    for one in waiting:
        if not one.done.done():
            one.done.set_exception(error)

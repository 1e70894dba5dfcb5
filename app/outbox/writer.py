"""The shared commit: what waits at the same moment becomes durable by one flush of the disk."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.outbox.engine import is_of_the_values, store_errors
from app.outbox.errors import StoreUnavailable

_log = structlog.get_logger()
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
    perform: Callable[[AsyncConnection, Sequence[W]], Awaitable[Sequence[R]]]


@dataclass(frozen=True, slots=True)
class _Waiting:
    write: Write[Any, Any]
    what: Any
    done: asyncio.Future[Any]


class SharedWriter:
    """Everything that this process writes goes through here, one transaction at a time."""

    def __init__(self, engine: AsyncEngine, limits: WriterLimits) -> None:
        self._engine = engine
        self._limits = limits
        self._queue: asyncio.Queue[_Waiting | None] = asyncio.Queue(limits.waiting)
        self._turn = asyncio.Lock()
        self._is_open = True

    async def write(self, write: Write[W, R], what: W, *, limit_s: float) -> R:
        """Raises StoreUnavailable. After a time-out the write may still be committed: whoever is
        told no calls again, and its deduplication key knows the second from the first."""
        if not self._is_open:
            raise StoreUnavailable("the store is closing")
        done: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        try:
            self._queue.put_nowait(_Waiting(write, what, done))
        except asyncio.QueueFull:
            raise StoreUnavailable("too many writes wait for the store", retry_after_s=1) from None
        try:
            async with asyncio.timeout(limit_s):
                return await done
        except TimeoutError:
            raise StoreUnavailable(f"the store took longer than {limit_s:g} s") from None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A commit of one's own, in turn with the shared ones."""
        async with self._turn:
            with store_errors():
                async with self._engine.begin() as connection:
                    yield connection

    async def run(self) -> None:
        """Until `close`; what waits then is still written."""
        while (first := await self._queue.get()) is not None:
            waiting, is_last = [first], False
            while len(waiting) < self._limits.together and not self._queue.empty():
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
        results: list[Any] = [None] * len(waiting)
        async with self.transaction() as connection:
            for indexes in kinds.values():
                write = waiting[indexes[0]].write
                found = await write.perform(connection, [waiting[i].what for i in indexes])
                for index, result in zip(indexes, found, strict=True):
                    results[index] = result
        return results


def _fail(waiting: Sequence[_Waiting], error: Exception) -> None:
    for one in waiting:
        if not one.done.done():
            one.done.set_exception(error)

"""The shared commit: what waits at the same moment becomes durable by one flush of the disk."""

import asyncio
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

import structlog
from sqlalchemy import Connection

from app.kit.deadline import Limits
from app.kit.light import light
from app.observe.counts import Counts
from app.outbox.dialect import Part
from app.outbox.engine import is_of_the_values
from app.outbox.errors import StoreUnavailable

_log = structlog.get_logger()
T = TypeVar("T")
W = TypeVar("W")
R = TypeVar("R")
OTHER = "other"
"""Names writes that share their commit with none, where they are counted."""

Told: TypeAlias = Callable[[R | Exception], None]
"""Is told what became of a write, once, in the loop: its result, or why there is none."""


@dataclass(frozen=True, slots=True)
class WriterLimits:
    """`waiting` is how many may wait; one more is refused. `together` is how many share a
    commit at most. `crowds`: see `InsertProcess`."""

    waiting: int = 4096
    together: int = 256
    crowds: int | None = 20


@dataclass(frozen=True, slots=True)
class Write(Generic[W, R]):
    """One kind of write: `perform` writes many at once, within the transaction, and returns
    their results in order. `usual`: the rows that are all there is to write, and the results;
    None where it takes more than rows. `written` is told of those that share a commit, in the
    loop, before anybody is told of one."""

    name: str
    perform: Callable[[Connection, Sequence[W]], Sequence[R]]
    usual: Callable[[Sequence[W]], "Usual[R] | None"] | None = None
    written: Callable[[Sequence[W]], None] | None = None


@light
class Usual(Generic[R]):
    """New rows of some tables, at least one of each, and the results when they are written. `size`:
    bytes in them that may be many."""

    parts: Sequence[Part]
    results: Sequence[R]
    size: int


class Waiting:
    """A write, and who waits for it, until an instant of the loop's clock."""

    __slots__ = ("is_over", "limit_s", "told", "until", "what", "write")

    def __init__(
        self, write: Write[Any, Any], what: Any, limit_s: float, told: Told[Any], until: float
    ) -> None:
        self.write = write
        self.what = what
        self.limit_s = limit_s
        self.told = told
        self.until = until
        self.is_over = False

    def end(self, found: Any) -> None:
        """Tells; what comes later is told nobody."""
        if self.is_over:
            return
        self.is_over = True
        try:
            self.told(found)
        except Exception:  # noqa: BLE001 - the others of the same commit must be told
            _log.exception("store.untold", write=self.write.name)

    def expire(self) -> None:
        self.end(StoreUnavailable(f"the store took longer than {self.limit_s:g} s"))


class Writer(ABC):
    """Made within the loop that it serves. Who waits longer than it wants is told no, as late as
    `Limits` says."""

    def __init__(self, limits: WriterLimits, counts: Counts) -> None:
        self._limits = limits
        self._counts = counts
        self._loop = asyncio.get_running_loop()
        self._times = Limits()
        self._is_away = False
        self._is_open = True

    async def write(self, write: Write[W, R], what: W, *, limit_s: float) -> R:
        """In a commit that is shared. Raises StoreUnavailable. After a time-out the write may
        still be committed: whoever is told no calls again, and its deduplication key knows the
        second from the first."""
        done: asyncio.Future[R] = self._loop.create_future()
        waiting = self.put(write, what, _future_told(done), limit_s=limit_s)
        try:
            return await done
        finally:
            waiting.is_over = True
            self._times.stop((waiting,))

    def put(self, write: Write[W, R], what: W, told: Told[R], *, limit_s: float) -> Waiting:
        """The same for who is `told` and does not await it; never before this returns. Raises
        StoreUnavailable."""
        if not self._is_open:
            raise StoreUnavailable("the store is closing")
        waiting = Waiting(write, what, limit_s, told, self._loop.time() + limit_s)
        if not self._put(waiting):
            raise StoreUnavailable("too many writes wait for the store", retry_after_s=1)
        self._times.start(waiting)
        return waiting

    def _count(self, waiting: Sequence[Waiting], seconds: float) -> None:
        """They are on disk."""
        if self._is_away:
            self._is_away = False
            _log.info("store.back")
        self._counts.commit(Counter(one.write.name for one in waiting), seconds)

    def _fail(self, waiting: Sequence[Waiting], error: Exception) -> None:
        """The store did not take them, or these values of one."""
        if isinstance(error, StoreUnavailable):
            self._is_away = True
        log_error(error, len(waiting))
        for one in waiting:
            self._counts.not_written(one.write.name)

    @abstractmethod
    def _put(self, waiting: Waiting) -> bool:
        """False when too many wait already."""

    @abstractmethod
    async def run(self, perform: Callable[[Connection], T]) -> T:
        """`perform` within a transaction of its own. Raises StoreUnavailable."""

    def _tell_results(self, waiting: Sequence[Waiting], results: Sequence[Any]) -> None:
        _say_written(waiting)
        self._times.stop(waiting)
        for one, result in zip(waiting, results, strict=True):
            one.end(result)

    def _tell_error(self, waiting: Sequence[Waiting], error: Exception) -> None:
        self._times.stop(waiting)
        for one in waiting:
            one.end(error)


def _say_written(waiting: Sequence[Waiting]) -> None:
    for write in {one.write.name: one.write for one in waiting}.values():
        if write.written is None:
            continue
        try:
            write.written([one.what for one in waiting if one.write is write])
        except Exception:  # noqa: BLE001 - who waits must be told
            _log.exception("store.untold", write=write.name)


def _future_told(done: asyncio.Future[R]) -> Told[R]:
    def told(found: R | Exception) -> None:
        if done.cancelled():
            return
        if isinstance(found, Exception):
            done.set_exception(found)
        else:
            done.set_result(found)

    return told


def usual_of(waiting: Sequence[Waiting]) -> Usual[Any] | None:
    write = waiting[0].write
    if write.usual is None or any(one.write is not write for one in waiting):
        return None
    return write.usual([one.what for one in waiting])


def perform_all(connection: Connection, waiting: Sequence[Waiting]) -> Sequence[Any]:
    """Within one transaction, the results in order."""
    write = waiting[0].write
    if all(one.write is write for one in waiting):
        return write.perform(connection, [one.what for one in waiting])
    kinds: dict[str, list[int]] = {}
    for index, one in enumerate(waiting):
        kinds.setdefault(one.write.name, []).append(index)
    results: list[Any] = [None] * len(waiting)
    # In the same order everywhere: of two processes none waits for what the other locked.
    for _, indexes in sorted(kinds.items()):
        write = waiting[indexes[0]].write
        found = write.perform(connection, [waiting[i].what for i in indexes])
        for index, result in zip(indexes, found, strict=True):
            results[index] = result
    return results


def still_waiting(waiting: Sequence[Waiting]) -> list[Waiting]:
    """Without those that were told no meanwhile."""
    return [one for one in waiting if not one.is_over]


def log_error(error: Exception, writes: int) -> None:
    if isinstance(error, StoreUnavailable):
        _log.warning("store.unavailable", why=str(error), writes=writes)
    elif not is_of_the_values(error):
        _log.error("store.write_failed", kind=type(error).__name__)

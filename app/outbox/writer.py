"""The shared commit: what waits at the same moment becomes durable by one flush of the disk."""

import asyncio
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

import structlog
from sqlalchemy import Connection

from app.kit.deadline import Limits
from app.kit.light import light
from app.observe.counts import Counts
from app.outbox.engine import is_of_the_values
from app.outbox.errors import StoreUnavailable

_log = structlog.get_logger()
T = TypeVar("T")
W = TypeVar("W")
R = TypeVar("R")
OTHER = "other"
"""Names writes that share their commit with none, where they are counted."""


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
class Waiting:
    """A write whose caller waits for `done`."""

    write: Write[Any, Any]
    what: Any
    done: asyncio.Future[Any]


class Writer(ABC):
    """Made within the loop that it serves."""

    def __init__(self, limits: WriterLimits, counts: Counts) -> None:
        self._limits = limits
        self._counts = counts
        self._ends = Limits()
        self._is_open = True

    async def write(self, write: Write[W, R], what: W, *, limit_s: float) -> R:
        """In a commit that is shared. Raises StoreUnavailable. After a time-out the write may
        still be committed: whoever is told no calls again, and its deduplication key knows the
        second from the first."""
        if not self._is_open:
            raise StoreUnavailable("the store is closing")
        done: asyncio.Future[R] = self._ends.loop.create_future()
        if not self._put(Waiting(write, what, done)):
            raise StoreUnavailable("too many writes wait for the store", retry_after_s=1)
        limit = self._ends.start(limit_s, partial(_expire, done, limit_s))
        try:
            return await done
        finally:
            self._ends.stop(limit)

    def _count(self, waiting: Sequence[Waiting], seconds: float) -> None:
        """They are on disk."""
        self._counts.commit(Counter(one.write.name for one in waiting), seconds)

    def _fail(self, waiting: Sequence[Waiting], error: Exception) -> None:
        """The store did not take them, or these values of one."""
        log_error(error, len(waiting))
        for one in waiting:
            self._counts.not_written(one.write.name)

    @abstractmethod
    def _put(self, waiting: Waiting) -> bool:
        """False when too many wait already."""

    @abstractmethod
    async def run(self, perform: Callable[[Connection], T]) -> T:
        """`perform` within a transaction of its own. Raises StoreUnavailable."""


def perform_all(connection: Connection, waiting: Sequence[Waiting]) -> list[Any]:
    """Within one transaction, the results in order."""
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
    return [one for one in waiting if not one.done.done()]


def tell_results(waiting: Sequence[Waiting], results: Sequence[Any]) -> None:
    for one, result in zip(waiting, results, strict=True):
        if not one.done.done():
            one.done.set_result(result)


def tell_error(waiting: Sequence[Waiting], error: Exception) -> None:
    for one in waiting:
        if not one.done.done():
            one.done.set_exception(error)


def log_error(error: Exception, writes: int) -> None:
    if isinstance(error, StoreUnavailable):
        _log.warning("store.unavailable", why=str(error), writes=writes)
    elif not is_of_the_values(error):
        _log.error("store.write_failed", kind=type(error).__name__)


def _expire(done: asyncio.Future[Any], limit_s: float) -> None:
    if not done.done():
        done.set_exception(StoreUnavailable(f"the store took longer than {limit_s:g} s"))

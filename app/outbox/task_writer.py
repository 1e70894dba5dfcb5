"""The shared commit on a server: by a task of the loop, over one connection."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection

from app.observe.counts import Counts
from app.outbox.at_once import Direct
from app.outbox.errors import StoreUnavailable
from app.outbox.transactions import Transactions
from app.outbox.writer import (
    OTHER,
    Waiting,
    Writer,
    WriterLimits,
    perform_all,
    still_waiting,
    usual_of,
)

_log = structlog.get_logger()
T = TypeVar("T")
_LEAST_TOGETHER = 32
_CLOSE_LIMIT_S = 15.0


class TaskWriter(Writer):
    def __init__(
        self, transactions: Transactions, direct: Direct, limits: WriterLimits, counts: Counts
    ) -> None:
        super().__init__(limits, counts)
        self._transactions = transactions
        self._direct = direct
        self._queue: asyncio.Queue[Waiting | None] = asyncio.Queue(limits.waiting)
        self._task = asyncio.create_task(self._work(), name="outbox writer")

    def _put(self, waiting: Waiting) -> bool:
        with suppress(asyncio.QueueFull):
            self._queue.put_nowait(waiting)
            return True
        return False

    async def run(self, perform: Callable[[Connection], T]) -> T:
        try:
            return await self._transactions.run(perform)
        except Exception:
            self._counts.not_written(OTHER)
            raise

    async def close(self) -> None:
        """What waits is still written."""
        self._is_open = False
        try:
            async with asyncio.timeout(_CLOSE_LIMIT_S):
                await self._queue.put(None)
                await self._task
        except TimeoutError:
            _log.error("store.closed_early", limit_s=_CLOSE_LIMIT_S)
        await self._direct.close()

    async def _work(self) -> None:
        while (first := await self._queue.get()) is not None:
            waiting, is_last = [first], False
            # Half of those that wait: the loop works on the others meanwhile. All of them at once
            # would make loop and server wait for each other in turns.
            most = min(self._limits.together, max(_LEAST_TOGETHER, self._queue.qsize() // 2 + 1))
            while len(waiting) < most and not self._queue.empty():
                following = self._queue.get_nowait()
                if following is None:
                    is_last = True
                    break
                waiting.append(following)
            await self._commit(still_waiting(waiting))
            if is_last:
                return

    async def _commit(self, waiting: Sequence[Waiting]) -> None:
        if not waiting:
            return
        began = self._loop.time()
        try:
            results = await self._results(waiting)
        except StoreUnavailable as error:
            self._fail(waiting, error)
            self._tell_error(waiting, error)
        except Exception as error:  # noqa: BLE001 - one bad member must not stop the writer
            await self._part(waiting, error)
        else:
            self._tell_results(waiting, results)
            self._count(waiting, self._loop.time() - began)

    async def _results(self, waiting: Sequence[Waiting]) -> Sequence[Any]:
        usual = usual_of(waiting)
        if usual is not None and await self._direct.insert(usual.parts):
            return usual.results
        # Also what spoiled the statement: here it is said by whose values.
        return await self._transactions.run(lambda c: perform_all(c, waiting))

    async def _part(self, waiting: Sequence[Waiting], error: Exception) -> None:
        """One member's values spoiled the whole: each alone, so that only that one fails."""
        if len(waiting) == 1:
            self._fail(waiting, error)
            self._tell_error(waiting, error)
            return
        for one in waiting:
            await self._commit([one])

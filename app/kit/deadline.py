"""Time limits that cost little, for the way of every call."""

import asyncio
from collections.abc import Callable
from types import TracebackType

_STEP_S = 0.1


class Limits:
    """Ends what takes too long, up to a tenth of a second late. However many wait, the loop has
    one timer of ours and not one for each. Made within the loop that it serves."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ends: dict[int, tuple[float, Callable[[], None]]] = {}
        self._last = 0
        self._is_looking = False

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def start(self, seconds: float, end: Callable[[], None]) -> int:
        """`end` is called when the limit is over, unless `stop` is called before."""
        self._last = key = self._last + 1
        self._ends[key] = (self._loop.time() + seconds, end)
        if not self._is_looking:
            self._is_looking = True
            self._loop.call_later(min(seconds, _STEP_S), self._look)
        return key

    def stop(self, key: int) -> None:
        self._ends.pop(key, None)

    def _look(self) -> None:
        now = self._loop.time()
        over = sorted((at, key) for key, (at, _) in self._ends.items() if at <= now)
        for _, key in over:
            self._ends.pop(key)[1]()
        self._is_looking = bool(self._ends)
        if self._is_looking:
            self._loop.call_later(_STEP_S, self._look)


class Deadline:
    """As `asyncio.timeout`, for the task that enters it; it can't be moved or nested in itself.
    Raises TimeoutError at the end of the block when time ran out in it."""

    __slots__ = ("_is_over", "_key", "_limits", "_seconds", "_task")

    def __init__(self, limits: Limits, seconds: float) -> None:
        self._limits = limits
        self._seconds = seconds
        self._is_over = False

    def __enter__(self) -> None:
        self._task = asyncio.current_task(self._limits.loop)
        self._key = self._limits.start(self._seconds, self._end)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._limits.stop(self._key)
        if not self._is_over or self._task is None:
            return
        # What arrives is our own cancellation, unless somebody else cancelled as well.
        if self._task.uncancel() == 0 and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def _end(self) -> None:
        self._is_over = True
        if self._task is not None:
            self._task.cancel()

"""Time limits that cost little, for the way of every call."""

import asyncio
from collections.abc import Iterable
from operator import attrgetter
from types import TracebackType
from typing import Protocol

_STEP_S = 0.1


class Limited(Protocol):
    """What has time until an instant of the loop's clock. `expire` is called once, after it, and
    raises nothing."""

    until: float

    def expire(self) -> None: ...


class Limits:
    """Ends what takes too long, up to a tenth of a second late. However many wait, the loop has
    one timer of ours and not one for each. Made within the loop that it serves."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._limited: set[Limited] = set()
        self._is_looking = False

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def start(self, one: Limited) -> None:
        self._limited.add(one)
        if not self._is_looking:
            self._is_looking = True
            self._loop.call_at(min(one.until, self._loop.time() + _STEP_S), self._look)

    def stop(self, those: Iterable[Limited]) -> None:
        """Also of some whose time is over."""
        self._limited.difference_update(those)

    def _look(self) -> None:
        now = self._loop.time()
        over = [one for one in self._limited if one.until <= now]
        over.sort(key=attrgetter("until"))
        self.stop(over)
        # First: whatever becomes of these, the others are looked at.
        self._is_looking = bool(self._limited)
        if self._is_looking:
            self._loop.call_later(_STEP_S, self._look)
        for one in over:
            one.expire()


class Deadline:
    """As `asyncio.timeout`, for the task that enters it; it can't be moved or nested in itself.
    Raises TimeoutError at the end of the block when time ran out in it."""

    __slots__ = ("_is_over", "_limits", "_seconds", "_task", "until")

    def __init__(self, limits: Limits, seconds: float) -> None:
        self._limits = limits
        self._seconds = seconds
        self._is_over = False

    def __enter__(self) -> None:
        self._task = asyncio.current_task(self._limits.loop)
        self.until = self._limits.loop.time() + self._seconds
        self._limits.start(self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._limits.stop((self,))
        if not self._is_over or self._task is None:
            return
        # What arrives is our own cancellation, unless somebody else cancelled as well.
        if self._task.uncancel() == 0 and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def expire(self) -> None:
        self._is_over = True
        if self._task is not None:
            self._task.cancel()

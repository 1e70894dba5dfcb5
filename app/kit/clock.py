"""Where the time comes from, so that nothing else has to ask the system."""

import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol


class Clock(Protocol):
    """Instants are aware and UTC; `monotonic` is for durations, in seconds."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...


class SystemClock:
    """Without functions of its own around those of the system: it is asked for every call."""

    now = staticmethod(partial(datetime.now, UTC))  # noqa: TID251 - the one place that asks
    monotonic = staticmethod(time.monotonic)


class AdjustedClock:
    """Goes as `clock` does, but tells the time of somebody else, who is `ahead` of it: where
    several machines share leases and due times, one of them says what time it is."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.ahead = timedelta()

    def now(self) -> datetime:
        return self._clock.now() + self.ahead

    def monotonic(self) -> float:
        return self._clock.monotonic()

"""Where the time comes from, so that nothing else has to ask the system."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Instants are aware and UTC; `monotonic` is for durations, in seconds."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - the one place that asks

    def monotonic(self) -> float:
        return time.monotonic()

"""Clocks that go when they are told to, or faster than the world's."""

from datetime import UTC, datetime, timedelta

from app.kit.clock import SystemClock


class QuickClock:
    """Goes `times` faster than the time of the world."""

    def __init__(self, times: float) -> None:
        self._times = times
        self._clock = SystemClock()
        self._began = self._clock.now()
        self._zero = self._clock.monotonic()

    def now(self) -> datetime:
        return self._began + (self._clock.now() - self._began) * self._times

    def monotonic(self) -> float:
        return self._zero + (self._clock.monotonic() - self._zero) * self._times


class ManualClock:
    def __init__(self, at: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now = at
        self._monotonic = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def pass_s(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

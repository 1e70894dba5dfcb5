"""How fast a destination may be asked: as configured, and slower when it can't keep up."""

from app.kit.clock import Clock

_SLOWER = 0.5
_FASTER_A_SECOND = 0.05
_LEAST_A_SECOND = 0.2
_MEASURED_S = 2.0


class Pace:
    """A token bucket: `per_second` requests on average, a tenth of a second's worth at once (one
    at least). None: no limit, until the destination says that it has one."""

    def __init__(self, per_second: float | None, clock: Clock) -> None:
        self._most = per_second
        self._limit = per_second
        self._clock = clock
        self._tokens = self._burst
        self._at = clock.monotonic()
        self._slowed_at = self._at
        self._peak = 0.0
        self._count = 0
        self._counted_from = self._at

    @property
    def per_second(self) -> float | None:
        """At the moment."""
        return self._limit

    @property
    def _burst(self) -> float:
        return max(1.0, self._limit / 10) if self._limit else 0.0

    def available(self, wanted: int) -> int:
        """How many of `wanted` may start now."""
        self._fill()
        return wanted if self._limit is None else min(wanted, int(self._tokens))

    def take(self, count: int) -> None:
        self._count += count
        if self._limit is not None:
            self._tokens -= count

    def ready_in_s(self) -> float:
        """Seconds until at least one may start."""
        self._fill()
        if self._limit is None:
            return 0.0
        return max(0.0, (1.0 - self._tokens) / self._limit)

    def slow_down(self) -> None:
        """The destination said that it was asked too often. Once a second at most: answers to
        what was sent before say nothing new."""
        now = self._clock.monotonic()
        if now - self._slowed_at < 1 and self._limit != self._most:
            return
        asked = self._count / max(now - self._counted_from, 0.1)
        self._peak = min(self._limit or asked, max(asked, _LEAST_A_SECOND))
        self._limit = max(_LEAST_A_SECOND, self._peak * _SLOWER)
        self._slowed_at = self._at = now
        self._tokens = min(self._tokens, 0.0)

    def _fill(self) -> None:
        now = self._clock.monotonic()
        passed = now - self._at
        self._at = now
        if now - self._counted_from > _MEASURED_S:
            self._count, self._counted_from = 0, now
        if self._limit is None:
            return
        self._recover(passed)
        if self._limit is not None:
            self._tokens = min(self._burst, self._tokens + passed * self._limit)

    def _recover(self, passed_s: float) -> None:
        """A twentieth of what was too much, each second; without a configured limit it is lifted
        when twice of that was no longer too much."""
        if self._limit is None or self._limit == self._most:
            return
        faster = self._limit + passed_s * _FASTER_A_SECOND * max(self._peak, _LEAST_A_SECOND)
        if self._most is not None:
            self._limit = min(self._most, faster)
        else:
            self._limit = faster if faster < 2 * self._peak else None

"""How fast a destination may be asked."""

from app.kit.clock import Clock


class Pace:
    """A token bucket: `per_second` starts on average, a tenth of a second's worth at once (one at
    least). None: no limit."""

    def __init__(self, per_second: float | None, clock: Clock) -> None:
        self._per_second = per_second
        self._burst = max(1.0, per_second / 10) if per_second else 0.0
        self._clock = clock
        self._tokens = self._burst
        self._at = clock.monotonic()

    def available(self, wanted: int) -> int:
        """How many of `wanted` may start now."""
        if self._per_second is None:
            return wanted
        self._fill(self._per_second)
        return min(wanted, int(self._tokens))

    def take(self, count: int) -> None:
        if self._per_second is not None:
            self._tokens -= count

    def ready_in_s(self) -> float:
        """Seconds until at least one may start."""
        if self._per_second is None:
            return 0.0
        self._fill(self._per_second)
        return max(0.0, (1.0 - self._tokens) / self._per_second)

    def _fill(self, per_second: float) -> None:
        now = self._clock.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * per_second)
        self._at = now

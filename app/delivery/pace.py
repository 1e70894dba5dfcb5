"""How often this worker asks a destination. How often all of them may stands in the store."""

from app.kit.clock import Clock

_MEASURED_S = 2.0
_LEAST_S = 0.1


class Asked:
    """Requests a second, of late."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._count = 0
        self._from = clock.monotonic()

    def count(self, requests: int) -> None:
        now = self._clock.monotonic()
        if now - self._from > _MEASURED_S:
            self._count, self._from = 0, now
        self._count += requests

    @property
    def per_second(self) -> float:
        return self._count / max(self._clock.monotonic() - self._from, _LEAST_S)

"""How many requests a destination may have at once: fewer when it is slow or broken."""

from app.kit.clock import Clock

_WINDOW = 20
_WINDOW_S = 1.0
_SLOW = 3.0
_SLACK_S = 0.1
_FORGETS = 1.02


class Width:
    """Between 1 and `most`. Halved when something breaks, at most once a second; narrowed when
    answers take three times as long as usual; grows by one a window of good answers, and doubles
    after a stop until it has its size of before."""

    def __init__(self, most: int, clock: Clock) -> None:
        self._most = most
        self._clock = clock
        self._now = float(most)
        self._known_good = float(most)
        self._cut_at = float("-inf")
        self._usual_s: float | None = None
        self._durations: list[float] = []
        self._window_at = clock.monotonic()

    @property
    def current(self) -> int:
        return int(self._now)

    def restart(self) -> None:
        """After a stop: one at a time, and more as they are answered."""
        self._known_good = max(1.0, self._now / 2)
        self._now = 1.0

    def broke(self) -> None:
        now = self._clock.monotonic()
        if now - self._cut_at >= 1:
            self._cut_at = now
            self._now = self._known_good = max(1.0, self._now / 2)

    def answered(self, duration_s: float) -> None:
        if self._now < self._known_good:
            self._now = min(self._known_good, self._now + 1)
        self._durations.append(duration_s)
        now = self._clock.monotonic()
        if len(self._durations) >= _WINDOW and now - self._window_at >= _WINDOW_S:
            self._judge(sum(self._durations) / len(self._durations))
            self._durations.clear()
            self._window_at = now

    def _judge(self, mean_s: float) -> None:
        usual_s = mean_s if self._usual_s is None else min(self._usual_s * _FORGETS, mean_s)
        self._usual_s = usual_s
        if mean_s > usual_s * _SLOW + _SLACK_S:
            self._now = self._known_good = max(1.0, self._now * 0.8)
        else:
            self._now = min(float(self._most), self._now + 1)
            self._known_good = max(self._known_good, self._now)

"""A token bucket as a value: how many may go now, at a rate that goes down when it is too much."""

from dataclasses import dataclass, replace

_SLOWER = 0.5
_FASTER_A_SECOND = 0.05
_LEAST_A_SECOND = 0.2
_BURST_S = 0.2
_ONCE_S = 1.0


@dataclass(frozen=True, slots=True)
class Bucket:
    """`most` a second as stated, `limit` as it is at the moment; None: none. `peak` is what was
    too much when it was slowed down. Instants are seconds, of one clock whichever it is."""

    most: float | None
    limit: float | None
    tokens: float
    at_s: float
    peak: float = 0.0
    slowed_at_s: float = 0.0

    @classmethod
    def full(cls, most: float | None, now_s: float) -> "Bucket":
        return cls(most, most, _burst(most), now_s)

    def filled(self, now_s: float) -> "Bucket":
        """With what time brought since."""
        passed_s = max(0.0, now_s - self.at_s)
        limit = self._recovered(passed_s)
        tokens = 0.0
        if limit is not None:
            tokens = min(_burst(limit), self.tokens + passed_s * limit)
        return replace(self, limit=limit, tokens=tokens, at_s=max(now_s, self.at_s))

    def available(self, wanted: int) -> int:
        """How many of `wanted` may go now."""
        return wanted if self.limit is None else max(0, min(wanted, int(self.tokens)))

    def taken(self, count: int) -> "Bucket":
        return self if self.limit is None else replace(self, tokens=self.tokens - count)

    def ready_at_s(self, wanted: int) -> float:
        """When it is worth while to ask again: one may go, or as many as are half of a burst."""
        if self.limit is None:
            return self.at_s
        enough = max(1.0, min(float(wanted), _burst(self.limit) / 2))
        return self.at_s + max(0.0, (enough - self.tokens) / self.limit)

    def slowed(self, now_s: float, asked: float) -> "Bucket":
        """After it was said to be too much, at `asked` a second. Once a second at most: answers
        to what went before say nothing new."""
        if self.limit != self.most and now_s - self.slowed_at_s < _ONCE_S:
            return self
        peak = min(self.limit or asked, max(asked, _LEAST_A_SECOND))
        limit = max(_LEAST_A_SECOND, peak * _SLOWER)
        return Bucket(self.most, limit, min(self.tokens, 0.0), now_s, peak, now_s)

    def _recovered(self, passed_s: float) -> float | None:
        """A twentieth of what was too much, each second; where nothing is stated the limit is
        lifted when twice of that was no longer too much."""
        if self.limit is None or self.limit == self.most:
            return self.limit
        faster = self.limit + passed_s * _FASTER_A_SECOND * max(self.peak, _LEAST_A_SECOND)
        if self.most is not None:
            return min(self.most, faster)
        return faster if faster < 2 * self.peak else None


def _burst(per_second: float | None) -> float:
    """What may go at once: a fifth of a second's worth, one at least."""
    return max(1.0, per_second * _BURST_S) if per_second else 0.0

"""Whether a destination takes starts: stops when it does not, finds out when it does again.

| what it answers               | it stops                            | first probe after          |
| ----------------------------- | ----------------------------------- | -------------------------- |
| token refused, plan limit     | at once                             | 5 s, doubling to 5 min     |
| too many requests             | at once                             | `Retry-After`, or as below |
| nothing, or that it is broken | after 5 in a row, or 10 of the last 20 | 1 s, doubling to 1 min  |

A probe is the next start that is due. When it is answered as by a platform that works, whatever it
says of that start, the destination goes on; else it waits for the next probe. A stop is of all
workers: one finds it, the store tells the others, and one of them sends the probe.
"""

from collections import deque
from dataclasses import dataclass, replace
from math import inf
from random import Random

from app.kit.backoff import spread
from app.kit.clock import Clock
from app.model.outcome import Outcome, OutcomeKind

_REFUSING = (OutcomeKind.TOKEN_REFUSED, OutcomeKind.PLAN_LIMIT)
_BROKEN = (
    OutcomeKind.TEMPORARY,
    OutcomeKind.NOT_SENT,
    OutcomeKind.IN_DOUBT,
    OutcomeKind.UNREADABLE,
)
_IN_A_ROW = 5
_REMEMBERED = 20
_LEAST = 10
_NO_RIGHTS = 403
_RECENT_S = 600.0
_PROBE_BASE_S = {OutcomeKind.TOKEN_REFUSED: 5.0, OutcomeKind.PLAN_LIMIT: 5.0}
_PROBE_CAP_S = {OutcomeKind.TOKEN_REFUSED: 300.0, OutcomeKind.PLAN_LIMIT: 300.0}


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a destination takes no starts. `since` and `probe_at` by the monotonic clock. `probes`
    were sent in vain; `is_of_probe`: the answer to one says so."""

    cause: OutcomeKind
    since: float
    probe_at: float
    probes: int = 0
    detail: str | None = None
    is_of_probe: bool = False


class Gate:
    def __init__(self, clock: Clock, rng: Random) -> None:
        self._clock = clock
        self._rng = rng
        self._last: deque[bool] = deque(maxlen=_REMEMBERED)
        self._accepted: dict[object, float] = {}
        self._is_probing = False
        self.stop: Stop | None = None

    @property
    def is_open(self) -> bool:
        return self.stop is None

    def room(self) -> int | None:
        """How many may be sent: None as many as there is room for elsewhere."""
        if self.stop is None:
            return None
        is_due = self._clock.monotonic() >= self.stop.probe_at
        return 1 if is_due and not self._is_probing else 0

    def ready_in_s(self) -> float:
        """Seconds until one may be sent; without end while a probe is under way."""
        if self.stop is None:
            return 0.0
        if self._is_probing:
            return inf
        return max(0.0, self.stop.probe_at - self._clock.monotonic())

    def begin_probe(self) -> None:
        """One is sent now."""
        self._is_probing = True

    def withdraw(self) -> None:
        """The probe was not sent after all."""
        self._is_probing = False

    def spares(self, outcome: Outcome, target: object, *, is_probe: bool) -> bool:
        """Whether a start must not pay for this answer, which is about the destination."""
        if outcome.kind is OutcomeKind.THROTTLED or self._refuses(outcome, target):
            return True
        return is_probe and outcome.kind in _BROKEN and not outcome.in_doubt

    def note(self, outcome: Outcome, target: object, *, is_probe: bool) -> None:
        """What a request was answered; `target` is what it was to start."""
        if is_probe:
            self._is_probing = False
        if outcome.kind is OutcomeKind.ACCEPTED:
            self._accepted[target] = self._clock.monotonic()
        if self.stop is not None:
            self._while_stopped(self.stop, outcome, target, is_probe=is_probe)
            return
        self._last.append(outcome.kind in _BROKEN)
        if self._is_stopping(outcome, target):
            self._stop(outcome, since=self._clock.monotonic())

    def adopt(self, stop: Stop | None) -> None:
        """As another worker found it."""
        if self.stop is not None and stop is None:
            self._last.clear()
        self.stop = stop

    def _while_stopped(
        self, stop: Stop, outcome: Outcome, target: object, *, is_probe: bool
    ) -> None:
        works = outcome.kind not in _BROKEN and outcome.kind is not OutcomeKind.THROTTLED
        works = works and not self._refuses(outcome, target)
        if is_probe and works:
            self.stop = None
            self._last.clear()
        elif is_probe:
            self._stop(outcome, probes=stop.probes + 1, since=stop.since)
        elif outcome.retry_after_s is not None:
            # Sent before the stop, answered after it.
            later = self._clock.monotonic() + spread(outcome.retry_after_s, rng=self._rng)
            probe_at = max(stop.probe_at, later)
            self.stop = replace(stop, probe_at=probe_at, is_of_probe=False)

    def _is_stopping(self, outcome: Outcome, target: object) -> bool:
        if outcome.kind is OutcomeKind.THROTTLED or self._refuses(outcome, target):
            return True
        row = list(self._last)[-_IN_A_ROW:]
        is_row = len(row) == _IN_A_ROW and all(row)
        is_half = len(self._last) >= _LEAST and sum(self._last) * 2 >= len(self._last)
        return outcome.kind in _BROKEN and (is_row or is_half)

    def _refuses(self, outcome: Outcome, target: object) -> bool:
        """A token may lack the rights to one scenario only: where others are accepted, the
        destination is not at fault."""
        if outcome.kind not in _REFUSING:
            return False
        if _NO_RIGHTS not in (outcome.altcraft_error, outcome.http_status):
            return True
        since = self._clock.monotonic() - _RECENT_S
        return not any(at > since for other, at in self._accepted.items() if other != target)

    def _stop(self, outcome: Outcome, *, since: float, probes: int = 0) -> None:
        base_s = _PROBE_BASE_S.get(outcome.kind, 1.0)
        cap_s = _PROBE_CAP_S.get(outcome.kind, 60.0)
        wait_s = min(cap_s, base_s * 2 ** min(probes, 16))
        wait_s = spread(max(wait_s, outcome.retry_after_s or 0.0), rng=self._rng)
        probe_at = self._clock.monotonic() + wait_s
        self.stop = Stop(outcome.kind, since, probe_at, probes, outcome.text, probes > 0)

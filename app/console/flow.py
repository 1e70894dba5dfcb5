"""What flowed in a range of time, in steps, from what was tallied."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from app.kit.light import light
from app.model.delivery import Ending
from app.model.outcome import OutcomeKind
from app.model.tally import TallyKind, TallySum
from app.observe.counts import TAKEN
from app.outbox import Outbox, TalliesAsked

_KindOf: TypeAlias = Callable[[str], int]
_KINDS = (TallyKind.CALL, TallyKind.ENDED)
_MOST_SUMS = 20_000
# Ends that a rule or an operator wanted.
_BY_RULE = (Ending.CANCELLED, Ending.COLLAPSED, Ending.OVER_LIMIT)
GOOD = OutcomeKind.ACCEPTED.value


@light
class Range:
    """`name` is that of its texts and in addresses."""

    name: str
    length: timedelta
    step_s: int


# What is older than three hours is kept by the hour.
RANGES = (
    Range("hour", timedelta(hours=1), 60),
    Range("day", timedelta(days=1), 3600),
    Range("week", timedelta(days=7), 4 * 3600),
)


@dataclass(slots=True)
class Line:
    """Of one source or destination: what counted as good, of less weight, and as bad, by step. Of a
    source: taken, ignored, refused; of a destination: started, other endings, dead letters."""

    good: list[int]
    mild: list[int]
    bad: list[int]
    labels: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return sum(self.good) + sum(self.mild) + sum(self.bad)

    @property
    def most(self) -> int:
        """In one step."""
        return max(map(sum, zip(self.good, self.mild, self.bad, strict=True)), default=0)


@dataclass(frozen=True, slots=True)
class Flow:
    """`calls` and `starts` of all; those of each are by name."""

    since: datetime
    until: datetime
    step_s: int
    calls: Line
    starts: Line
    sources: Mapping[str, Line]
    destinations: Mapping[str, Line]


async def flow(outbox: Outbox, shown: Range, now: datetime) -> Flow:
    """Raises StoreUnavailable."""
    step = timedelta(seconds=shown.step_s)
    until = datetime.fromtimestamp(
        (now.timestamp() // shown.step_s + 1) * shown.step_s, tz=now.tzinfo
    )
    since = until - shown.length
    asked = TalliesAsked(since, until, shown.step_s, _KINDS)
    sums = await outbox.tallies(asked, limit=_MOST_SUMS)
    return _Gathering(since, until, step).of(sums)


class _Gathering:
    def __init__(self, since: datetime, until: datetime, step: timedelta) -> None:
        self._since, self._until, self._step = since, until, step
        self._steps = round((until - since) / step)
        self._calls, self._starts = self._line(), self._line()
        self._sources: dict[str, Line] = {}
        self._destinations: dict[str, Line] = {}
        self._last_at, self._last = since, 0

    def of(self, sums: Sequence[TallySum]) -> Flow:
        for one in sums:
            match one.kind:
                case TallyKind.CALL:
                    self._add(one, self._calls, self._sources, _of_call)
                case TallyKind.ENDED:
                    self._add(one, self._starts, self._destinations, _of_ending)
                case TallyKind.ATTEMPT | TallyKind.RULE:
                    pass  # not asked for
        return Flow(
            self._since,
            self._until,
            int(self._step.total_seconds()),
            self._calls,
            self._starts,
            self._sources,
            self._destinations,
        )

    def _index(self, at: datetime) -> int:
        """Of the step. Many sums are of the same."""
        if at != self._last_at:
            self._last_at, self._last = at, int((at - self._since) / self._step)
        return self._last

    def _line(self) -> Line:
        return Line([0] * self._steps, [0] * self._steps, [0] * self._steps)

    def _add(self, one: TallySum, whole: Line, lines: dict[str, Line], kind_of: _KindOf) -> None:
        index = self._index(one.at)
        if not 0 <= index < self._steps:
            return
        if (own := lines.get(one.name)) is None:
            own = lines[one.name] = self._line()
        for line in (whole, own):
            series = (line.good, line.mild, line.bad)[kind_of(one.label)]
            series[index] += one.count
            line.labels[one.label] += one.count


def _of_call(label: str) -> int:
    if label not in TAKEN:
        return 2
    return 1 if label == "ignored" else 0


def _of_ending(label: str) -> int:
    if label == GOOD:
        return 0
    return 1 if label in _BY_RULE else 2

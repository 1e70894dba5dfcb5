"""Counts what a process does, for Prometheus and for the tally in the store.

For the way of every call: numbers in memory at places that are looked up once, where the objects of
prometheus_client, with their locks, cost seven times as much, and more when processes share them.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping

from app.observe.board import Board, Key
from app.observe.metrics import (
    ATTEMPTS,
    CALL_DURATION,
    CALLS,
    COMMIT_DURATION,
    COMMIT_SIZE,
    ENDED,
    IN_DOUBT,
    LATENCY,
    REFUSED,
    RELOADS,
    RULES,
    START_DURATION,
    WRITE_FAILURES,
    Metric,
)

UNKNOWN = "unknown"
"""Stands for what the configuration does not name: what a caller writes is never a label."""
TAKEN = ("accepted", "duplicate", "ignored", "answered")
_ON_THE_WAY_IN = TAKEN[:3]


def size_of(metric: Metric) -> int:
    """Numbers of one combination of labels: a histogram's are the sum and its steps."""
    return len(metric.bounds) + 2 if metric.bounds else 1


class _Source:
    __slots__ = ("duration", "name", "results")

    def __init__(self, name: str, duration: int) -> None:
        self.name = name
        self.duration = duration
        self.results: dict[str, int] = {}


class _Destination:
    __slots__ = ("doubts", "ends", "latency", "name", "outcomes", "start")

    def __init__(self, name: str, start: int, latency: int, doubts: int) -> None:
        self.name = name
        self.start = start
        self.latency = latency
        self.doubts = doubts
        self.outcomes: dict[str, int] = {}
        self.ends: dict[tuple[str, str], int] = {}


class Counts:
    """Used by the loop of its process, `commit` and `not_written` by its writer's thread.
    `number` is that of the process among those that share the board."""

    def __init__(self, board: Board | None = None, number: int = 0) -> None:
        self.board = board or Board.alone()
        self.slot = self.board.slots[number].open()
        self._numbers = self.slot.numbers
        self._sources: dict[str, _Source] = {}
        self._destinations: dict[str, _Destination] = {}
        self._rules: dict[str, int] = {}
        self._writes: dict[str, int] = {}
        self._commits = self._place(COMMIT_DURATION)
        self._reloads = {is_good: self._place(RELOADS, _said(is_good)) for is_good in (True, False)}
        self._unknown_source: _Source | None = None
        self._unknown_destination: _Destination | None = None

    def use(
        self, sources: Iterable[str], rules: Iterable[str], destinations: Iterable[str]
    ) -> None:
        """The names of a configuration, which count as 0 from now on. Those before stay: what they
        started is still under way."""
        for name in sources:
            of = self._sources.setdefault(name, self._source(name))
            for result in _ON_THE_WAY_IN:
                self._result(of, result)
        for name in rules:
            self._rules[name] = self._place(RULES, name)
        for name in destinations:
            to = self._destinations.setdefault(name, self._destination(name))
            self._outcome(to, "accepted")
            self._end(to, "done", "accepted")

    def call(self, source: str, result: str, seconds: float) -> None:
        """An answered call. `result` is one of TAKEN, else the slug of a problem."""
        of = self._sources.get(source) or self._of_unknown()
        at = of.results.get(result)
        if at is None:
            at = self._result(of, result)
        numbers = self._numbers
        numbers[at] += 1
        at = of.duration
        numbers[at] += seconds
        numbers[at + 1 + bisect_left(CALL_DURATION.bounds, seconds)] += 1

    def rule(self, name: str) -> None:
        """It held, and its start is stored."""
        at = self._rules.get(name)
        self._numbers[self._place(RULES, UNKNOWN) if at is None else at] += 1

    def request(self, destination: str, seconds: float) -> None:
        """To Altcraft, of one start or a batch."""
        self._observe(self._to(destination).start, START_DURATION, seconds)

    def attempt(self, destination: str, outcome: str, *, in_doubt: bool) -> None:
        to = self._to(destination)
        at = to.outcomes.get(outcome)
        self._numbers[self._outcome(to, outcome) if at is None else at] += 1
        if in_doubt:
            self._numbers[to.doubts] += 1

    def started(self, destination: str, seconds: float) -> None:
        """By Altcraft, so long after it was accepted."""
        self._observe(self._to(destination).latency, LATENCY, seconds)

    def ended(self, destination: str, state: str, outcome: str) -> None:
        to = self._to(destination)
        at = to.ends.get((state, outcome))
        self._numbers[self._end(to, state, outcome) if at is None else at] += 1

    def commit(self, writes: Mapping[str, int], seconds: float) -> None:
        """So many writes of these kinds are on disk."""
        self._observe(self._commits, COMMIT_DURATION, seconds)
        for write, count in writes.items():
            at = self._writes.get(write)
            if at is None:
                at = self._writes[write] = self._place(COMMIT_SIZE, write)
            self._observe(at, COMMIT_SIZE, count)

    def not_written(self, write: str, count: int = 1) -> None:
        self._numbers[self._place(WRITE_FAILURES, write)] += count

    def reloaded(self, *, is_good: bool) -> None:
        self._numbers[self._reloads[is_good]] += 1

    def _observe(self, at: int, metric: Metric, found: float) -> None:
        numbers = self._numbers
        numbers[at] += found
        numbers[at + 1 + bisect_left(metric.bounds, found)] += 1

    def _to(self, destination: str) -> _Destination:
        to = self._destinations.get(destination) or self._unknown_destination
        if to is None:
            to = self._unknown_destination = self._destination(UNKNOWN)
        return to

    def _of_unknown(self) -> _Source:
        if self._unknown_source is None:
            self._unknown_source = self._source(UNKNOWN)
        return self._unknown_source

    def _place(self, metric: Metric, *labels: str) -> int:
        given = tuple(str(label) for label in labels)
        return self.slot.place(Key(metric.name, given, size_of(metric)))

    def _source(self, name: str) -> _Source:
        return _Source(name, self._place(CALL_DURATION, name))

    def _destination(self, name: str) -> _Destination:
        start, latency = self._place(START_DURATION, name), self._place(LATENCY, name)
        return _Destination(name, start, latency, self._place(IN_DOUBT, name))

    def _result(self, of: _Source, result: str) -> int:
        metric = CALLS if result in TAKEN else REFUSED
        at = of.results[result] = self._place(metric, of.name, result)
        return at

    def _outcome(self, to: _Destination, outcome: str) -> int:
        at = to.outcomes[outcome] = self._place(ATTEMPTS, to.name, outcome)
        return at

    def _end(self, to: _Destination, state: str, outcome: str) -> int:
        at = to.ends[state, outcome] = self._place(ENDED, to.name, state, outcome)
        return at


def _said(is_good: bool) -> str:
    return "accepted" if is_good else "refused"

"""All metrics in the text format of Prometheus."""

import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import accumulate
from typing import TypeAlias

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from app.observe.board import Board, Key
from app.observe.counts import size_of
from app.observe.metrics import (
    BUILD,
    CONFIG,
    LOADED_AT,
    OF_THE_SERVICE,
    OLDEST,
    PAUSED,
    RELOAD_GOOD,
    STOPPED,
    WAITING,
    WRITABLE,
    Metric,
    MetricKind,
)

_Values: TypeAlias = "dict[tuple[str, ...], float]"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is not delivered yet of a destination, in one state. `oldest_at`: when the first of
    it was made."""

    destination: str
    state: str
    count: int
    oldest_at: datetime


@dataclass(frozen=True, slots=True)
class Situation:
    """What the store says at a moment. `stopped`: the cause by destination, of those that take no
    starts. `paused`: kinds of what operators paused, one for each."""

    at: datetime
    is_writable: bool
    destinations: Sequence[str]
    waiting: Sequence[Waiting]
    stopped: Mapping[str, str]
    paused: Sequence[str]


@dataclass(frozen=True, slots=True)
class InForce:
    """The program and its configuration. `is_latest`: no later content of the file was refused."""

    version: str
    revision: str
    loaded_at: datetime
    is_latest: bool


def exposition(situation: Situation, in_force: InForce, board: Board) -> bytes:
    """Made anew each time. What is counted is that of all processes that share the board."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(_of_the_store(situation)))
    registry.register(_Families(_of_the_process(in_force)))
    registry.register(_Families(_of_the_service(board)))
    registry.register(_Families(_processes(board)))
    return generate_latest(registry)


class _Families(Collector):
    def __init__(self, families: Iterable[Family]) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[Family]:
        return self._families


def _of_the_store(situation: Situation) -> Iterator[Family]:
    yield _gauge(WRITABLE, {(): situation.is_writable})
    kinds = situation.paused
    yield _gauge(PAUSED, {(kind,): kinds.count(kind) for kind in kinds})
    stopped: _Values = {}
    waiting: _Values = {}
    oldest: _Values = {}
    for name in situation.destinations:
        cause = situation.stopped.get(name)
        stopped[name, cause or "none"] = cause is not None
        of_it = [one for one in situation.waiting if one.destination == name]
        waiting[name, "pending"] = 0
        waiting |= {(name, one.state): one.count for one in of_it}
        ages = [(situation.at - one.oldest_at).total_seconds() for one in of_it]
        oldest[name,] = max([0.0, *ages])
    yield _gauge(STOPPED, stopped)
    yield _gauge(WAITING, waiting)
    yield _gauge(OLDEST, oldest)


def _of_the_process(in_force: InForce) -> Iterator[Family]:
    yield _gauge(BUILD, {(in_force.version, platform.python_version()): 1})
    yield _gauge(CONFIG, {(in_force.revision,): 1})
    yield _gauge(LOADED_AT, {(): in_force.loaded_at.timestamp()})
    yield _gauge(RELOAD_GOOD, {(): in_force.is_latest})


def _gauge(metric: Metric, values: Mapping[tuple[str, ...], float]) -> Family:
    family = GaugeMetricFamily(metric.name, metric.meaning, labels=metric.labels)
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family


def _of_the_service(board: Board) -> Iterator[Family]:
    counted = _added_up(board)
    for metric in OF_THE_SERVICE:
        of_it = {labels: found for (name, labels), found in counted.items() if name == metric.name}
        if metric.kind is MetricKind.HISTOGRAM:
            yield _histogram(metric, of_it)
        else:
            counter = CounterMetricFamily(metric.name, metric.meaning, labels=metric.labels)
            for labels, (value,) in sorted(of_it.items()):
                counter.add_metric(labels, value)
            yield counter


def _histogram(metric: Metric, found: Mapping[tuple[str, ...], Sequence[float]]) -> Family:
    ends = [*map(floatToGoString, metric.bounds), "+Inf"]
    family = HistogramMetricFamily(metric.name, metric.meaning, labels=metric.labels)
    for labels, (total, *steps) in sorted(found.items()):
        up_to = zip(ends, accumulate(steps), strict=True)
        family.add_metric(labels, buckets=list(up_to), sum_value=total)
    return family


def _added_up(board: Board) -> dict[tuple[str, tuple[str, ...]], list[float]]:
    """What another version of the program counts by other steps is left out."""
    sizes = {metric.name: size_of(metric) for metric in OF_THE_SERVICE}
    found: dict[tuple[str, tuple[str, ...]], list[float]] = {}
    for slot in board.slots:
        for key, at in slot.named():
            if sizes.get(key.metric) == key.size:
                _add(found, key, list(slot.numbers[at : at + key.size]))
    return found


def _add(
    found: dict[tuple[str, tuple[str, ...]], list[float]], key: Key, numbers: list[float]
) -> None:
    known = found.get((key.metric, key.labels))
    added = [a + b for a, b in zip(known, numbers, strict=True)] if known else numbers
    found[key.metric, key.labels] = added


def _processes(board: Board) -> Iterable[Family]:
    """As prometheus_client tells of one, each with its number: a sibling that starts anew must not
    look as if the first process had."""
    families: dict[str, Family] = {}
    for number, slot in enumerate(board.slots):
        if not slot.owner:
            continue
        one = ProcessCollector(pid=partial(int, slot.owner), registry=None)
        for family in one.collect():
            of_all = families.setdefault(
                family.name, Family(family.name, family.documentation, family.type)
            )
            for sample in family.samples:
                of_all.add_sample(sample.name, {"worker": str(number)}, sample.value)
    return families.values()

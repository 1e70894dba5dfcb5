"""Every metric by name, in the text format of Prometheus."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge, generate_latest

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
    stopped: dict[str, str]
    paused: Sequence[str]


def exposition(situation: Situation) -> bytes:
    """Made anew each time: it is the same from every process of a bridge."""
    registry = CollectorRegistry(auto_describe=False)
    writable = Gauge("bridge_store_writable", "1 when the store takes writes", registry=registry)
    writable.set(situation.is_writable)
    _destinations(situation, registry)
    _waiting(situation, registry)
    paused = Gauge("bridge_paused", "Paused by operators", ["kind"], registry=registry)
    for kind in situation.paused:
        paused.labels(kind).inc()
    return generate_latest(registry)


def _destinations(situation: Situation, registry: CollectorRegistry) -> None:
    stopped = Gauge(
        "bridge_destination_stopped",
        "1 when the destination takes no starts; cause is the outcome that stopped it",
        ["destination", "cause"],
        registry=registry,
    )
    for name in situation.destinations:
        cause = situation.stopped.get(name)
        stopped.labels(name, cause or "none").set(cause is not None)


def _waiting(situation: Situation, registry: CollectorRegistry) -> None:
    count = Gauge(
        "bridge_deliveries_waiting",
        "Deliveries that are not done, by state",
        ["destination", "state"],
        registry=registry,
    )
    oldest = Gauge(
        "bridge_oldest_waiting_seconds",
        "Age of the oldest delivery that is not done",
        ["destination"],
        registry=registry,
    )
    for name in situation.destinations:
        count.labels(name, "pending").set(0)
        of_it = [one for one in situation.waiting if one.destination == name]
        for one in of_it:
            count.labels(name, one.state).set(one.count)
        ages = [(situation.at - one.oldest_at).total_seconds() for one in of_it]
        oldest.labels(name).set(max([0.0, *ages]))

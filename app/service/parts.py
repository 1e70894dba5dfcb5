"""The parts of a process, opened and closed in order."""

import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass
from random import Random, SystemRandom
from typing import TYPE_CHECKING

from app.altcraft.client import Address, AltcraftClient
from app.altcraft.replies import meanings
from app.api.access import Desk
from app.api.health import Readiness
from app.config.settings import Settings
from app.delivery import RetryPolicy, Worker
from app.delivery.gate import Gate
from app.delivery.lane import Lane
from app.delivery.pace import Asked
from app.delivery.traces import NO_TRACES, Traces
from app.delivery.width import Width
from app.delivery.worker import WorkerLimits
from app.housekeeping import Housekeeper
from app.ingest.accept import Accepting, Acceptor
from app.ingest.calls import CallMaker, networks
from app.ingest.entry import Entry
from app.ingest.wait import Outcomes
from app.kit.clock import AdjustedClock, Clock, SystemClock
from app.kit.ids import new_id
from app.live import Scenarios
from app.outbox import Ages, Outbox, Pace
from app.revision import CurrentRevision, Revision
from app.revision.build import Platform
from app.service.roles import Role
from app.service.time import adjust, keep_time
from app.web.asgi import App

if TYPE_CHECKING:
    from app.tracing.tracing import Tracing  # its packages may be missing


@dataclass(frozen=True, slots=True)
class Parts:
    """`hooks` serves the calls: the entry, or what traces them around it."""

    outbox: Outbox
    entry: Entry | None
    hooks: App | None
    worker: Worker | None
    readiness: Readiness
    current: CurrentRevision
    desk: Desk
    chores: Mapping[str, Callable[[], Coroutine[None, None, None]]]
    """Go on until they are cancelled."""


@contextlib.asynccontextmanager
async def open_parts(
    settings: Settings,
    current: CurrentRevision,
    role: Role,
    tracing: "Tracing | None" = None,
) -> AsyncIterator[Parts]:
    """Raises StoreUnavailable and StoreAddressRefused."""
    base, rng = SystemClock(), SystemRandom()
    clock = AdjustedClock(base)
    async with Outbox.open(settings.database_url, clock=clock, rng=rng) as outbox:
        await adjust(clock, base, outbox)
        chores = {"keep time": lambda: keep_time(clock, base, outbox, rng)}
        if role.delivers:
            chores["keep house"] = _housekeeper(current, outbox, clock, rng).run
        store = outbox if tracing is None else tracing.store(outbox)
        entry = _entry(settings, current, outbox, store, clock, rng) if role.takes_calls else None
        hooks = _traced(entry, current, tracing)
        traces = NO_TRACES if tracing is None else tracing.attempts
        worker = _worker(current, outbox, clock, rng, traces) if role.delivers else None
        desk = Desk(outbox, current, Scenarios(clock), clock)
        yield Parts(outbox, entry, hooks, worker, Readiness(outbox, clock), current, desk, chores)


def _traced(entry: Entry | None, current: CurrentRevision, tracing: "Tracing | None") -> App | None:
    if entry is None or tracing is None:
        return entry
    return tracing.entry(entry, lambda name: name in current.revision.sources)


def _entry(
    settings: Settings,
    current: CurrentRevision,
    outbox: Outbox,
    store: Accepting,
    clock: Clock,
    rng: Random,
) -> Entry:
    return Entry(
        lambda: current.revision,
        Acceptor(store, clock),
        Outcomes(outbox, clock, rng),
        CallMaker(settings.public_url, networks(settings.trusted_proxies)),
        clock,
    )


def _worker(
    current: CurrentRevision, outbox: Outbox, clock: Clock, rng: Random, traces: Traces
) -> Worker:
    lanes, owner = _Lanes(clock, rng), f"worker-{new_id()}"
    worker = Worker(outbox, _limits(current.revision), clock, rng, owner=owner, traces=traces)

    def use(revision: Revision) -> None:
        worker.use(lanes.of(revision), _limits(revision))

    use(current.revision)
    current.listen(use)
    return worker


def _housekeeper(
    current: CurrentRevision, outbox: Outbox, clock: Clock, rng: Random
) -> Housekeeper:
    def ages() -> Ages:
        kept = current.revision.retention
        return Ages(events_s=kept.events, dead_s=kept.dead)

    return Housekeeper(outbox, ages, clock, rng, owner=f"housekeeper-{new_id()}")


def _limits(revision: Revision) -> WorkerLimits:
    given = revision.delivery
    return WorkerLimits(lease_s=given.lease, poll_s=given.poll, grace_s=given.grace)


class _Lanes:
    """Lanes to the platforms of a revision; a platform that did not change keeps its own, with
    its open connections and its pace."""

    def __init__(self, clock: Clock, rng: Random) -> None:
        self._clock = clock
        self._rng = rng
        self._made: dict[str, tuple[Platform, Lane]] = {}

    def of(self, revision: Revision) -> dict[str, Lane]:
        made = {}
        for name, platform in revision.platforms.items():
            known = self._made.get(name)
            is_same = known is not None and known[0] == platform
            made[name] = known if known and is_same else (platform, self._lane(platform))
        self._made = made
        return {name: lane for name, (_, lane) in made.items()}

    def _lane(self, platform: Platform) -> Lane:
        given = platform.settings
        address = Address(str(given.url), platform.token, given.timeout, given.concurrency)
        retry = given.retry
        return Lane(
            name=platform.name,
            client=AltcraftClient(address, meanings(given.outcomes), self._clock),
            pace=Pace(platform.name, given.rate),
            asked=Asked(self._clock),
            policy=RetryPolicy(retry.tries, retry.age, retry.base, retry.cap),
            width=Width(given.concurrency, self._clock),
            gate=Gate(self._clock, self._rng),
        )

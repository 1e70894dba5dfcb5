"""The parts of a process, opened and closed in order."""

import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass
from random import Random, SystemRandom
from typing import TYPE_CHECKING, TypeAlias

from app.altcraft.client import Address, AltcraftClient
from app.altcraft.replies import meanings
from app.api.health import Readiness
from app.concerns import concerns
from app.concerns.keep import Counter
from app.config.settings import Settings
from app.console.live import Live
from app.delivery import RetryPolicy, Worker
from app.delivery.gate import Gate
from app.delivery.lane import Lane
from app.delivery.pace import Asked
from app.delivery.traces import NO_TRACES, Traces
from app.delivery.width import Width
from app.delivery.worker import WorkerLimits
from app.desk.desk import Desk
from app.desk.trials import Trials
from app.housekeeping import Housekeeper
from app.ingest.accept import Accepting, Acceptor
from app.ingest.calls import CallMaker, networks
from app.ingest.entry import Entry
from app.ingest.unkept import Unkept
from app.ingest.wait import Outcomes
from app.kit.clock import AdjustedClock, Clock, SystemClock
from app.kit.ids import new_id
from app.live import Scenarios
from app.notices import Teller
from app.observe.counts import Counts
from app.outbox import Ages, Outbox, Pace
from app.revision import CurrentRevision, Revision
from app.revision.build import Platform
from app.service.roles import Role
from app.service.tallying import Tallying
from app.service.time import adjust, keep_time
from app.web.asgi import App

if TYPE_CHECKING:
    from app.tracing.tracing import Tracing  # its packages may be missing

Chore: TypeAlias = Callable[[], Coroutine[None, None, None]]


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
    live: Live
    chores: Mapping[str, Chore]
    """Go on until they are cancelled."""


@contextlib.asynccontextmanager
async def open_parts(
    settings: Settings,
    current: CurrentRevision,
    role: Role,
    counts: Counts,
    tracing: "Tracing | None" = None,
) -> AsyncIterator[Parts]:
    """Raises StoreUnavailable and StoreAddressRefused."""
    base, rng = SystemClock(), SystemRandom()
    clock = AdjustedClock(base)
    async with (
        Outbox.open(settings.database_url, clock=clock, rng=rng, counts=counts) as outbox,
        Trials.open() as trials,
    ):
        await adjust(clock, base, outbox)
        tallying = _tallying(current, outbox, counts, rng)
        live = Live(outbox, rng)
        chores: dict[str, Chore] = {
            "keep time": lambda: keep_time(clock, base, outbox, rng),
            "keep the tally": tallying.run,
            "tell pages": live.run,
            "tell people": _teller(current, outbox, clock, rng).run,
        }
        if role.delivers:
            chores["keep house"] = _housekeeper(current, outbox, clock, rng).run
            chores["look through problems"] = Counter(outbox, rng, owner=f"problems-{new_id()}").run
        entry = None
        if role.takes_calls:
            unkept = Unkept(outbox, clock, rng)
            chores["note what is not kept"] = unkept.run
            store = outbox if tracing is None else tracing.store(outbox)
            entry = _entry(settings, current, outbox, store, clock, rng, unkept, counts)
        hooks = _traced(entry, current, tracing)
        traces = NO_TRACES if tracing is None else tracing.attempts
        worker = _worker(current, outbox, clock, rng, counts, traces) if role.delivers else None
        desk = Desk(outbox, current, Scenarios(clock), clock, counts, trials)
        readiness = Readiness(outbox, clock)
        try:
            yield Parts(outbox, entry, hooks, worker, readiness, current, desk, live, chores)
        finally:
            await tallying.last()


def _tallying(current: CurrentRevision, outbox: Outbox, counts: Counts, rng: Random) -> Tallying:
    def use(revision: Revision) -> None:
        rules = [rule.name for rule in revision.rules.all]
        counts.use(revision.sources, rules, revision.destinations)

    use(current.revision)
    current.listen(use)
    return Tallying(outbox, counts, rng)


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
    unkept: Unkept,
    counts: Counts,
) -> Entry:
    return Entry(
        lambda: current.revision,
        Acceptor(store, clock),
        Outcomes(outbox, clock, rng),
        CallMaker(settings.public_url, networks(settings.trusted_proxies)),
        clock,
        unkept,
        counts,
    )


def _worker(
    current: CurrentRevision,
    outbox: Outbox,
    clock: Clock,
    rng: Random,
    counts: Counts,
    traces: Traces,
) -> Worker:
    lanes, owner = _Lanes(clock, rng), f"worker-{new_id()}"
    worker = Worker(
        outbox,
        _limits(current.revision),
        clock,
        rng,
        owner=owner,
        counts=counts,
        traces=traces,
    )

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


def _teller(current: CurrentRevision, outbox: Outbox, clock: Clock, rng: Random) -> Teller:
    return Teller(
        outbox,
        lambda: current.revision.channels,
        lambda: concerns(outbox, current, clock),
        clock,
        rng,
        owner=f"notices-{new_id()}",
    )


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

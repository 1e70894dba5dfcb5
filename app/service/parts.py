"""The parts of a process, opened and closed in order."""

import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass
from random import Random, SystemRandom

from app.altcraft.client import Address, AltcraftClient
from app.altcraft.replies import meanings
from app.api.access import Desk
from app.api.health import Readiness
from app.config.settings import Settings
from app.delivery import RetryPolicy, Worker
from app.delivery.gate import Gate
from app.delivery.lane import Lane
from app.delivery.pace import Asked
from app.delivery.width import Width
from app.delivery.worker import WorkerLimits
from app.housekeeping import Housekeeper
from app.ingest.accept import Acceptor
from app.ingest.calls import CallMaker, networks
from app.ingest.entry import Entry
from app.ingest.intake import Intake
from app.ingest.short_way import ShortWay
from app.ingest.wait import Outcomes
from app.kit.clock import AdjustedClock, Clock, SystemClock
from app.kit.ids import new_id
from app.live import Scenarios
from app.outbox import Ages, Outbox, Pace
from app.revision import CurrentRevision, Revision
from app.revision.build import Platform
from app.service.roles import Role
from app.service.time import adjust, keep_time


@dataclass(frozen=True, slots=True)
class Parts:
    outbox: Outbox
    entry: Entry | None
    short_way: ShortWay | None
    worker: Worker | None
    readiness: Readiness
    current: CurrentRevision
    desk: Desk
    chores: Mapping[str, Callable[[], Coroutine[None, None, None]]]
    """Go on until they are cancelled."""


@contextlib.asynccontextmanager
async def open_parts(
    settings: Settings, current: CurrentRevision, role: Role
) -> AsyncIterator[Parts]:
    """Raises StoreUnavailable and StoreAddressRefused."""
    base, rng = SystemClock(), SystemRandom()
    clock = AdjustedClock(base)
    async with Outbox.open(settings.database_url, clock=clock, rng=rng) as outbox:
        await adjust(clock, base, outbox)
        chores = {"keep time": lambda: keep_time(clock, base, outbox, rng)}
        if role.delivers:
            chores["keep house"] = _housekeeper(current, outbox, clock, rng).run
        entry, short_way = None, None
        if role.takes_calls:
            entry, short_way = _ways_in(settings, current, outbox, clock, rng)
        worker = _worker(current, outbox, clock, rng) if role.delivers else None
        desk = Desk(outbox, current, Scenarios(clock), clock)
        yield Parts(
            outbox, entry, short_way, worker, Readiness(outbox, clock), current, desk, chores
        )


def _ways_in(
    settings: Settings, current: CurrentRevision, outbox: Outbox, clock: Clock, rng: Random
) -> tuple[Entry, ShortWay]:
    acceptor = Acceptor(outbox)
    intake = Intake(lambda: current.revision, acceptor)
    maker = CallMaker(settings.public_url, networks(settings.trusted_proxies))
    outcomes = Outcomes(outbox, clock, rng)
    return (
        Entry(intake, acceptor, outcomes, maker, clock),
        ShortWay(intake, acceptor, maker, clock),
    )


def _worker(current: CurrentRevision, outbox: Outbox, clock: Clock, rng: Random) -> Worker:
    lanes = _Lanes(clock, rng)
    worker = Worker(outbox, _limits(current.revision), clock, rng, owner=f"worker-{new_id()}")

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

"""The worker, with a lane to each platform."""

from random import Random

from app.altcraft.client import Address, AltcraftClient
from app.altcraft.replies import meanings
from app.delivery import RetryPolicy, Worker
from app.delivery.gate import Gate
from app.delivery.lane import Lane
from app.delivery.pace import Asked
from app.delivery.traces import NO_TRACES
from app.delivery.width import Width
from app.delivery.worker import WorkerLimits
from app.kit.clock import Clock
from app.kit.ids import new_id
from app.outbox import Pace
from app.revision import Revision
from app.revision.build import Platform
from app.service.ground import Ground


def worker_of(on: Ground) -> Worker:
    """Goes on with each new revision."""
    lanes = _Lanes(on.clock, on.rng)
    worker = Worker(
        on.outbox,
        _limits(on.current.revision),
        on.clock,
        on.rng,
        owner=f"worker-{new_id()}",
        counts=on.counts,
        traces=NO_TRACES if on.tracing is None else on.tracing.attempts,
    )

    def use(revision: Revision) -> None:
        worker.use(lanes.of(revision), _limits(revision))

    use(on.current.revision)
    on.current.listen(use)
    return worker


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

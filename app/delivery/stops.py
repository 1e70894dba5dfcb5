"""Makes known that a destination stopped or goes on: to the log, and by the store to everybody."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

import structlog

from app.delivery.gate import Stop
from app.delivery.lane import Lane
from app.delivery.store import Store
from app.kit.clock import Clock
from app.model.outcome import OutcomeKind
from app.outbox import Stoppage

_log = structlog.get_logger()
_A_PERSON_MUST_ACT = (OutcomeKind.TOKEN_REFUSED, OutcomeKind.PLAN_LIMIT)


class Stops:
    """Each change once, however often it is asked."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[str, Stop] = {}

    async def restore(self, lanes: Sequence[Lane]) -> None:
        """As the workers before left them, to be tried again at once by one start."""
        names = [lane.name for lane in lanes]
        await self._store.probe_soon(names)
        left = {stoppage.destination: stoppage for stoppage in await self._store.stoppages()}
        for lane in lanes:
            self.learn(lane, left.pop(lane.name, None))
        if left:
            # Of destinations that are configured no more.
            await self._store.put_stoppages([], list(left))

    async def look(self, lanes: Sequence[Lane]) -> None:
        """Whether another worker's probe has ended what stopped here."""
        stopped = [lane for lane in lanes if lane.gate.stop is not None]
        if stopped:
            found = {stoppage.destination: stoppage for stoppage in await self._store.stoppages()}
            for lane in stopped:
                self.learn(lane, found.get(lane.name))

    def learn(self, lane: Lane, found: Stoppage | None) -> None:
        """What the store says of it; what it is not told yet is newer than that."""
        if lane.gate.stop != self._known.get(lane.name):
            return
        known = self._known.pop(lane.name, None)
        if found is not None:
            stop = self._stop(found)
            self._known[lane.name] = stop
            lane.gate.adopt(stop)
        elif known is not None:
            lane.gate.adopt(None)
            _log.info("destination.goes_on", destination=lane.name, after=known.cause)

    async def tell(self, lanes: Iterable[Lane]) -> None:
        """Raises StoreUnavailable; what is not told then is told the next time."""
        now = {lane.name: lane.gate.stop for lane in lanes}
        gone = [name for name in self._known if now.get(name) is None]
        stopped = {n: s for n, s in now.items() if s is not None and s != self._known.get(n)}
        if not stopped and not gone:
            return
        await self._store.put_stoppages(
            [self._stoppage(name, stop) for name, stop in stopped.items()], gone
        )
        for name, stop in stopped.items():
            _tell_stop(name, stop, is_new=name not in self._known)
        for name in gone:
            _log.warning("destination.goes_on", destination=name, after=self._known[name].cause)
        self._known = {name: stop for name, stop in now.items() if stop is not None}

    def _stoppage(self, name: str, stop: Stop) -> Stoppage:
        now, monotonic = self._clock.now(), self._clock.monotonic()
        return Stoppage(
            destination=name,
            cause=stop.cause.value,
            since=now - timedelta(seconds=monotonic - stop.since),
            probe_at=now + timedelta(seconds=stop.probe_at - monotonic),
            detail=stop.detail,
            probes=stop.probes,
            is_of_probe=stop.is_of_probe,
        )

    def _stop(self, stoppage: Stoppage) -> Stop:
        now, monotonic = self._clock.now(), self._clock.monotonic()
        return Stop(
            cause=_cause(stoppage.cause),
            since=monotonic - (now - stoppage.since).total_seconds(),
            probe_at=monotonic + (stoppage.probe_at - now).total_seconds(),
            probes=stoppage.probes,
            detail=stoppage.detail,
        )


def _cause(text: str) -> OutcomeKind:
    try:
        return OutcomeKind(text)
    except ValueError:
        # Left by another version, which knew of more.
        return OutcomeKind.TEMPORARY


def _tell_stop(name: str, stop: Stop, *, is_new: bool) -> None:
    log = _log.error if stop.cause in _A_PERSON_MUST_ACT else _log.warning
    log(
        "destination.stopped" if is_new else "destination.probe_failed",
        destination=name,
        cause=stop.cause.value,
        detail=stop.detail,
        probes=stop.probes,
    )

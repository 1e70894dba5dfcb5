"""The outbox: each public method is one transaction."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from random import Random, SystemRandom
from typing import TypeVar

import structlog
from sqlalchemy import Connection, text

from app.kit.clock import Clock
from app.model.delivery import Attempt, Delivery, DeliveryId
from app.model.event import Event, EventId
from app.model.operator import Operator, Token
from app.model.problem import Cause, Problem, ProblemState
from app.model.tally import Tally, TallyKind, TallySum
from app.model.unkept import UnkeptCall
from app.observe.counts import Counts
from app.outbox import (
    acts,
    claims,
    duty,
    endings,
    forget,
    history,
    notices,
    operate,
    pauses,
    problem_list,
    problems,
    reach,
    refusals,
    retention,
    stoppages,
    tally,
    tokens,
)
from app.outbox.accept import Acceptance, Accepted, Duplicate, accepting
from app.outbox.acts import Act, ActId
from app.outbox.address import is_sqlite, store_place
from app.outbox.claims import CLAIM, Claimed, ClaimRequest, Hold, Share
from app.outbox.courier import Courier
from app.outbox.dialect import server_time
from app.outbox.engine import async_engine
from app.outbox.errors import StoreUnavailable
from app.outbox.forget import Forgotten
from app.outbox.history import (
    Backlog,
    Count,
    DeliveryFilter,
    EventFilter,
    Pulse,
    RecentCall,
    Started,
)
from app.outbox.migrations import is_current
from app.outbox.notices import Audience, NoticeClaim
from app.outbox.operate import Repeat
from app.outbox.pace import Pace, slow_down
from app.outbox.pauses import Pause, PauseKind
from app.outbox.people import PersonName, derived_key, digest_of, person_key
from app.outbox.problem_list import ProblemFilter
from app.outbox.reach import CountedDeliveries, Look
from app.outbox.retention import Ages, Past, Purged
from app.outbox.rows import instant
from app.outbox.settle import SETTLE, Settlement
from app.outbox.size import Size, shrink, size
from app.outbox.stoppages import Stoppage
from app.outbox.tally import TalliesAsked
from app.outbox.transactions import Transactions, reading
from app.outbox.wakeup import Wakeup
from app.outbox.writer import Told, Write, Writer, WriterLimits
from app.outbox.writing import migrate, writing

_log = structlog.get_logger()
T = TypeVar("T")
_READ_LIMIT_S = 30.0
# By an index, and a worker or a keeper waits for it.
_LOOK_LIMIT_S = 10.0
_PROBE_LIMIT_S = 2.0
# Long: what is claimed after nobody waits for it any more is held until its lease is over.
_CLAIM_LIMIT_S = 60.0


def _probe(connection: Connection, asked: Sequence[None]) -> Sequence[None]:
    connection.execute(text("UPDATE alembic_version SET version_num = version_num"))
    return asked


_PROBE: Write[None, None] = Write("probe", _probe)


class Outbox:
    """Every method raises StoreUnavailable when the store can't do it now."""

    def __init__(
        self,
        writer: Writer,
        reads: Transactions,
        clock: Clock,
        person_key: bytes,
    ) -> None:
        self._writer = writer
        self._accept = accepting(person_key, self._notify)
        self._person_key = person_key
        self._reads = reads
        self._clock = clock
        self.wakeup = Wakeup()

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        url: str,
        *,
        clock: Clock,
        rng: Random | None = None,
        writer: WriterLimits | None = None,
        counts: Counts | None = None,
    ) -> AsyncIterator["Outbox"]:
        """Brings the tables up to date first. At the end what waits to be written is written.

        Raises StoreUnavailable, StoreAddressRefused.
        """
        limits, counts = writer or WriterLimits(), counts or Counts()
        async with writing(url, limits, counts) as writes, reading(url) as reads:
            try:
                if not await reads.run(is_current):
                    await migrate(url, writes)
                key = await reads.run(person_key)
            except StoreUnavailable as error:
                where = f"{store_place(url)} (BRIDGE_DATABASE_URL)"
                raise StoreUnavailable(f"{error}; it is {where}") from error
            outbox = cls(writes, reads, clock, key)
            async with _told(outbox.wakeup, url, rng or SystemRandom()):
                yield outbox

    async def accept(
        self, acceptances: Sequence[Acceptance], *, limit_s: float = 5.0
    ) -> list[Accepted | Duplicate]:
        """All of them or none, in a commit that is shared with whoever waits at the moment."""
        return await self._writer.write(self._accept, acceptances, limit_s=limit_s)

    def put(
        self,
        acceptances: Sequence[Acceptance],
        told: Told[list[Accepted | Duplicate]],
        *,
        limit_s: float,
    ) -> None:
        """As `accept`, for who does not await it: `told` is called later, with the results or
        the error."""
        self._writer.put(self._accept, acceptances, told, limit_s=limit_s)

    def _notify(self, accepted: Sequence[Sequence[Acceptance]]) -> None:
        if any(acceptance.deliveries for acceptances in accepted for acceptance in acceptances):
            self.wakeup.notify()

    async def settle(
        self, settlements: Sequence[Settlement], *, limit_s: float = 10.0
    ) -> Sequence[bool]:
        """All in one commit. False of what is no longer ours: somebody else decides then."""
        return await self._writer.write(SETTLE, settlements, limit_s=limit_s)

    async def claim(
        self,
        *,
        owner: str,
        pace: Pace,
        room: int,
        lease_s: float,
        share: Share,
        limit_s: float = _CLAIM_LIMIT_S,
    ) -> Claimed:
        """What is due, of each flow the longest due first, for up to `room` requests, held by
        `owner` for `lease_s` seconds; as many as the pace of all workers together allows, and
        where the destination is stopped only a probe. What is too old, paused or not to go yet is
        put where it belongs on the way."""
        hold = Hold(owner, self._clock.now(), lease_s)
        request = ClaimRequest(hold, pace, room, share)
        return await self._writer.write(CLAIM, request, limit_s=limit_s)

    async def expire(self, *, limit: int = 500) -> list[Delivery]:
        """A step of ending what is older than it may be."""
        now = self._clock.now()
        return await self._writer.run(lambda c: endings.expire(c, now, limit))

    async def renew(
        self, ids: Sequence[DeliveryId], *, owner: str, lease_s: float
    ) -> list[DeliveryId]:
        """Those that `owner` still holds, now for `lease_s` seconds more."""
        hold = Hold(owner, self._clock.now(), lease_s)
        return await self._writer.run(lambda c: claims.renew(c, ids, hold))

    async def take_expired(self, *, owner: str, limit: int, lease_s: float) -> list[Delivery]:
        """Deliveries of workers that were lost, now held by `owner`: each may have been sent."""
        hold = Hold(owner, self._clock.now(), lease_s)
        return await self._writer.run(lambda c: claims.take_expired(c, hold, limit))

    async def repeat(
        self, repeats: Sequence[Repeat], act: Act, *, again: bool = False
    ) -> list[DeliveryId]:
        """A step of a replay: the new deliveries that were added (see `operate.repeat`)."""
        key = self._person_key
        added = await self._writer.run(lambda c: operate.repeat(c, repeats, act, key, again=again))
        self.wakeup.notify()
        return added

    async def add(self, fresh: Sequence[Delivery], act: Act) -> list[DeliveryId]:
        """A step: new deliveries of events that exist (see `operate.add`)."""
        key = self._person_key
        added = await self._writer.run(lambda c: operate.add(c, fresh, act, key))
        self.wakeup.notify()
        return added

    async def cancel(self, wanted: DeliveryFilter, act: Act) -> int:
        """What waits becomes a dead letter: how many it was."""
        now, count = self._clock.now(), 0
        while step := await self._writer.run(lambda c: operate.cancel(c, wanted, act, now)):
            count += step
        return count

    async def cancel_some(self, wanted: DeliveryFilter, act: Act) -> int:
        """A step of `cancel`: 0 at the end."""
        now = self._clock.now()
        return await self._writer.run(lambda c: operate.cancel(c, wanted, act, now))

    async def forget(
        self, names: Sequence[PersonName], act: Act | None, *, after: str = "", steps: int = 1
    ) -> Forgotten:
        """Erases the data of the person so named, `steps` steps at most; without an act it only
        counts. See `forget.py`."""
        total = Forgotten(after=after)
        for _ in range(steps):
            if total.after is None:
                break
            total = total.plus(await self._forget_some(names, act, total.after))
        return total

    async def _forget_some(
        self, names: Sequence[PersonName], act: Act | None, after: str
    ) -> Forgotten:
        key, now = self._person_key, self._clock.now()
        found = await self._read(lambda c: forget.find(c, key, names, after))
        if act is None:
            return await self._read(lambda c: forget.count(c, found))
        found = await self._read(lambda c: forget.with_keys(c, found))
        return await self._writer.run(lambda c: forget.erase(c, key, found, act, now))

    async def pauses(self) -> list[Pause]:
        return await self._read(pauses.pauses)

    async def pause(self, pause: Pause, act: Act) -> bool:
        """False when it is paused already."""
        return await self._writer.run(lambda c: _recorded(c, act, pauses.begin(c, pause)))

    async def resume(self, kind: PauseKind, name: str, act: Act) -> bool:
        """False when it is not paused. What it held up goes on, in steps."""
        was_paused = await self.end_pause(kind, name, act)
        while await self.let_go():
            pass
        return was_paused

    async def end_pause(self, kind: PauseKind, name: str, act: Act) -> bool:
        """False when it is not paused. What it held up waits for `let_go`."""
        return await self._writer.run(lambda c: _recorded(c, act, pauses.end(c, kind, name)))

    async def let_go(self) -> int:
        """A step of giving back what no pause holds up any more: 0 at the end."""
        count = await self._writer.run(pauses.let_go)
        self.wakeup.notify()
        return count

    async def stoppages(self) -> list[Stoppage]:
        return await self._read(stoppages.stoppages)

    async def put_stoppages(self, found: Sequence[Stoppage], gone: Sequence[str]) -> None:
        """These hold now; those of the destinations in `gone` no more."""
        await self._writer.run(lambda c: stoppages.put_all(c, found, gone))

    async def probe_soon(self, destinations: Sequence[str]) -> None:
        """Those of them that are stopped are tried again at once."""
        now = self._clock.now()
        await self._writer.run(lambda c: stoppages.probe_soon(c, destinations, now))

    async def slow_down(self, pace: Pace, asked: float) -> None:
        """The destination said that it was asked too often, when one worker asked so often."""
        now = self._clock.now()
        await self._writer.run(lambda c: slow_down(c, pace, asked, now))

    async def time(self) -> datetime | None:
        """Of the server that all processes share; None: there is none."""
        return await self._read(server_time)

    async def on_duty(self, name: str, *, owner: str, lasts_s: float) -> bool:
        """True for one process at a time, until it does not ask again for `lasts_s` seconds."""
        now = self._clock.now()
        return await self._writer.run(lambda c: duty.take(c, name, owner, now, lasts_s))

    async def purge(self, ages: Ages, after: EventId | None, *, limit: int) -> Purged:
        """A step of letting go what is past (see `retention.purge`)."""
        now = self._clock.now()
        key = self._person_key
        return await self._writer.run(lambda c: retention.purge(c, ages, after, now, key, limit))

    async def purge_refusals(self, age_s: float) -> int:
        """Forgets the calls that left no event and are older: how many."""
        before = self._clock.now() - timedelta(seconds=age_s)
        return await self._writer.run(lambda c: refusals.purge(c, before))

    async def purge_keys(self, ages: Ages, *, limit: int) -> int:
        """A step of forgetting deduplication keys: how many."""
        now = self._clock.now()
        return await self._writer.run(lambda c: retention.purge_keys(c, ages, now, limit))

    async def add_tallies(self, tallies: Sequence[Tally]) -> None:
        """To what was counted in this minute."""
        now = self._clock.now()
        await self._writer.run(lambda c: tally.add(c, tallies, now))

    async def tallies(self, asked: TalliesAsked, *, limit: int) -> list[TallySum]:
        """Sums by step, kind, name and label, the earliest first: `limit` at most."""
        return await self._read(lambda c: tally.tallies(c, asked, limit))

    async def totals(self, since: datetime, kind: TallyKind, *, limit: int) -> list[TallySum]:
        """What was counted since then, this minute with it."""
        until = self._clock.now() + timedelta(minutes=1)
        return await self.tallies(TalliesAsked(since, until, kinds=(kind,)), limit=limit)

    async def roll_up_tallies(self) -> int:
        """A step of putting minutes that are long past into their hours: 0 at the end."""
        now = self._clock.now()
        return await self._writer.run(lambda c: tally.roll_up(c, now))

    async def purge_tallies(self, ages: Ages) -> int:
        """A step of letting go what was counted too long ago: 0 at the end."""
        now = self._clock.now()
        return await self._writer.run(lambda c: tally.purge(c, ages, now))

    async def shrink(self, *, pages: int) -> int:
        """A step of giving free pages of a SQLite file back to the disk: how many are left."""
        return await self._writer.run(lambda c: shrink(c, pages))

    async def past(self, ages: Ages) -> Past:
        """What `purge` would let go, counted."""
        now = self._clock.now()
        return await self._read(lambda c: retention.past(c, ages, now))

    async def oldest(self) -> datetime | None:
        """When the first event that is kept was received."""
        found = await self._read(lambda c: c.execute(history.OLDEST).scalar())
        return None if found is None else instant(found)

    async def size(self) -> Size:
        return await self._read(size)

    async def record(self, act: Act, count: int) -> None:
        await self._writer.run(lambda c: acts.record(c, act, count))

    async def probe(self) -> None:
        """Proves that the store takes a write the way that calls go, and leaves none."""
        await self._writer.write(_PROBE, None, limit_s=_PROBE_LIMIT_S)

    async def has_late(self) -> bool:
        """Whether something that waits is older than it may be."""
        query = endings.late(self._clock.now(), 1)
        return await self._read(lambda c: c.execute(query).first() is not None, _LOOK_LIMIT_S)

    async def has_expired(self) -> bool:
        query = claims.expired(self._clock.now(), 1)
        return await self._read(lambda c: c.execute(query).first() is not None, _LOOK_LIMIT_S)

    async def next_due_at(self, destination: str) -> datetime | None:
        """A look without a lock, so that an idle worker never makes a writer wait."""
        return await self._read(lambda c: claims.next_due_at(c, destination), _LOOK_LIMIT_S)

    async def event(self, event_id: EventId) -> Event | None:
        return await self._read(lambda c: history.event(c, event_id))

    async def events(self, wanted: EventFilter, *, limit: int) -> list[Event]:
        return await self._read(lambda c: history.events(c, wanted, limit))

    async def delivery(self, delivery_id: DeliveryId) -> Delivery | None:
        return await self._read(lambda c: history.delivery(c, delivery_id))

    async def deliveries(self, wanted: DeliveryFilter, *, limit: int) -> list[Delivery]:
        return await self._read(lambda c: history.deliveries(c, wanted, limit))

    async def last_made(self, rules: Sequence[str]) -> dict[str, datetime]:
        """When each of them started something last; those that never did are left out."""
        return await self._read(lambda c: history.last_made(c, rules))

    async def attempts(self, delivery_id: DeliveryId) -> list[Attempt]:
        return await self._read(lambda c: history.attempts(c, delivery_id))

    async def put_refusals(self, found: Sequence[UnkeptCall]) -> None:
        """Calls that left no event; of each source the last few stay."""
        await self._writer.run(lambda c: refusals.put(c, found))

    async def refusals(self, source: str, *, since: datetime | None = None) -> list[UnkeptCall]:
        """The newest first."""
        return await self._read(lambda c: refusals.refusals(c, source, since))

    async def refused(self) -> Mapping[str, int]:
        """How many calls that were refused are still known of, by source."""
        return await self._read(refusals.refused)

    async def recent_calls(
        self, sources: Sequence[str], *, limit: int
    ) -> Mapping[str, list[RecentCall]]:
        """Of each source the last events, the newest first."""
        return await self._read(lambda c: history.recent_calls(c, sources, limit))

    async def look_at_events(self, wanted: EventFilter, *, limit: int) -> Look[Event]:
        """A page of the newest, at a bounded cost whatever is wanted (see `reach`)."""
        return await self._read(lambda c: reach.look_at_events(c, wanted, limit))

    async def look_at_deliveries(self, wanted: DeliveryFilter, *, limit: int) -> Look[Delivery]:
        """As `look_at_events`."""
        return await self._read(lambda c: reach.look_at_deliveries(c, wanted, limit))

    async def attempts_of(
        self, ids: Sequence[DeliveryId], *, limit: int
    ) -> dict[DeliveryId, list[Attempt]]:
        """Of several deliveries."""
        return await self._read(lambda c: history.attempts_of(c, ids, limit))

    async def started(self, ids: Sequence[EventId]) -> list[Started]:
        """What became of some events."""
        return await self._read(lambda c: history.started(c, ids))

    async def counts(self, wanted: DeliveryFilter) -> list[Count]:
        """Of all: as many rows are read as it counts, and more where no index finds them."""
        return await self._read(lambda c: history.counts(c, wanted))

    async def count_deliveries(self, wanted: DeliveryFilter, *, most: int) -> CountedDeliveries:
        """Up to `most`, at a bounded cost whatever is wanted (see `reach`)."""
        return await self._read(lambda c: reach.count_deliveries(c, wanted, most))

    async def acts(self, *, before: ActId | None = None, limit: int) -> list[Act]:
        return await self._read(lambda c: acts.acts(c, before, limit))

    async def act(self, act_id: ActId) -> Act | None:
        return await self._read(lambda c: acts.act(c, act_id))

    async def problems(self, wanted: ProblemFilter, *, limit: int) -> list[Problem]:
        return await self._read(lambda c: problem_list.problems(c, wanted, limit))

    async def problem(self, cause: Cause) -> Problem | None:
        return await self._read(lambda c: problem_list.problem(c, cause))

    async def set_state(
        self, cause: Cause, state: ProblemState, act: Act, *, note: str | None = None
    ) -> bool:
        """False when that can't be (see `problems.set_state`)."""
        return await self._writer.run(lambda c: problems.set_state(c, cause, state, act, note))

    async def look_through(self, cause: Cause) -> bool:
        """Finds out whom a problem met: of up to so many of its dead letters. False when that is
        known already."""
        looked = await self._read(lambda c: problem_list.look(c, cause))
        if looked is None:
            return False
        now = self._clock.now()

        def keep(connection: Connection) -> bool:
            is_kept = problem_list.keep(connection, looked)
            problems.resolve_empty(connection, cause, now)
            return is_kept

        return await self._writer.run(keep)

    async def count_problems_again(self) -> int:
        """Holds their numbers against the dead letters there are: how many were wrong."""
        found = await self._read(problem_list.miscounted)
        if found:
            now = self._clock.now()
            await self._writer.run(lambda c: problems.put_right(c, found, now))
        return len(found)

    async def has_changed_problems(self) -> bool:
        """Whether there is one to be looked through."""
        return bool(await self._read(lambda c: problem_list.stale(c, 1)))

    async def look_through_some(self, *, limit: int) -> int:
        """A step of it, for the problems that changed: how many."""
        stale = await self._read(lambda c: problem_list.stale(c, limit))
        return sum([await self.look_through(cause) for cause in stale])

    async def claim_notices(
        self, audiences: Sequence[Audience], *, lease_s: float
    ) -> list[NoticeClaim]:
        """What is to be told now, by this process."""
        now = self._clock.now()
        return await self._writer.run(lambda c: notices.claim(c, audiences, now, lease_s))

    async def notices_sent(self, claims: Sequence[NoticeClaim]) -> None:
        now = self._clock.now()
        await self._writer.run(lambda c: notices.sent(c, claims, now))

    async def put_off_notices(self, claims: Sequence[NoticeClaim], *, wait_s: float) -> None:
        until = self._clock.now() + timedelta(seconds=wait_s)
        await self._writer.run(lambda c: notices.put_off(c, claims, until))

    async def make_token(self, token: Token, digest: bytes, act: Act) -> bool:
        """False when there is one of this name."""
        return await self._writer.run(lambda c: _recorded(c, act, tokens.make(c, token, digest)))

    async def revoke_token(self, name: str, act: Act) -> bool:
        """False when there is none of this name."""
        return await self._writer.run(lambda c: _recorded(c, act, tokens.revoke(c, name)))

    async def tokens(self) -> list[Token]:
        return await self._read(tokens.tokens)

    async def operator(self, digest: bytes) -> Operator | None:
        """Whose token has this digest."""
        return await self._read(lambda c: tokens.operator(c, digest))

    def person(self, name: PersonName) -> int:
        """The digest by which the deliveries of a person are found."""
        return digest_of(self._person_key, name)

    def key(self, purpose: str) -> bytes:
        """A secret that every process on this store has, and keeps over a restart; 32 bytes."""
        return derived_key(self._person_key, purpose)

    async def pulse(self) -> Pulse:
        """What changes whenever something happened."""
        return await self._read(history.pulse)

    async def backlog(self) -> list[Backlog]:
        return await self._read(history.backlog)

    async def _read(self, look: Callable[[Connection], T], limit_s: float = _READ_LIMIT_S) -> T:
        return await self._reads.run(look, limit_s=limit_s)


def _recorded(connection: Connection, act: Act, did: bool) -> bool:
    if did:
        acts.record(connection, act, 1)
    return did


@asynccontextmanager
async def _told(wakeup: Wakeup, url: str, rng: Random) -> AsyncIterator[None]:
    """Within the block workers of other processes are told, and heard."""
    if is_sqlite(url):
        # Processes on one file are told by their own link.
        yield
        return
    engine = async_engine(url, size=1)
    courier = Courier(engine, wakeup.wake, rng)
    wakeup.forward(courier.tell)
    wakeup.on_wait(courier.listen)
    task = asyncio.create_task(courier.run(), name="notices of the store")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
        await courier.last()
        await engine.dispose()

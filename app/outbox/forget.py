"""Erases a person's data, a step at a time.

Rows are emptied, not deleted: ids, times, rule, scenario, state and outcome name nobody, and what
was counted, replayed or told by an id stays true. What says anything of the person goes: the call
as it came in, whom the start was for, its content, Altcraft's words, and the digests that lead
there. The call's deduplication key may hold anything, so it goes, too: a caller that repeats the
call afterwards makes a new one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, func, select, tuple_, update
from sqlalchemy import delete as deleted

from app.model.delivery import Delivery, DeliveryId, DeliveryState, Ending
from app.model.event import ERASED
from app.outbox import tables
from app.outbox.acts import Act, record
from app.outbox.endings import End, end_all
from app.outbox.engine import overwriting
from app.outbox.people import PersonName, deliveries_of, digest_of, names_of
from app.outbox.problems import causes, taken_away
from app.outbox.rows import NOBODY, delivery_of

_STEP = 200
_delivery = tables.delivery.c
_event = tables.event.c
_dedup = tables.dedup.c
_person = tables.person.c
_WAITING = (DeliveryState.PENDING, DeliveryState.PAUSED)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many rows it is about. `cancelled` of the deliveries still waited. `under_way` are left
    alone: they are being sent, and can be erased when they are done. `others` are deliveries of
    the same calls that name somebody else, or the same person otherwise: they stay. `after` is
    where the next step begins; None: that was the last."""

    events: int = 0
    deliveries: int = 0
    attempts: int = 0
    cancelled: int = 0
    under_way: int = 0
    others: int = 0
    after: str | None = ""

    def plus(self, step: "Forgotten") -> "Forgotten":
        return Forgotten(
            self.events + step.events,
            self.deliveries + step.deliveries,
            self.attempts + step.attempts,
            self.cancelled + step.cancelled,
            self.under_way + step.under_way,
            self.others + step.others,
            step.after,
        )


@dataclass(frozen=True, slots=True)
class Found:
    """What a step is about. `started_nothing` are events that name the person and have no
    delivery; `digests` led here. `keys`: the deduplication keys of all these events, once they
    were looked for."""

    digests: Sequence[int]
    deliveries: Sequence[Delivery]
    under_way: int
    started_nothing: Sequence[str]
    after: str | None
    keys: Sequence[tuple[str, str]] = ()

    @property
    def events(self) -> set[str]:
        return {*self.started_nothing, *(one.event_id for one in self.deliveries)}


def find(connection: Connection, key: bytes, names: Sequence[PersonName], after: str) -> Found:
    """A look without a lock."""
    digests = [digest_of(key, name) for name in names]
    known = select(_person.delivery_id).where(
        _person.digest.in_(digests), _person.delivery_id > after
    )
    query = known.distinct().order_by(_person.delivery_id).limit(_STEP)
    ids = list(connection.execute(query).scalars())
    rows = connection.execute(select(*tables.delivery.c).where(_delivery.id.in_(ids)))
    made = [delivery_of(row) for row in rows]
    # Two persons may share a digest, once in many billions.
    theirs = [one for one in made if not set(names).isdisjoint(names_of(one.start.matches))]
    free = [one for one in theirs if one.state is not DeliveryState.IN_FLIGHT]
    # Of these the digest alone is the proof: the decoded call is not at hand here.
    alone = connection.execute(select(_event.id).where(_event.id.in_(ids))).scalars().all()
    last = ids[-1] if len(ids) == _STEP else None
    return Found(digests, free, len(theirs) - len(free), alone, last)


def with_keys(connection: Connection, found: Found) -> Found:
    """To be erased, too. They are sought in all of the table: an index for this alone would cost
    every call, and readers keep nobody waiting. Who only counts does without."""
    return replace(found, keys=_keys(connection, found.events))


def _keys(connection: Connection, events: Iterable[str]) -> list[tuple[str, str]]:
    ids = list(events)
    if not ids:
        return []
    sources = select(_event.source).where(_event.id.in_(ids)).distinct()
    query = select(_dedup.source, _dedup.key).where(
        _dedup.source.in_(connection.execute(sources).scalars().all()), _dedup.event_id.in_(ids)
    )
    return [(row.source, row.key) for row in connection.execute(query)]


def count(connection: Connection, found: Found) -> Forgotten:
    """What a step would do."""
    ids = [one.id for one in found.deliveries]
    table = tables.attempt.c
    made = select(func.count()).select_from(tables.attempt).where(table.delivery_id.in_(ids))
    return Forgotten(
        events=len(found.events),
        deliveries=len(ids),
        attempts=connection.execute(made).scalar_one(),
        cancelled=sum(one.state in _WAITING for one in found.deliveries),
        under_way=found.under_way,
        others=_others(connection, found),
        after=found.after,
    )


def erase(connection: Connection, key: bytes, found: Found, act: Act, at: datetime) -> Forgotten:
    """A step, with its part of the record."""
    with overwriting(connection):
        waiting = [one for one in found.deliveries if one.state in _WAITING]
        end = End(DeliveryState.DEAD, Ending.CANCELLED, ERASED, at)
        cancelled = len(end_all(connection, waiting, end)) if waiting else 0
        gone = causes(connection, _held(connection, found.deliveries))
        free = _empty_deliveries(connection, found.deliveries)
        step = Forgotten(
            events=_empty_events(connection, found),
            deliveries=len(free),
            attempts=_empty_attempts(connection, free),
            cancelled=cancelled,
            under_way=found.under_way + len(found.deliveries) - len(free),
            others=_others(connection, found),
            after=found.after,
        )
        _forget_names(connection, key, found, free)
    record(connection, act, step.events + step.deliveries)
    taken_away(connection, gone, at, "erased")
    return step


def _held(connection: Connection, chosen: Sequence[Delivery]) -> list[DeliveryId]:
    """Until the end of the transaction nobody replays them, so that none is counted twice."""
    ids = _delivery.id.in_([one.id for one in chosen])
    query = select(_delivery.id).where(ids).order_by(_delivery.id).with_for_update()
    return [DeliveryId(row.id) for row in connection.execute(query)]


def _empty_deliveries(connection: Connection, chosen: Sequence[Delivery]) -> list[str]:
    """Those that were, without what a worker took up meanwhile."""
    done = connection.execute(
        update(tables.delivery)
        .where(
            _delivery.id.in_([one.id for one in chosen]),
            _delivery.state.in_([DeliveryState.DONE.value, DeliveryState.DEAD.value]),
        )
        .values(
            matches=NOBODY,
            content="{}",
            options=None,
            reason=ERASED,
            order_key=None,
            limit_key=None,
            burst_key=None,
            burst_at=None,
        )
        .returning(_delivery.id)
    )
    return list(done.scalars())


def _empty_attempts(connection: Connection, ids: Sequence[str]) -> int:
    table = tables.attempt
    done = connection.execute(
        update(table).where(table.c.delivery_id.in_(ids)).values(error_text=None)
    )
    return done.rowcount


def _empty_events(connection: Connection, found: Found) -> int:
    done = connection.execute(
        update(tables.event)
        .where(_event.id.in_(found.events), _event.reason.is_distinct_from(ERASED))
        .values(body=b"", query="", headers="{}", path="", content_type="", reason=ERASED)
    )
    if found.keys:
        connection.execute(
            deleted(tables.dedup).where(
                tuple_(_dedup.source, _dedup.key).in_(found.keys),
                # Another call may have taken the key over meanwhile.
                _dedup.event_id.in_(found.events),
            )
        )
    return done.rowcount


def _others(connection: Connection, found: Found) -> int:
    query = select(func.count()).where(
        _delivery.event_id.in_(found.events),
        _delivery.matches != NOBODY,
        _delivery.id.not_in(deliveries_of(found.digests)),
    )
    return connection.execute(query).scalar_one()


def _forget_names(connection: Connection, key: bytes, found: Found, free: Sequence[str]) -> None:
    """All names that lead to what was emptied, not only those that were asked for."""
    gone = {*free, *found.started_nothing}
    digests = {
        digest_of(key, name)
        for one in found.deliveries
        if one.id in gone
        for name in names_of(one.start.matches)
    }
    digests.update(found.digests)
    connection.execute(
        deleted(tables.person).where(_person.digest.in_(digests), _person.delivery_id.in_(gone))
    )

"""What operators do to deliveries, a step at a time: so that none keeps calls waiting."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, select, update

from app.model.delivery import Delivery, DeliveryId, DeliveryState, Ending
from app.model.event import ERASED
from app.model.tally import Tally, TallyKind
from app.outbox import tables, tally
from app.outbox.accept import add_deliveries
from app.outbox.acts import Act, record
from app.outbox.endings import End, end_all
from app.outbox.history import DeliveryFilter, delivery_conditions
from app.outbox.problems import causes, taken_away
from app.outbox.rows import NOBODY, delivery_of

_table = tables.delivery.c
_STEP = 500
_FINAL = (DeliveryState.DONE.value, DeliveryState.DEAD.value)
_WAITING = (DeliveryState.PENDING, DeliveryState.PAUSED)


@dataclass(frozen=True, slots=True)
class Repeat:
    """`fresh` is sent in the place of `old`."""

    old: DeliveryId
    fresh: Delivery


def repeat(
    connection: Connection, repeats: Sequence[Repeat], act: Act, person_key: bytes, *, again: bool
) -> list[DeliveryId]:
    """The new ones that were added: none for what is not final or was erased, nor, unless
    `again`, for what was repeated before, so that two operators at once repeat nothing twice."""
    query = select(_table.id).where(
        _table.id.in_([one.old for one in repeats]),
        _table.state.in_(_FINAL),
        _table.matches != NOBODY,
    )
    if not again:
        query = query.where(_table.replayed_as.is_(None))
    locked = query.order_by(_table.id).with_for_update()
    free = {row.id for row in connection.execute(locked)}
    if again:
        free -= _repeated_by(connection, act, free)
    chosen = [one for one in repeats if one.old in free]
    gone = causes(connection, [one.old for one in chosen])
    add_deliveries(connection, person_key, [one.fresh for one in chosen])
    for one in chosen:
        connection.execute(
            update(tables.delivery).where(_table.id == one.old).values(replayed_as=one.fresh.id)
        )
    record(connection, act, len(chosen))
    taken_away(connection, gone, act.at, "replayed")
    return [one.fresh.id for one in chosen]


def _repeated_by(connection: Connection, act: Act, ids: set[str]) -> set[str]:
    """Of these, what the act repeated before: a step whose answer was lost is asked for anew, and
    must repeat nothing twice."""
    fresh = tables.delivery.alias("fresh")
    query = select(_table.id).join(fresh, fresh.c.id == _table.replayed_as)
    query = query.where(_table.id.in_(ids), fresh.c.act_id == act.id)
    return set(connection.execute(query).scalars())


def add(
    connection: Connection, fresh: Sequence[Delivery], act: Act, person_key: bytes
) -> list[DeliveryId]:
    """New deliveries of events that exist, of rules that have none of them yet."""
    # First: of two that add at once, the second then sees what the first has added.
    held = _held(connection, fresh)
    query = select(_table.event_id, _table.rule).where(
        _table.event_id.in_([delivery.event_id for delivery in fresh])
    )
    known = {(row.event_id, row.rule) for row in connection.execute(query)}
    chosen = [
        one for one in fresh if (one.event_id, one.start.rule) not in known and one.event_id in held
    ]
    add_deliveries(connection, person_key, chosen)
    record(connection, act, len(chosen))
    return [delivery.id for delivery in chosen]


def _held(connection: Connection, fresh: Sequence[Delivery]) -> set[str]:
    """Their events, which stay until the commit. Without those that were purged, or of which
    somebody was forgotten, while they were held against the rules: a delivery of such a one would
    start somebody who is not to be known any more, and be kept for ever."""
    event = tables.event.c
    query = select(event.id).where(
        event.id.in_([one.event_id for one in fresh]), event.reason.is_distinct_from(ERASED)
    )
    return set(connection.execute(query.order_by(event.id).with_for_update()).scalars())


def cancel(connection: Connection, wanted: DeliveryFilter, act: Act, at: datetime) -> int:
    """A step: how many it was, 0 at the end."""
    waiting: list[Delivery] = []
    # One state after the other: each has an index of its own.
    for state in _WAITING:
        if wanted.state in (None, state):
            some = replace(wanted, state=state)
            waiting += _waiting(connection, some, _STEP - len(waiting))
    reason = f"cancelled by {act.who}"
    end = End(DeliveryState.DEAD, Ending.CANCELLED, reason, at)
    ended = set(end_all(connection, waiting, end) if waiting else [])
    record(connection, act, len(ended))
    # Here, as it may be the command line that does it, which has no tally of its own.
    names = Counter(one.start.destination for one in waiting if one.id in ended)
    tallies = [Tally(TallyKind.ENDED, name, end.ending, count) for name, count in names.items()]
    tally.add(connection, tallies, at)
    return len(ended)


def _waiting(connection: Connection, wanted: DeliveryFilter, limit: int) -> list[Delivery]:
    query = (
        select(*tables.delivery.c)
        .where(*delivery_conditions(wanted))
        .order_by(_table.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [delivery_of(row) for row in connection.execute(query)]

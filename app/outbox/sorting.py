"""Sorts what is due: what may go now, what waits on, what goes no more."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import ColumnElement, Connection, func, select, update

from app.kit.quiet import end_of_quiet
from app.model.delivery import Delivery, DeliveryState, Ending
from app.model.handling import PLAIN, AtMost, Order
from app.model.outcome import OutcomeKind
from app.outbox import tables
from app.outbox.dialect import is_shared, try_to_lock_name
from app.outbox.endings import End, end_all
from app.outbox.order import WAITS_ITS_TURN, has_earlier
from app.outbox.pauses import Paused
from app.outbox.rows import Values, micros

_table = tables.delivery.c
# What ended in doubt may have started, too.
_started = _table.state.in_([DeliveryState.DONE.value, DeliveryState.DEAD.value]) & (
    _table.outcome.in_(
        [OutcomeKind.ACCEPTED.value, OutcomeKind.IN_DOUBT.value, OutcomeKind.UNREADABLE.value]
    )
)
_LOOK_AGAIN = timedelta(seconds=1)
_UNDER_WAY = "another start of the person is under way"


@dataclass(frozen=True, slots=True)
class Claim:
    """`note` says what a person should know of it."""

    delivery: Delivery
    note: str | None = None


@dataclass(frozen=True, slots=True)
class _Later:
    at: datetime
    reason: str


class Sorter:
    """`ended` are those that go no more, as they were, and why."""

    def __init__(self, connection: Connection, now: datetime, paused: Paused) -> None:
        self._connection = connection
        self._now = now
        self._paused = paused
        self._is_shared = is_shared(connection)
        self._under_way: Counter[str] = Counter()
        self.ended: list[tuple[Delivery, Ending]] = []

    def sort(self, candidates: Sequence[Delivery], most: int) -> list[Claim]:
        """Up to `most` of them; those after these are not looked at."""
        # Those of the sorting before are in flight by now, and counted there.
        self._under_way.clear()
        claims = (claim for one in candidates if (claim := self._sort_one(one)) is not None)
        return list(islice(claims, most))

    def _sort_one(self, delivery: Delivery) -> Claim | None:
        held = self._paused.delivery(delivery)
        if held is not None:
            self._park(delivery, held)
            return None
        if delivery.start.handling is PLAIN:
            return Claim(delivery)
        found = self._special(delivery)
        if isinstance(found, _Later):
            self._put_off(delivery, found)
            return None
        return found

    def _special(self, delivery: Delivery) -> "Claim | _Later | None":
        handling, note = delivery.start.handling, None
        if handling.expires_at is not None and handling.expires_at <= self._now:
            self._end(delivery, DeliveryState.DEAD, Ending.EXPIRED, "it was older than `expires`")
            return None
        if (quiet := handling.quiet_hours) is not None:
            end = end_of_quiet(self._now, quiet.from_min, quiet.to_min, quiet.zone)
            if end is not None:
                return _Later(end, "waits for the end of the quiet hours")
        if handling.order is not None:
            found = self._order(delivery, handling.order)
            if isinstance(found, _Later):
                return found
            note = found
        if handling.at_most is not None:
            return self._at_most(delivery, handling.at_most, note)
        return Claim(delivery, note)

    def _order(self, delivery: Delivery, order: Order) -> "_Later | str | None":
        if not has_earlier(self._connection, delivery, order.key):
            return None
        until = delivery.created_at + timedelta(seconds=order.wait_s)
        if until > self._now:
            # The end of the earlier one calls it. Where other processes work, too, that may come
            # just while this is looked at; so it looks again, after ever longer waits.
            waited = self._now - delivery.created_at
            look_again = self._now + max(waited, _LOOK_AGAIN)
            return _Later(min(until, look_again) if self._is_shared else until, WAITS_ITS_TURN)
        return f"its order was given up: an earlier start was not done after {order.wait_s:g} s"

    def _at_most(
        self, delivery: Delivery, most: AtMost, note: str | None
    ) -> "Claim | _Later | None":
        if not try_to_lock_name(self._connection, f"at most {most.key}"):
            return _Later(self._now + _LOOK_AGAIN, _UNDER_WAY)
        since = micros(self._now - timedelta(seconds=most.window_s))
        same = (_table.limit_key == most.key, _table.id != delivery.id)
        past = self._count(*same, _started, _table.finished_at > since)
        if past >= most.count:
            reason = f"the person had {most.count} of these within {most.window_s:g} s"
            self._end(delivery, DeliveryState.DONE, Ending.OVER_LIMIT, reason)
            return None
        in_flight = _table.state == DeliveryState.IN_FLIGHT.value
        going = self._count(*same, in_flight) + self._under_way[most.key]
        if past + going >= most.count:
            return _Later(self._now + _LOOK_AGAIN, _UNDER_WAY)
        self._under_way[most.key] += 1
        return Claim(delivery, note)

    def _count(self, *conditions: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(tables.delivery).where(*conditions)
        return self._connection.execute(query).scalar_one()

    def _park(self, delivery: Delivery, reason: str) -> None:
        paused = DeliveryState.PAUSED.value
        self._change(delivery, {"state": paused, "reason": reason})

    def _put_off(self, delivery: Delivery, later: _Later) -> None:
        self._change(delivery, {"next_attempt_at": micros(later.at), "reason": later.reason})

    def _change(self, delivery: Delivery, values: Values) -> None:
        self._connection.execute(
            update(tables.delivery).where(_table.id == delivery.id).values(**values)
        )

    def _end(self, delivery: Delivery, state: DeliveryState, ending: Ending, reason: str) -> None:
        end_all(self._connection, [delivery], End(state, ending, reason, self._now))
        self.ended.append((delivery, ending))

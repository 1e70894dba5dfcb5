"""Claims deliveries for a worker, by a lease; a lease that runs out gives them back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    bindparam,
    literal,
    select,
    update,
)

from app.model.delivery import Delivery, DeliveryId, DeliveryState, Ending
from app.model.flow import batch_size_of
from app.outbox import tables
from app.outbox.pace import Pace, close_bucket, open_bucket
from app.outbox.pauses import Paused, pauses
from app.outbox.rows import delivery_of, instant, micros
from app.outbox.sorting import Claim, Sorter
from app.outbox.stoppages import Stoppage, begin_probe, stoppage, withdraw_probe
from app.outbox.turns import Flow, waiting_flows
from app.outbox.writer import Write

_table = tables.delivery.c
_LOOKS = 4
_PUT_AWAY = 500
_ROWS_AT_ONCE = 1000
_MOST_TOGETHER = 10_000


def in_state(state: DeliveryState) -> ColumnElement[bool]:
    # Written out, not bound: a partial index is used only where the text shows its condition.
    return _table.state == literal(state.value, literal_execute=True)


@dataclass(frozen=True, slots=True)
class Hold:
    """A lease: who holds, from when, for how many seconds."""

    owner: str
    now: datetime
    lease_s: float

    @property
    def until(self) -> datetime:
        return self.now + timedelta(seconds=self.lease_s)


Share = Callable[[Sequence[str], int], Sequence[tuple[str, int]]]
"""Divides a number of requests among the flows that have something due, in turns."""


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """`room`: how many requests this worker may have more; `pace`: how many all of them may."""

    hold: Hold
    pace: Pace
    room: int
    share: Share

    @property
    def destination(self) -> str:
        return self.pace.destination


@dataclass(frozen=True, slots=True)
class Claimed:
    """Each of `groups` is for one request. `next_due_at`: when the first of what waited before
    was due; None: nothing waits, or it is paused. `ended`: what goes no more, and why.
    `ready_at`: when the pace allows more; None: now. `stoppage`: why the destination takes none;
    `is_probe`: what was claimed is to find out."""

    groups: Sequence[Sequence[Delivery]] = ()
    next_due_at: datetime | None = None
    ended: Sequence[tuple[Delivery, Ending]] = ()
    ready_at: datetime | None = None
    stoppage: Stoppage | None = None
    is_probe: bool = False


def _claim(connection: Connection, requests: Sequence[ClaimRequest]) -> list[Claimed]:
    paused = Paused(pauses(connection, held=True))
    # In order: each holds the pace of its destination from here on.
    found = {
        index: _claim_one(connection, requests[index], paused)
        for index in sorted(range(len(requests)), key=lambda index: requests[index].destination)
    }
    return [found[index] for index in range(len(requests))]


def _claim_one(connection: Connection, request: ClaimRequest, paused: Paused) -> Claimed:
    stopped = stoppage(connection, request.destination)
    if paused.destination(request.destination):
        return Claimed(stoppage=stopped)
    found = waiting_flows(connection, request.destination)
    flows = [flow for flow in found if not paused.flow(flow.name)]
    due = [flow.name for flow in flows if flow.due_at <= micros(request.hold.now)]
    nothing = Claimed(next_due_at=_next_due_at(flows), stoppage=stopped)
    if not due or request.room <= 0:
        return nothing
    taking = _Taking(connection, request, paused)
    if stopped is None:
        ready_at = taking.take(request.room, due)
        return replace(nothing, groups=taking.groups, ended=taking.sorter.ended, ready_at=ready_at)
    hold = request.hold
    if not begin_probe(connection, stopped, hold.now, hold.lease_s):
        return nothing
    taking.take(1, due)
    if not taking.groups:
        withdraw_probe(connection, stopped, hold.now, hold.lease_s)
    is_probe = bool(taking.groups)
    return replace(nothing, groups=taking.groups, ended=taking.sorter.ended, is_probe=is_probe)


def _next_due_at(flows: Sequence[Flow]) -> datetime | None:
    return instant(min(flow.due_at for flow in flows)) if flows else None


CLAIM: Write[ClaimRequest, Claimed] = Write("claim", _claim)


class _Taking:
    def __init__(self, connection: Connection, request: ClaimRequest, paused: Paused) -> None:
        self._connection = connection
        self._request = request
        self._left = 0
        self.sorter = Sorter(connection, request.hold.now, paused)
        self.groups: list[Sequence[Delivery]] = []

    def take(self, room: int, due: Sequence[str]) -> datetime | None:
        """For up to `room` requests, as far as the pace allows: when it allows more, None: now."""
        request = self._request
        bucket = open_bucket(self._connection, request.pace, request.hold.now)
        allowed = self._left = bucket.available(room)
        if allowed:
            self._take(request.share(due, allowed), due)
        bucket = bucket.taken(allowed - self._left)
        close_bucket(self._connection, request.destination, bucket)
        if self._left > 0 or allowed == room:
            return None
        return request.hold.now + timedelta(seconds=bucket.ready_at_s(room) - bucket.at_s)

    def _take(self, shares: Sequence[tuple[str, int]], due: Sequence[str]) -> None:
        """What a flow leaves of its share the others may have."""
        for flow, requests in shares:
            self._take_of(flow, min(requests, self._left))
        for flow in due:
            if self._left <= 0:
                break
            self._take_of(flow, self._left)

    def _take_of(self, flow: str, requests: int) -> None:
        size = batch_size_of(flow)
        wanted = min(requests * size, _MOST_TOGETHER)
        taken: list[Delivery] = []
        limit = wanted
        for _ in range(_LOOKS):
            candidates = self._candidates(flow, limit)
            taken += self._hold(self.sorter.sort(candidates, wanted - len(taken)))
            if len(taken) == wanted or len(candidates) < limit:
                break
            # Many may have to wait on: paused ones, say. They are put away in larger steps.
            limit = max(wanted - len(taken), _PUT_AWAY)
        for start in range(0, len(taken), size):
            self.groups.append(taken[start : start + size])
            self._left -= 1

    def _candidates(self, flow: str, limit: int) -> list[Delivery]:
        given = {
            "destination": self._request.destination,
            "flow": flow,
            "now": micros(self._request.hold.now),
            "limit": limit,
        }
        # All at once: one by one each would take SQLite's lock on the interpreter.
        return [delivery_of(row) for row in self._connection.execute(_LOCKING, given).all()]

    def _hold(self, claims: Sequence[Claim]) -> list[Delivery]:
        if not claims:
            return []
        hold = self._request.hold
        ids = [claim.delivery.id for claim in claims]
        given = {"ids": ids, "owner": hold.owner, "until": micros(hold.until)}
        self._connection.execute(_HOLD, given)
        return [
            replace(
                claim.delivery,
                state=DeliveryState.IN_FLIGHT,
                lease_owner=hold.owner,
                lease_until=hold.until,
                reason=claim.note,
            )
            for claim in claims
        ]


# Made once: to put a query together costs as much as to run it.
DUE = (
    select(*tables.delivery.c)
    .where(
        in_state(DeliveryState.PENDING),
        _table.destination == bindparam("destination"),
        _table.flow == bindparam("flow"),
        _table.next_attempt_at <= bindparam("now"),
    )
    .order_by(_table.next_attempt_at, _table.id)
    .limit(bindparam("limit", type_=Integer))
)
_LOCKING = DUE.with_for_update(skip_locked=True)
_HOLD = (
    update(tables.delivery)
    .where(_table.id.in_(bindparam("ids", expanding=True)))
    .values(
        state=DeliveryState.IN_FLIGHT.value,
        lease_owner=bindparam("owner"),
        lease_until=bindparam("until"),
    )
)


def next_due_at(connection: Connection, destination: str) -> datetime | None:
    """Of what is not paused, the first; None: nothing waits."""
    paused = Paused(pauses(connection))
    if paused.destination(destination):
        return None
    flows = waiting_flows(connection, destination)
    return _next_due_at([flow for flow in flows if not paused.flow(flow.name)])


def expired(now: datetime, limit: int) -> Select[tuple[object, ...]]:
    """Leases that ran out."""
    return (
        select(*tables.delivery.c)
        .where(in_state(DeliveryState.IN_FLIGHT), _table.lease_until <= micros(now))
        .order_by(_table.lease_until)
        .limit(limit)
    )


def renew(connection: Connection, ids: Sequence[DeliveryId], hold: Hold) -> list[DeliveryId]:
    """Those that are still held by the owner, now for longer."""
    renewed: list[DeliveryId] = []
    for start in range(0, len(ids), _ROWS_AT_ONCE):
        ours = (
            select(_table.id)
            .where(
                _table.id.in_(ids[start : start + _ROWS_AT_ONCE]),
                _table.state == DeliveryState.IN_FLIGHT.value,
                _table.lease_owner == hold.owner,
            )
            # In the same order everywhere: of two that want the same ones none waits for the other.
            .order_by(_table.id)
            .with_for_update()
        )
        done = connection.execute(
            update(tables.delivery)
            .where(_table.id.in_(ours.scalar_subquery()))
            .values(lease_until=micros(hold.until))
            .returning(_table.id)
        )
        renewed += [DeliveryId(row.id) for row in done]
    return renewed


def take_expired(connection: Connection, hold: Hold, limit: int) -> list[Delivery]:
    """Takes over deliveries whose worker was lost, so that one process alone settles each."""
    chosen = (
        select(_table.id)
        .where(in_state(DeliveryState.IN_FLIGHT), _table.lease_until <= micros(hold.now))
        .order_by(_table.lease_until)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = connection.execute(
        update(tables.delivery)
        .where(_table.id.in_(chosen.scalar_subquery()))
        .values(lease_owner=hold.owner, lease_until=micros(hold.until))
        .returning(*tables.delivery.c)
    )
    return [delivery_of(row) for row in found]

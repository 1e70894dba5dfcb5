"""From a call that its source lets in to events and deliveries, durably."""

import logging
from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

import structlog

from app.expressions import Variables
from app.kit.ids import new_id
from app.kit.light import light
from app.model.delivery import Delivery
from app.model.event import EventId, EventStatus, make_event
from app.model.new_delivery import new_delivery
from app.model.start import Match
from app.outbox import Acceptance, Accepted, Duplicate
from app.revision import Revision
from app.rules import Decision, evaluate
from app.rules.identity import usual_identity
from app.sources.call import Call
from app.sources.receive import Item, Taken
from app.sources.source import Source

Results: TypeAlias = list[Accepted | Duplicate]
Told: TypeAlias = Callable[[Results | Exception], None]


class Accepting(Protocol):
    async def accept(self, acceptances: Sequence[Acceptance], *, limit_s: float) -> Results: ...

    def put(self, acceptances: Sequence[Acceptance], told: Told, *, limit_s: float) -> None: ...


@light
class Taking:
    """What became of one item of a call. `status` is `accepted`, `ignored` or `duplicate`."""

    event_id: EventId
    status: str
    deliveries: tuple[Delivery, ...]
    reason: str | None


class Acceptor:
    def __init__(self, outbox: Accepting) -> None:
        self._outbox = outbox
        self.put = outbox.put
        """As `accept`, for who is told, later, the results (see `takings`) or the error. Raises
        StoreUnavailable."""
        # Bound: to bind it for every call would cost more than to ask it whether it is heard.
        self._log = structlog.get_logger().bind()

    def prepare(
        self, revision: Revision, source: Source, call: Call, taken: Taken
    ) -> list[Acceptance]:
        """What is to be stored of the call, one for each of its items."""
        query = source.without_secrets(call).raw_query if call.raw_query else ""
        acceptances = []
        for item in taken.items:
            acceptances.append(_acceptance(revision, source, call, item, taken.variables, query))
        return acceptances

    async def accept(self, acceptances: Sequence[Acceptance], *, limit_s: float) -> list[Taking]:
        """One commit for all items of a call. Raises StoreUnavailable: then nothing that the
        caller was told of is stored, and it may call again."""
        return self.takings(acceptances, await self._outbox.accept(acceptances, limit_s=limit_s))

    def takings(self, acceptances: Sequence[Acceptance], results: Results) -> list[Taking]:
        takings = [
            _taking(acceptance, result)
            for acceptance, result in zip(acceptances, results, strict=True)
        ]
        if self._log.is_enabled_for(logging.INFO):
            for acceptance, taking in zip(acceptances, takings, strict=True):
                self._tell(acceptance.event.source, taking)
        return takings

    def _tell(self, source: str, taking: Taking) -> None:
        self._log.info(
            f"call.{taking.status}",
            event_id=taking.event_id,
            source=source,
            deliveries=[delivery.id for delivery in taking.deliveries],
            **({"reason": taking.reason} if taking.reason else {}),
        )


def _acceptance(
    revision: Revision, source: Source, call: Call, item: Item, whole: Variables, query: str
) -> Acceptance:
    """`whole` and `query` are of the call as it is kept: with the places that held a secret
    emptied."""
    decision = _decide(revision, source, item)
    starts, at = decision.starts, call.received_at
    event = make_event(
        id=EventId(new_id()),
        source=source.name,
        received_at=at,
        method=call.method,
        path=whole.path,
        query=query,
        headers=whole.headers,
        content_type=item.content_type(call),
        body=item.body(call),
        status=EventStatus.ACCEPTED if starts else EventStatus.IGNORED,
        reason=item.reason or decision.reason or _notes(item, decision),
    )
    deliveries = []
    for start in starts:
        deliveries.append(new_delivery(start, event, revision.id, at))
    named = () if deliveries else _named(source, item)
    return Acceptance(event, item.dedup_key, tuple(deliveries), item.dedup_window_s, named)


def _decide(revision: Revision, source: Source, item: Item) -> Decision:
    if item.reason is not None:
        return Decision((), ())
    return evaluate(revision.rules, item.variables, region=source.region)


def _named(source: Source, item: Item) -> tuple[Match, ...]:
    """Whom a call that starts nothing names by the usual names: it is kept, and is to be found
    when they ask. Proved or not: what is not theirs would only be erased with it."""
    given = item.variables
    return tuple(usual_identity(given.body, given.query, source.region)[0])


def _notes(item: Item, decision: Decision) -> str | None:
    """What did not go as configured although something starts: worth keeping."""
    noted = [item.note] if item.note else []
    for miss in decision.misses:
        if miss.held == miss.total:
            noted.append(str(miss))
    noted += decision.notes
    return "; ".join(noted) if noted else None


def _taking(acceptance: Acceptance, result: Accepted | Duplicate) -> Taking:
    if isinstance(result, Duplicate):
        return Taking(result.event_id, "duplicate", (), None)
    event = acceptance.event
    return Taking(event.id, event.status._value_, acceptance.deliveries, event.reason)


def shape_of(taking: Taking) -> dict[str, object]:
    """As a caller reads it: what was taken and what it starts, nothing of why."""
    return {
        "event_id": taking.event_id,
        "status": taking.status,
        "deliveries": [
            {"id": d.id, "rule": d.start.rule, d.start.target._value_: d.start.scenario}
            for d in taking.deliveries
        ],
    }

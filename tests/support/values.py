"""Events and deliveries as tests need them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from app.kit.ids import new_id
from app.model.delivery import Attempt, AttemptId, Delivery, DeliveryId, DeliveryState
from app.model.event import Event, EventId, EventStatus
from app.model.flow import flow_of
from app.model.handling import PLAIN, Handling
from app.model.json import Json
from app.model.new_delivery import due_at
from app.model.outcome import OutcomeKind
from app.model.start import InDoubt, Match, Matching, ScenarioStart
from app.outbox import Acceptance, Act, ActId, ActKind, Settlement

AT = datetime(2026, 1, 1, tzinfo=UTC)


def an_event(
    *,
    source: str = "crm",
    body: bytes = b'{"crm_id": "12345"}',
    status: EventStatus = EventStatus.ACCEPTED,
    at: datetime = AT,
    query: str = "",
    headers: Mapping[str, str] | None = None,
) -> Event:
    return Event(
        id=EventId(new_id()),
        source=source,
        received_at=at,
        method="POST",
        path="",
        query=query,
        headers=headers or {"content-type": "application/json"},
        content_type="application/json",
        body=body,
        status=status,
    )


def a_match(value: str | int = "12345") -> Match:
    return Match(Matching.CUSTOM, value, "CRM_ID")


def a_delivery(
    event: Event | None = None,
    *,
    matches: Sequence[Match] = (),
    content: Mapping[str, Json] | None = None,
    rule: str = "deal won",
    destination: str = "main",
    in_doubt: InDoubt = InDoubt.RETRY,
    attempts: int = 0,
    match_index: int = 0,
    at: datetime = AT,
    lease_owner: str | None = None,
    handling: Handling = PLAIN,
) -> Delivery:
    event = event or an_event(at=at)
    start = ScenarioStart(
        rule=rule,
        destination=destination,
        scenario=3,
        matches=tuple(matches) or (a_match(),),
        content=content or {},
        in_doubt=in_doubt,
        handling=handling,
    )
    return Delivery(
        id=DeliveryId(new_id()),
        event_id=event.id,
        source=event.source,
        start=start,
        config_revision="r1",
        state=DeliveryState.PENDING,
        match_index=match_index,
        attempts=attempts,
        created_at=at,
        next_attempt_at=at if handling is PLAIN else due_at(handling, at),
        lease_owner=lease_owner,
        batch_size=handling.batch.size if handling.batch else 1,
        burst_at=at if handling.burst else None,
    )


def an_acceptance(
    *, key: str | None = None, window_s: float | None = None, at: datetime = AT
) -> Acceptance:
    event = an_event(at=at)
    return Acceptance(event, key, (a_delivery(event, at=at),), window_s)


def a_settlement(delivery: Delivery, *, owner: str, at: datetime = AT) -> Settlement:
    """The delivery succeeded."""
    attempt = Attempt(
        id=AttemptId(new_id()),
        delivery_id=delivery.id,
        at=at,
        duration_ms=7,
        match_index=0,
        outcome=OutcomeKind.ACCEPTED,
        http_status=200,
        altcraft_error=0,
    )
    return Settlement(
        delivery_id=delivery.id,
        lease_owner=owner,
        attempt=attempt,
        state=DeliveryState.DONE,
        match_index=0,
        next_attempt_at=at,
        outcome=OutcomeKind.ACCEPTED,
        reason=None,
        finished_at=at,
        flow=flow_of(delivery),
    )


def an_act(kind: ActKind = ActKind.REPLAY, *, who: str = "olga", at: datetime = AT) -> Act:
    return Act(ActId(new_id()), at, who, kind, {"rule": "deal won"})

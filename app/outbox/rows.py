"""Values as rows and back."""

from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import orjson
from sqlalchemy import Row

from app.model.delivery import Attempt, AttemptId, Delivery, DeliveryId, DeliveryState
from app.model.event import Event, EventId, EventStatus
from app.model.outcome import OutcomeKind
from app.model.start import InDoubt, Match, Matching, ScenarioStart

Values: TypeAlias = dict[str, Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def instant(at: int) -> datetime:
    return _EPOCH + timedelta(microseconds=at)


def _maybe_instant(at: int | None) -> datetime | None:
    return None if at is None else instant(at)


def event_values(event: Event) -> Values:
    return {
        "id": event.id,
        "source": event.source,
        "received_at": micros(event.received_at),
        "method": event.method,
        "path": event.path,
        "query": event.query,
        "headers": orjson.dumps(dict(event.headers)).decode(),
        "content_type": event.content_type,
        "body": event.body,
        "status": event.status.value,
        "reason": event.reason,
    }


def event_of(row: Row[Any]) -> Event:
    return Event(
        id=EventId(row.id),
        source=row.source,
        received_at=instant(row.received_at),
        method=row.method,
        path=row.path,
        query=row.query,
        headers=orjson.loads(row.headers),
        content_type=row.content_type,
        body=row.body,
        status=EventStatus(row.status),
        reason=row.reason,
    )


def delivery_values(delivery: Delivery) -> Values:
    start = delivery.start
    return {
        "id": delivery.id,
        "event_id": delivery.event_id,
        "source": delivery.source,
        "rule": start.rule,
        "config_revision": delivery.config_revision,
        "destination": start.destination,
        "scenario": start.scenario,
        "matches": orjson.dumps([_match_values(match) for match in start.matches]).decode(),
        "content": orjson.dumps(start.content).decode(),
        "in_doubt": start.in_doubt.value,
        "state": delivery.state.value,
        "match_index": delivery.match_index,
        "attempts": delivery.attempts,
        "created_at": micros(delivery.created_at),
        "next_attempt_at": micros(delivery.next_attempt_at),
        "replay_of": delivery.replay_of,
    }


def _match_values(match: Match) -> Values:
    return {"matching": match.matching.value, "value": match.value, "field": match.field}


def delivery_of(row: Row[Any]) -> Delivery:
    return Delivery(
        id=DeliveryId(row.id),
        event_id=EventId(row.event_id),
        source=row.source,
        start=_start_of(row),
        config_revision=row.config_revision,
        state=DeliveryState(row.state),
        match_index=row.match_index,
        attempts=row.attempts,
        created_at=instant(row.created_at),
        next_attempt_at=instant(row.next_attempt_at),
        lease_owner=row.lease_owner,
        lease_until=_maybe_instant(row.lease_until),
        outcome=OutcomeKind(row.outcome) if row.outcome else None,
        reason=row.reason,
        finished_at=_maybe_instant(row.finished_at),
        replay_of=DeliveryId(row.replay_of) if row.replay_of else None,
    )


def _start_of(row: Row[Any]) -> ScenarioStart:
    matches = tuple(
        Match(Matching(match["matching"]), match["value"], match["field"])
        for match in orjson.loads(row.matches)
    )
    return ScenarioStart(
        rule=row.rule,
        destination=row.destination,
        scenario=row.scenario,
        matches=matches,
        content=orjson.loads(row.content),
        in_doubt=InDoubt(row.in_doubt),
    )


def attempt_values(attempt: Attempt) -> Values:
    return {
        "id": attempt.id,
        "delivery_id": attempt.delivery_id,
        "at": micros(attempt.at),
        "duration_ms": attempt.duration_ms,
        "match_index": attempt.match_index,
        "outcome": attempt.outcome.value,
        "http_status": attempt.http_status,
        "altcraft_error": attempt.altcraft_error,
        "error_text": attempt.error_text,
        "in_doubt": attempt.in_doubt,
    }


def attempt_of(row: Row[Any]) -> Attempt:
    return Attempt(
        id=AttemptId(row.id),
        delivery_id=DeliveryId(row.delivery_id),
        at=instant(row.at),
        duration_ms=row.duration_ms,
        match_index=row.match_index,
        outcome=OutcomeKind(row.outcome),
        http_status=row.http_status,
        altcraft_error=row.altcraft_error,
        error_text=row.error_text,
        in_doubt=row.in_doubt,
    )

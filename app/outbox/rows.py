"""Values as rows and back."""

from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import orjson
from sqlalchemy import Row as Found

from app.model.delivery import (
    Attempt,
    AttemptId,
    Delivery,
    DeliveryId,
    DeliveryState,
    ending_or_outcome,
)
from app.model.event import Event, EventId, EventStatus
from app.model.flow import flow_of
from app.model.handling import PLAIN
from app.model.outcome import OutcomeKind
from app.model.start import InDoubt, Match, Matching, OnUnknownProfile, ScenarioStart, Target
from app.outbox.options import Options, options_text, start_options

Values: TypeAlias = dict[str, Any]
Row: TypeAlias = tuple[Any, ...]
"""Values in the order of the columns named beside."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


NOBODY = "[]"
"""The matches of a delivery that was emptied."""

# By name: to call an enumeration costs five times as much, and a row has four.
_STATES = {one.value: one for one in DeliveryState}
_MATCHINGS = {one.value: one for one in Matching}
_IN_DOUBT = {one.value: one for one in InDoubt}
_TARGETS = {one.value: one for one in Target}


def micros(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def instant(at: int) -> datetime:
    return _EPOCH + timedelta(microseconds=at)


def storable(text: str) -> str:
    """PostgreSQL takes every character in a text but this one: the same is written to both."""
    return text.replace("\0", "\N{SYMBOL FOR NULL}") if text else text


def _maybe_storable(text: str | None) -> str | None:
    return None if text is None else storable(text)


def _maybe_micros(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def _maybe_instant(at: int | None) -> datetime | None:
    return None if at is None else instant(at)


EVENT_COLUMNS = (
    "id",
    "source",
    "received_at",
    "method",
    "path",
    "query",
    "headers",
    "content_type",
    "body",
    "status",
    "reason",
)


def event_row(event: Event) -> Row:
    return (
        event.id,
        event.source,
        micros(event.received_at),
        event.method,
        storable(event.path) if event.path else "",
        storable(event.query) if event.query else "",
        orjson.dumps(event.headers).decode(),
        storable(event.content_type),
        event.body,
        event.status._value_,
        None if event.reason is None else storable(event.reason),
    )


def event_of(row: Found[Any]) -> Event:
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


PLAIN_COLUMNS = (
    "id",
    "event_id",
    "source",
    "rule",
    "config_revision",
    "destination",
    "scenario",
    "matches",
    "content",
    "in_doubt",
    "state",
    "match_index",
    "attempts",
    "created_at",
    "next_attempt_at",
    "replay_of",
    "flow",
)
"""Of a delivery that asks for nothing special; the others have what stands for that."""
SPECIAL_COLUMNS = (
    "target",
    "options",
    "batch_size",
    "expires_at",
    "order_key",
    "limit_key",
    "burst_key",
    "burst_at",
    "act_id",
)
ENDED_COLUMNS = ("outcome", "reason", "finished_at")
"""In the table these stand before `replay_of`."""
DELIVERY_COLUMNS = (*PLAIN_COLUMNS[:15], *ENDED_COLUMNS, *PLAIN_COLUMNS[15:], *SPECIAL_COLUMNS)


def is_plain(delivery: Delivery) -> bool:
    start = delivery.start
    return (
        start.handling is PLAIN
        and start.imports is None
        and start.fields is None
        and start.target is Target.SCENARIO
        and start.on_unknown_profile is OnUnknownProfile.FAIL
        and delivery.act_id is None
        and delivery.trace is None
    )


def plain_row(delivery: Delivery) -> Row:
    start = delivery.start
    created_at, due_at = delivery.created_at, delivery.next_attempt_at
    created = micros(created_at)
    return (
        delivery.id,
        delivery.event_id,
        delivery.source,
        start.rule,
        delivery.config_revision,
        start.destination,
        start.scenario,
        orjson.dumps([_match_values(match) for match in start.matches]).decode(),
        orjson.dumps(start.content).decode(),
        start.in_doubt._value_,
        delivery.state._value_,
        delivery.match_index,
        delivery.attempts,
        created,
        created if due_at is created_at else micros(due_at),
        delivery.replay_of,
        flow_of(delivery),
    )


def delivery_row(delivery: Delivery) -> Row:
    handling = delivery.start.handling
    plain = plain_row(delivery)
    return (
        *plain[:15],
        delivery.outcome.value if delivery.outcome else None,
        _maybe_storable(delivery.reason),
        _maybe_micros(delivery.finished_at),
        *plain[15:],
        delivery.start.target.value,
        options_text(delivery.start, delivery.trace),
        delivery.batch_size,
        _maybe_micros(handling.expires_at),
        handling.order.key if handling.order else None,
        handling.at_most.key if handling.at_most else None,
        handling.burst.key if handling.burst else None,
        _maybe_micros(delivery.burst_at),
        delivery.act_id,
    )


def _match_values(match: Match) -> Values:
    return {"matching": match.matching._value_, "value": match.value, "field": match.field}


def delivery_of(row: Found[Any]) -> Delivery:
    options = start_options(row.options, _maybe_instant(row.expires_at))
    return Delivery(
        id=DeliveryId(row.id),
        event_id=EventId(row.event_id),
        source=row.source,
        start=_start_of(row, options),
        config_revision=row.config_revision,
        state=_STATES[row.state],
        match_index=row.match_index,
        attempts=row.attempts,
        created_at=instant(row.created_at),
        next_attempt_at=instant(row.next_attempt_at),
        lease_owner=row.lease_owner,
        lease_until=_maybe_instant(row.lease_until),
        outcome=ending_or_outcome(row.outcome) if row.outcome else None,
        reason=row.reason,
        finished_at=_maybe_instant(row.finished_at),
        replay_of=DeliveryId(row.replay_of) if row.replay_of else None,
        failures=row.failures,
        failing_since=_maybe_instant(row.failing_since),
        batch_size=row.batch_size,
        burst_at=_maybe_instant(row.burst_at),
        act_id=row.act_id,
        replayed_as=DeliveryId(row.replayed_as) if row.replayed_as else None,
        trace=options.trace,
    )


def _start_of(row: Found[Any], options: Options) -> ScenarioStart:
    matches = tuple(
        Match(_MATCHINGS[match["matching"]], match["value"], match["field"])
        for match in orjson.loads(row.matches)
    )
    return ScenarioStart(
        rule=row.rule,
        destination=row.destination,
        scenario=row.scenario,
        matches=matches,
        content=orjson.loads(row.content),
        in_doubt=_IN_DOUBT[row.in_doubt],
        target=_TARGETS[row.target],
        fields=options.fields,
        imports=options.imports,
        on_unknown_profile=options.on_unknown_profile,
        handling=options.handling,
    )


ATTEMPT_COLUMNS = (
    "id",
    "delivery_id",
    "at",
    "duration_ms",
    "match_index",
    "outcome",
    "http_status",
    "altcraft_error",
    "error_text",
    "in_doubt",
    "together",
)


def attempt_row(attempt: Attempt) -> Row:
    return (
        attempt.id,
        attempt.delivery_id,
        micros(attempt.at),
        attempt.duration_ms,
        attempt.match_index,
        attempt.outcome.value,
        attempt.http_status,
        attempt.altcraft_error,
        _maybe_storable(attempt.error_text),
        attempt.in_doubt,
        attempt.together,
    )


def attempt_of(row: Found[Any]) -> Attempt:
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
        together=row.together,
    )

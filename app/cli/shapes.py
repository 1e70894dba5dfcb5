"""Events, deliveries and attempts as mappings, for showing."""

from collections.abc import Mapping

import orjson

from app.model.delivery import Attempt, Delivery
from app.model.event import Event
from app.model.json import Json, JsonObject
from app.model.start import Import
from app.shown.handling import handling_words
from app.shown.masking import masked, shown_match


def event_shape(event: Event, *, reveal: bool, whole: bool) -> dict[str, object]:
    shape: dict[str, object] = {
        "id": event.id,
        "source": event.source,
        "received_at": event.received_at,
        "method": event.method,
        "path": event.path,
        "content_type": event.content_type,
        "status": event.status.value,
        "reason": event.reason,
    }
    if whole:
        shape["query"] = event.query if reveal else str(masked(event.query))
        shape["headers"] = dict(event.headers) if reveal else sorted(event.headers)
        shape["body"] = _body(event, reveal=reveal)
    return shape


def _body(event: Event, *, reveal: bool) -> Json:
    try:
        body: Json = orjson.loads(event.body)
    except orjson.JSONDecodeError:
        text = event.body.decode(errors="backslashreplace")
        return text if reveal else masked(text)
    return body if reveal else masked(body)


def delivery_shape(delivery: Delivery, *, reveal: bool) -> dict[str, object]:
    start = delivery.start
    content: Mapping[str, Json] = start.content
    return {
        "id": delivery.id,
        "event_id": delivery.event_id,
        "source": delivery.source,
        "rule": start.rule,
        "destination": start.destination,
        start.target.value: start.scenario,
        "matches": [shown_match(match, reveal=reveal) for match in start.matches],
        "content": content if reveal else masked(content),
        "in_doubt": start.in_doubt.value,
        "on_unknown_profile": start.on_unknown_profile.value,
        "imports": _imports(start.imports, reveal=reveal),
        "fields": _fields(start.fields, reveal=reveal),
        "handling": handling_words(start.handling),
        "state": delivery.state.value,
        "outcome": delivery.outcome.value if delivery.outcome else None,
        "reason": delivery.reason,
        "match_index": delivery.match_index,
        "attempts": delivery.attempts,
        "failures": delivery.failures,
        "config_revision": delivery.config_revision,
        "created_at": delivery.created_at,
        "next_attempt_at": None if delivery.finished_at else delivery.next_attempt_at,
        "finished_at": delivery.finished_at,
        "replay_of": delivery.replay_of,
        "replayed_as": delivery.replayed_as,
        "act_id": delivery.act_id,
    }


def _fields(fields: JsonObject | None, *, reveal: bool) -> Json:
    return fields if reveal or fields is None else masked(fields)


def _imports(imports: Import | None, *, reveal: bool) -> Json:
    if imports is None:
        return None
    when = "always" if imports.is_always else "when no match finds a profile"
    return {"when": when, "fields": _fields(imports.fields, reveal=reveal)}


def attempt_shape(attempt: Attempt) -> dict[str, object]:
    return {
        "id": attempt.id,
        "at": attempt.at,
        "duration_ms": attempt.duration_ms,
        "match_index": attempt.match_index,
        "outcome": attempt.outcome.value,
        "http_status": attempt.http_status,
        "altcraft_error": attempt.altcraft_error,
        "error_text": attempt.error_text,
        "in_doubt": attempt.in_doubt,
        "together": attempt.together,
    }

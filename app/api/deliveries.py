"""`/deliveries`: scenario starts on their way, and each attempt at them."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, cast

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, JsonValue

from app.api.access import Whoever, refusals
from app.desk.asked import DeliveryPage, Page
from app.desk.desk import Desk
from app.desk.refusals import NotFound
from app.model.delivery import Attempt, Delivery, DeliveryId, DeliveryState
from app.model.json import Json
from app.model.outcome import OutcomeKind
from app.model.start import InDoubt, Match, OnUnknownProfile, Target
from app.shown.handling import handling_words
from app.shown.masking import hint, masked, without


class MatchShown(BaseModel):
    """One way to find the profile."""

    matching: str
    field: str | None
    value: JsonValue = Field(description="for a viewer: its ends only")


class ImportShown(BaseModel):
    is_always: bool
    fields: JsonValue


class DeliveryShown(BaseModel):
    """Values of matches, `content`, `fields` and those of `imports` are masked for a viewer."""

    id: str
    event_id: str
    source: str
    rule: str
    destination: str
    target: Target
    scenario: int = Field(description="number of the target")
    matches: list[MatchShown] = Field(description="empty: it was erased")
    content: JsonValue
    fields: JsonValue
    imports: ImportShown | None
    in_doubt: InDoubt
    on_unknown_profile: OnUnknownProfile
    handling: list[str] = Field(description="how it is treated on its way, where not as usual")
    state: DeliveryState
    outcome: str | None
    reason: str | None
    match_index: int
    attempts: int
    failures: int
    config_revision: str
    created_at: datetime
    next_attempt_at: datetime | None = Field(description="null: it ended")
    finished_at: datetime | None
    replay_of: str | None
    replayed_as: str | None
    act_id: str | None
    is_erased: bool


class AttemptShown(BaseModel):
    """One HTTP exchange. `together`: how many starts shared it."""

    id: str
    at: datetime
    duration_ms: int
    match_index: int
    outcome: OutcomeKind
    http_status: int | None
    altcraft_error: int | None
    error_text: str | None
    in_doubt: bool = Field(description="the scenario may have started by it")
    together: int


class Attempts(BaseModel):
    items: list[AttemptShown]


def delivery_routes(desk: Desk) -> APIRouter:
    routes = APIRouter(prefix="/deliveries", tags=["deliveries"])

    @routes.get("", responses=refusals("invalid"))
    async def list_deliveries(
        operator: Whoever, asked: Annotated[DeliveryPage, Query()]
    ) -> Page[DeliveryShown]:
        """The newest first."""
        last = DeliveryId(asked.before) if asked.before else None
        wanted = replace(asked.filter(desk), before=last)
        found = await desk.outbox.look_at_deliveries(wanted, limit=asked.limit)
        shown = [shown_delivery(one, reveal=operator.may_act) for one in found.items]
        return Page(items=shown, next=found.following)

    @routes.get("/{delivery_id}", responses=refusals("not_found"))
    async def show_delivery(operator: Whoever, delivery_id: str) -> DeliveryShown:
        """One scenario start."""
        return shown_delivery(await _found(delivery_id), reveal=operator.may_act)

    @routes.get("/{delivery_id}/attempts", responses=refusals("not_found"))
    async def list_attempts(operator: Whoever, delivery_id: str) -> Attempts:
        """All exchanges made for it, the oldest first."""
        delivery = await _found(delivery_id)
        made = await desk.outbox.attempts(delivery.id)
        hidden = () if operator.may_act else delivery.start.matches
        return Attempts(items=[_shown_attempt(one, hidden) for one in made])

    async def _found(delivery_id: str) -> Delivery:
        found = await desk.outbox.delivery(DeliveryId(delivery_id))
        if found is None:
            raise NotFound("there is no such delivery")
        return found

    return routes


def shown_delivery(delivery: Delivery, *, reveal: bool) -> DeliveryShown:
    start = delivery.start
    imports = start.imports
    return DeliveryShown(
        id=delivery.id,
        event_id=delivery.event_id,
        source=delivery.source,
        rule=start.rule,
        destination=start.destination,
        target=start.target,
        scenario=start.scenario,
        matches=[_shown_match(match, reveal=reveal) for match in start.matches],
        content=_json(start.content, reveal=reveal),
        fields=_json(start.fields, reveal=reveal),
        imports=None
        if imports is None
        else ImportShown(is_always=imports.is_always, fields=_json(imports.fields, reveal=reveal)),
        in_doubt=start.in_doubt,
        on_unknown_profile=start.on_unknown_profile,
        handling=handling_words(start.handling),
        state=delivery.state,
        outcome=delivery.outcome.value if delivery.outcome else None,
        reason=delivery.reason if reveal else without(delivery.reason, start.matches),
        match_index=delivery.match_index,
        attempts=delivery.attempts,
        failures=delivery.failures,
        config_revision=delivery.config_revision,
        created_at=delivery.created_at,
        next_attempt_at=None if delivery.finished_at else delivery.next_attempt_at,
        finished_at=delivery.finished_at,
        replay_of=delivery.replay_of,
        replayed_as=delivery.replayed_as,
        act_id=delivery.act_id,
        is_erased=delivery.is_erased,
    )


def _shown_match(match: Match, *, reveal: bool) -> MatchShown:
    if reveal:
        value = _json(match.value, reveal=True)
    elif isinstance(match.value, str | int):
        value = hint(str(match.value))
    else:
        value = _json(match.value, reveal=False)
    return MatchShown(matching=match.matching.value, field=match.field, value=value)


def _json(given: Json, *, reveal: bool) -> JsonValue:
    return cast("JsonValue", given if reveal else masked(given))


def _shown_attempt(attempt: Attempt, hidden: tuple[Match, ...]) -> AttemptShown:
    return AttemptShown(
        id=attempt.id,
        at=attempt.at,
        duration_ms=attempt.duration_ms,
        match_index=attempt.match_index,
        outcome=attempt.outcome,
        http_status=attempt.http_status,
        altcraft_error=attempt.altcraft_error,
        error_text=without(attempt.error_text, hidden),
        in_doubt=attempt.in_doubt,
        together=attempt.together,
    )

"""One exchange with Altcraft for one delivery, and what is recorded of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random
from typing import Any, assert_never

from app.delivery.verdict import (
    Again,
    Circumstances,
    Dead,
    Done,
    NextMatch,
    RetryPolicy,
    Smaller,
    Spared,
    Verdict,
    decide,
)
from app.kit.ids import new_id
from app.model.delivery import Attempt, AttemptId, Delivery, DeliveryState
from app.model.flow import flow_of
from app.model.outcome import Outcome
from app.outbox import Settlement


def request_id(delivery: Delivery) -> str:
    """Names the attempt to Altcraft's side, so that its log and ours can be held together."""
    return f"{delivery.id}-{delivery.attempts + 1}"


@dataclass(frozen=True, slots=True)
class Exchange:
    """What came of one request, for one of those that shared it."""

    delivery: Delivery
    outcome: Outcome
    started_at: datetime
    together: int = 1
    spares: bool = False


def conclude(
    exchange: Exchange, policy: RetryPolicy, *, now: datetime, rng: Random
) -> tuple[Settlement, Verdict]:
    """The attempt as it is recorded, and what becomes of the delivery."""
    delivery, outcome = exchange.delivery, exchange.outcome
    given = Circumstances(now, spares=exchange.spares, together=exchange.together)
    verdict = decide(outcome, delivery, policy, given, rng)
    attempt = Attempt(
        id=AttemptId(new_id()),
        delivery_id=delivery.id,
        at=exchange.started_at,
        duration_ms=max(0, round((now - exchange.started_at).total_seconds() * 1000)),
        match_index=delivery.match_index,
        outcome=outcome.kind,
        http_status=outcome.http_status,
        altcraft_error=outcome.altcraft_error,
        error_text=outcome.text,
        in_doubt=outcome.in_doubt,
        together=exchange.together,
    )
    following = replace(delivery, outcome=outcome.kind, **_following(delivery, verdict, now))
    return _settlement(delivery, following, attempt), verdict


def give_back(delivery: Delivery) -> Settlement:
    """As if it had not been claimed: it was not sent, and no attempt is counted."""
    return _settlement(delivery, replace(delivery, state=DeliveryState.PENDING), None)


def _following(delivery: Delivery, verdict: Verdict, now: datetime) -> Mapping[str, Any]:
    """What changes of it."""
    waits: dict[str, Any] = {"state": DeliveryState.PENDING, "next_attempt_at": now}
    match verdict:
        case Done():
            # What was noted when it was claimed stays: that its order was given up.
            reason = verdict.reason or delivery.reason
            return {"state": DeliveryState.DONE, "reason": reason, "finished_at": now}
        case Dead():
            return {"state": DeliveryState.DEAD, "reason": verdict.reason, "finished_at": now}
        case NextMatch():
            index = delivery.match_index + 1
            size = delivery.batch_size if index < len(delivery.start.matches) else 1
            return {**waits, "match_index": index, "batch_size": size, "reason": verdict.reason}
        case Smaller():
            return {**waits, "batch_size": verdict.size, "reason": verdict.reason}
        case Spared():
            return {**waits, "next_attempt_at": verdict.at, "reason": verdict.reason}
        case Again():
            return {
                **waits,
                "next_attempt_at": verdict.at,
                "reason": verdict.reason,
                "failures": delivery.failures + 1,
                "failing_since": delivery.failing_since or now,
            }
        case _ as never:
            assert_never(never)


def _settlement(delivery: Delivery, following: Delivery, attempt: Attempt | None) -> Settlement:
    order = delivery.start.handling.order
    return Settlement(
        delivery_id=delivery.id,
        lease_owner=delivery.lease_owner or "",
        attempt=attempt,
        state=following.state,
        match_index=following.match_index,
        next_attempt_at=following.next_attempt_at,
        outcome=following.outcome,
        reason=following.reason,
        finished_at=following.finished_at,
        flow=flow_of(following),
        failures=following.failures,
        failing_since=following.failing_since,
        batch_size=following.batch_size,
        order_key=order.key if order else None,
    )

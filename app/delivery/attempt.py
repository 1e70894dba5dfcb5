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
    changes = _following(delivery, verdict, now)
    return _settlement(delivery, {"outcome": outcome.kind, **changes}, attempt), verdict


def give_back(delivery: Delivery) -> Settlement:
    """As if it had not been claimed: it was not sent, and no attempt is counted."""
    return _settlement(delivery, {"state": DeliveryState.PENDING}, None)


def _following(delivery: Delivery, verdict: Verdict, now: datetime) -> Mapping[str, Any]:
    """What changes of it."""
    waits: dict[str, Any] = {"state": DeliveryState.PENDING, "next_attempt_at": now}
    match verdict:
        case Done():
            # What was noted when it was claimed stays: that its order was given up.
            reason = verdict.reason or delivery.reason
            over = {"finished_at": now, "next_attempt_at": now}
            return {"state": DeliveryState.DONE, "reason": reason, **over}
        case Dead():
            over = {"finished_at": now, "next_attempt_at": now}
            return {"state": DeliveryState.DEAD, "reason": verdict.reason, **over}
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


def _settlement(
    delivery: Delivery, changes: Mapping[str, Any], attempt: Attempt | None
) -> Settlement:
    order = delivery.start.handling.order
    # Only these change the flow, and a copy for nothing costs as much as all the rest here.
    is_moved = "batch_size" in changes
    following = replace(delivery, **changes) if is_moved else delivery
    values = {
        "match_index": delivery.match_index,
        "next_attempt_at": delivery.next_attempt_at,
        "outcome": delivery.outcome,
        "reason": delivery.reason,
        "finished_at": None,
        "failures": delivery.failures,
        "failing_since": delivery.failing_since,
        "batch_size": delivery.batch_size,
    }
    return Settlement(
        delivery_id=delivery.id,
        lease_owner=delivery.lease_owner or "",
        attempt=attempt,
        flow=flow_of(following),
        order_key=order.key if order else None,
        **{**values, **changes},
    )

"""One exchange with Altcraft for one delivery, and what is recorded of it."""

from datetime import datetime
from random import Random
from typing import assert_never

from app.delivery.verdict import Again, Dead, Done, NextMatch, RetryPolicy, Verdict, decide
from app.kit.ids import new_id
from app.model.delivery import Attempt, AttemptId, Delivery, DeliveryState
from app.model.outcome import Outcome
from app.outbox import Settlement


def request_id(delivery: Delivery) -> str:
    """Names the attempt to Altcraft's side, so that its log and ours can be held together."""
    return f"{delivery.id}-{delivery.attempts + 1}"


def conclude(
    delivery: Delivery,
    outcome: Outcome,
    policy: RetryPolicy,
    *,
    started_at: datetime,
    now: datetime,
    rng: Random,
) -> tuple[Settlement, Verdict]:
    """The attempt as it is recorded, and what becomes of the delivery."""
    verdict = decide(outcome, delivery, policy, now=now, rng=rng)
    attempt = Attempt(
        id=AttemptId(new_id()),
        delivery_id=delivery.id,
        at=started_at,
        duration_ms=max(0, round((now - started_at).total_seconds() * 1000)),
        match_index=delivery.match_index,
        outcome=outcome.kind,
        http_status=outcome.http_status,
        altcraft_error=outcome.altcraft_error,
        error_text=outcome.text,
        in_doubt=outcome.in_doubt,
    )
    return _settlement(delivery, attempt, verdict, now), verdict


def give_back(delivery: Delivery) -> Settlement:
    """As if it had not been claimed: it was not sent, and no attempt is counted."""
    return Settlement(
        delivery_id=delivery.id,
        lease_owner=delivery.lease_owner or "",
        attempt=None,
        state=DeliveryState.PENDING,
        match_index=delivery.match_index,
        next_attempt_at=delivery.next_attempt_at,
        outcome=delivery.outcome,
        reason=delivery.reason,
        finished_at=None,
    )


def _settlement(
    delivery: Delivery, attempt: Attempt, verdict: Verdict, now: datetime
) -> Settlement:
    state, due, reason, index = DeliveryState.PENDING, now, None, delivery.match_index
    match verdict:
        case Done():
            state = DeliveryState.DONE
        case Dead():
            state, reason = DeliveryState.DEAD, verdict.reason
        case NextMatch():
            index, reason = index + 1, "the next match is tried"
        case Again():
            due, reason = verdict.at, verdict.reason
        case _ as never:
            assert_never(never)
    is_final = state is not DeliveryState.PENDING
    return Settlement(
        delivery_id=delivery.id,
        lease_owner=delivery.lease_owner or "",
        attempt=attempt,
        state=state,
        match_index=index,
        next_attempt_at=due,
        outcome=attempt.outcome,
        reason=reason,
        finished_at=now if is_final else None,
    )

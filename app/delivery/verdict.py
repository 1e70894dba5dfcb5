"""What follows from an outcome: one table, here.

| outcome                          | verdict                                                  |
| -------------------------------- | -------------------------------------------------------- |
| accepted                         | done                                                     |
| unknown_profile                  | the next match; after the last: dead letter              |
| scenario_unavailable             | dead letter: a person must look                          |
| malformed                        | dead letter: the same again fails the same               |
| token_refused, plan_limit        | again later, within the limits                           |
| throttled                        | again later, not before what the answer asks             |
| temporary, not_sent, unknown_code | again later, within the limits                          |
| in_doubt; unreadable, in doubt   | the rule's `in_doubt`: again later, or hold              |
| unreadable, not in doubt         | again later, within the limits                           |

"Again later" waits by exponential backoff with full jitter, up to a number of tries and an age of
the delivery; whichever is met first makes it a dead letter that says so. "Hold" is a dead letter
for a person to judge.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import TypeAlias, assert_never

from app.kit.backoff import full_jitter, spread
from app.model.delivery import Delivery
from app.model.outcome import Outcome, OutcomeKind
from app.model.start import InDoubt


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`tries` at most, none when the delivery is older than `age_s`; waits grow from `base_s`
    to `cap_s` seconds."""

    tries: int
    age_s: float
    base_s: float
    cap_s: float


@dataclass(frozen=True, slots=True)
class Done:
    pass


@dataclass(frozen=True, slots=True)
class NextMatch:
    pass


@dataclass(frozen=True, slots=True)
class Again:
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Dead:
    reason: str


Verdict: TypeAlias = Done | NextMatch | Again | Dead


def decide(
    outcome: Outcome, delivery: Delivery, policy: RetryPolicy, *, now: datetime, rng: Random
) -> Verdict:
    """`delivery` is as it was claimed: its `attempts` does not count the one that is judged."""
    match outcome.kind:
        case OutcomeKind.ACCEPTED:
            return Done()
        case OutcomeKind.UNKNOWN_PROFILE:
            is_last = delivery.match_index + 1 >= len(delivery.start.matches)
            return Dead("Altcraft knows no such profile by any match") if is_last else NextMatch()
        case OutcomeKind.SCENARIO_UNAVAILABLE:
            return Dead("the scenario does not exist or is not active")
        case OutcomeKind.MALFORMED:
            return Dead("Altcraft could not use the request")
        case OutcomeKind.IN_DOUBT:
            return _doubted(outcome, delivery, policy, now, rng)
        case OutcomeKind.UNREADABLE if outcome.in_doubt:
            return _doubted(outcome, delivery, policy, now, rng)
        case (
            OutcomeKind.TOKEN_REFUSED
            | OutcomeKind.PLAN_LIMIT
            | OutcomeKind.THROTTLED
            | OutcomeKind.TEMPORARY
            | OutcomeKind.NOT_SENT
            | OutcomeKind.UNKNOWN_CODE
            | OutcomeKind.UNREADABLE
        ):
            return _again(outcome, delivery, policy, now, rng)
        case _ as never:
            assert_never(never)


def _doubted(
    outcome: Outcome, delivery: Delivery, policy: RetryPolicy, now: datetime, rng: Random
) -> Verdict:
    if delivery.start.in_doubt is InDoubt.HOLD:
        return Dead("held: it is in doubt whether the scenario started, a person must judge")
    return _again(outcome, delivery, policy, now, rng)


def _again(
    outcome: Outcome, delivery: Delivery, policy: RetryPolicy, now: datetime, rng: Random
) -> Verdict:
    made = delivery.attempts + 1
    if made >= policy.tries:
        return Dead(f"given up after {made} tries")
    wait_s = full_jitter(made, base_s=policy.base_s, cap_s=policy.cap_s, rng=rng)
    if outcome.retry_after_s is not None:
        wait_s = max(wait_s, spread(outcome.retry_after_s, rng=rng))
    at = now + timedelta(seconds=wait_s)
    if at - delivery.created_at > timedelta(seconds=policy.age_s):
        return Dead(f"given up: it would be older than {policy.age_s:g} s")
    return Again(at, f"will be tried again: {outcome.kind.value}")

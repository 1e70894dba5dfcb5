"""What follows from an outcome: one table, here.

| outcome                           | verdict                                    | destination |
| --------------------------------- | ------------------------------------------ | ----------- |
| accepted                          | done                                       | goes on     |
| unknown_profile                   | the next match; then `on_unknown_profile`  | goes on     |
| scenario_unavailable              | dead letter: a person must look            | goes on     |
| malformed                         | dead letter: the same again fails the same | goes on     |
| malformed, said of a whole batch  | again in smaller batches, at last alone    | goes on     |
| token_refused, plan_limit         | waits, counts for nothing                  | stops       |
| token_refused, `error` 403, while other scenarios are accepted | again later   | goes on     |
| throttled                         | waits, counts for nothing                  | stops       |
| temporary, not_sent               | again later                                | may stop    |
| unreadable, not in doubt          | again later                                | may stop    |
| unknown_code                      | again later, named as unknown              | goes on     |
| in_doubt; unreadable, in doubt    | the rule's `in_doubt`: again later, or hold | may stop   |

"Again later" waits by exponential backoff with full jitter, up to a number of tries and a time
since the first failure; whichever is met first makes it a dead letter that says so. What fails as
the probe of a destination that is stopped counts for nothing, unless it is in doubt. "Hold" is a
dead letter for a person to judge. `on_unknown_profile`: `fail` makes a dead letter, `ignore` is
done, `import` creates the profile and starts.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import TypeAlias, assert_never

from app.kit.backoff import full_jitter, spread
from app.model.delivery import Delivery
from app.model.outcome import Outcome, OutcomeKind
from app.model.start import InDoubt, OnUnknownProfile

_SPARED_WAIT_S = 1.0
# By these one bad member may have spoiled a request for all.
_OF_ONE_MEMBER = (OutcomeKind.MALFORMED, OutcomeKind.UNKNOWN_PROFILE, OutcomeKind.UNKNOWN_CODE)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`tries` at most, none when the first failure is older than `age_s`; waits grow from
    `base_s` to `cap_s` seconds."""

    tries: int
    age_s: float
    base_s: float
    cap_s: float


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Of one attempt. `spares`: the destination as a whole does not take starts, which this
    delivery must not pay for. `together`: how many shared the request."""

    now: datetime
    spares: bool = False
    together: int = 1


@dataclass(frozen=True, slots=True)
class Done:
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class NextMatch:
    reason: str


@dataclass(frozen=True, slots=True)
class Smaller:
    """Again at once, with `size` in a request at most."""

    size: int
    reason: str


@dataclass(frozen=True, slots=True)
class Again:
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Spared:
    """Again, and this attempt counts for nothing."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Dead:
    reason: str


Verdict: TypeAlias = Done | NextMatch | Smaller | Again | Spared | Dead


def decide(
    outcome: Outcome, delivery: Delivery, policy: RetryPolicy, given: Circumstances, rng: Random
) -> Verdict:
    """`delivery` is as it was claimed: its counters do not know the attempt that is judged."""
    if outcome.is_of_all and given.together > 1 and outcome.kind in _OF_ONE_MEMBER:
        return _smaller(given.together)
    match outcome.kind:
        case OutcomeKind.ACCEPTED:
            return Done()
        case OutcomeKind.UNKNOWN_PROFILE:
            return _unknown_profile(delivery)
        case OutcomeKind.SCENARIO_UNAVAILABLE:
            return Dead(f"the {_target(delivery)} does not exist or is not active")
        case OutcomeKind.MALFORMED:
            return Dead("Altcraft could not use the request")
        case OutcomeKind.IN_DOUBT:
            return _doubted(outcome, delivery, policy, given, rng)
        case OutcomeKind.UNREADABLE if outcome.in_doubt:
            return _doubted(outcome, delivery, policy, given, rng)
        case (
            OutcomeKind.TOKEN_REFUSED
            | OutcomeKind.PLAN_LIMIT
            | OutcomeKind.THROTTLED
            | OutcomeKind.TEMPORARY
            | OutcomeKind.NOT_SENT
            | OutcomeKind.UNKNOWN_CODE
            | OutcomeKind.UNREADABLE
        ):
            return _again(outcome, delivery, policy, given, rng)
        case _ as never:
            assert_never(never)


def _target(delivery: Delivery) -> str:
    return "trigger mailing" if delivery.start.target.value == "trigger" else "scenario"


def _unknown_profile(delivery: Delivery) -> Verdict:
    start, following = delivery.start, delivery.match_index + 1
    if following < len(start.matches):
        return NextMatch("the next match is tried")
    if start.on_unknown_profile is OnUnknownProfile.IGNORE:
        return Done("Altcraft knows no such profile; the rule lets that pass")
    imports = start.on_unknown_profile is OnUnknownProfile.IMPORT and start.imports is not None
    if imports and following == len(start.matches):
        return NextMatch("no match found a profile: it is created")
    return Dead("Altcraft knows no such profile by any match")


def _smaller(together: int) -> Smaller:
    size = (together + 1) // 2
    return Smaller(size, f"{together} in a request were refused together: {size} at most now")


def _doubted(
    outcome: Outcome, delivery: Delivery, policy: RetryPolicy, given: Circumstances, rng: Random
) -> Verdict:
    if delivery.start.in_doubt is InDoubt.HOLD:
        return Dead("held: it is in doubt whether the scenario started, a person must judge")
    return _counted(outcome, delivery, policy, given, rng)


def _again(
    outcome: Outcome, delivery: Delivery, policy: RetryPolicy, given: Circumstances, rng: Random
) -> Verdict:
    if given.spares:
        # The destination's own wait is kept elsewhere; this one only lets another be the next.
        wait_s = max(_SPARED_WAIT_S, outcome.retry_after_s or 0.0)
        at = given.now + timedelta(seconds=spread(wait_s, rng=rng))
        return Spared(at, f"waits for the destination: {outcome.kind.value}")
    return _counted(outcome, delivery, policy, given, rng)


def _counted(
    outcome: Outcome, delivery: Delivery, policy: RetryPolicy, given: Circumstances, rng: Random
) -> Verdict:
    made = delivery.failures + 1
    if made >= policy.tries:
        return Dead(f"given up after {made} tries")
    wait_s = full_jitter(made, base_s=policy.base_s, cap_s=policy.cap_s, rng=rng)
    if outcome.retry_after_s is not None:
        wait_s = max(wait_s, spread(outcome.retry_after_s, rng=rng))
    at = given.now + timedelta(seconds=wait_s)
    since = delivery.failing_since or given.now
    if at - since > timedelta(seconds=policy.age_s):
        return Dead(f"given up: it would fail for longer than {policy.age_s:g} s")
    return Again(at, f"will be tried again: {outcome.kind.value}")

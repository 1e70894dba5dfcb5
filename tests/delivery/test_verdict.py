"""What follows from each outcome."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.delivery.verdict import Again, Dead, Done, NextMatch, RetryPolicy, Verdict, decide
from app.model.delivery import Delivery
from app.model.outcome import Outcome, OutcomeKind
from app.model.start import InDoubt
from tests.support.values import AT, a_delivery, a_match

POLICY = RetryPolicy(tries=5, age_s=3600, base_s=2, cap_s=60)
DOUBTFUL = Outcome(OutcomeKind.IN_DOUBT, in_doubt=True)


def verdict(
    outcome: Outcome | OutcomeKind,
    delivery: Delivery | None = None,
    *,
    policy: RetryPolicy = POLICY,
    age_s: float = 0,
) -> Verdict:
    outcome = outcome if isinstance(outcome, Outcome) else Outcome(outcome)
    now = AT + timedelta(seconds=age_s)
    return decide(outcome, delivery or a_delivery(), policy, now=now, rng=Random(1))


def test_an_accepted_start_is_done() -> None:
    assert verdict(OutcomeKind.ACCEPTED) == Done()


def test_an_unknown_profile_goes_on_to_the_next_match_and_ends_with_the_last() -> None:
    delivery = a_delivery(matches=[a_match("1"), a_match("2")])

    assert verdict(OutcomeKind.UNKNOWN_PROFILE, delivery) == NextMatch()
    assert isinstance(verdict(OutcomeKind.UNKNOWN_PROFILE, replace(delivery, match_index=1)), Dead)


@pytest.mark.parametrize("kind", [OutcomeKind.SCENARIO_UNAVAILABLE, OutcomeKind.MALFORMED])
def test_what_fails_the_same_again_is_a_dead_letter_at_once(kind: OutcomeKind) -> None:
    assert isinstance(verdict(kind), Dead)


@pytest.mark.parametrize(
    "kind",
    [
        OutcomeKind.TOKEN_REFUSED,
        OutcomeKind.PLAN_LIMIT,
        OutcomeKind.THROTTLED,
        OutcomeKind.TEMPORARY,
        OutcomeKind.NOT_SENT,
        OutcomeKind.UNKNOWN_CODE,
        OutcomeKind.UNREADABLE,
    ],
)
def test_what_may_pass_is_tried_again(kind: OutcomeKind) -> None:
    assert isinstance(verdict(kind), Again)


@pytest.mark.parametrize("kind", [OutcomeKind.IN_DOUBT, OutcomeKind.UNREADABLE])
def test_doubt_is_tried_again_or_held_as_the_rule_says(kind: OutcomeKind) -> None:
    outcome = Outcome(kind, in_doubt=True)

    assert isinstance(verdict(outcome, a_delivery(in_doubt=InDoubt.RETRY)), Again)
    held = verdict(outcome, a_delivery(in_doubt=InDoubt.HOLD))
    assert isinstance(held, Dead)
    assert "a person must judge" in held.reason


def test_doubt_that_asks_to_wait_is_not_tried_again_before() -> None:
    found = verdict(Outcome(OutcomeKind.IN_DOUBT, in_doubt=True, retry_after_s=120))

    assert isinstance(found, Again)
    assert (found.at - AT).total_seconds() >= 120


def test_in_doubt_is_doubt_whatever_else_is_said_of_it() -> None:
    outcome = Outcome(OutcomeKind.IN_DOUBT, in_doubt=False)

    assert isinstance(verdict(outcome, a_delivery(in_doubt=InDoubt.HOLD)), Dead)


def test_a_wait_that_is_asked_for_beyond_the_limit_of_age_ends_it_now() -> None:
    found = verdict(Outcome(OutcomeKind.THROTTLED, retry_after_s=3600), age_s=1)

    assert found == Dead("given up: it would be older than 3600 s")


def test_a_rule_that_holds_tries_again_where_there_is_no_doubt() -> None:
    assert isinstance(verdict(OutcomeKind.NOT_SENT, a_delivery(in_doubt=InDoubt.HOLD)), Again)


def test_the_limit_of_tries_ends_it() -> None:
    assert isinstance(verdict(OutcomeKind.TEMPORARY, a_delivery(attempts=3)), Again)
    assert verdict(OutcomeKind.TEMPORARY, a_delivery(attempts=4)) == Dead("given up after 5 tries")


def test_the_limit_of_age_ends_it() -> None:
    assert isinstance(verdict(OutcomeKind.TEMPORARY, age_s=3590), Again)
    given_up = verdict(OutcomeKind.TEMPORARY, age_s=3601)
    assert isinstance(given_up, Dead)
    assert "older than 3600 s" in given_up.reason


def test_a_throttled_start_waits_at_least_as_long_as_it_was_asked_to() -> None:
    outcome = Outcome(OutcomeKind.THROTTLED, retry_after_s=120)
    waits = [decide(outcome, a_delivery(), POLICY, now=AT, rng=Random(seed)) for seed in range(50)]

    seconds = {(w.at - AT).total_seconds() for w in waits if isinstance(w, Again)}
    assert all(120 <= s <= 144 for s in seconds)
    assert len(seconds) == 50, "those that were throttled together must not come back together"


@given(
    kinds=st.lists(st.sampled_from(OutcomeKind), min_size=1, max_size=400),
    doubts=st.booleans(),
    in_doubt=st.sampled_from(InDoubt),
    matches=st.integers(1, 4),
    seed=st.integers(),
)
@settings(deadline=None)
def test_every_sequence_of_outcomes_ends_or_has_a_next_step_within_the_limits(
    kinds: list[OutcomeKind], doubts: bool, in_doubt: InDoubt, matches: int, seed: int
) -> None:
    rng, now = Random(seed), AT
    delivery = a_delivery(matches=[a_match(n) for n in range(matches)], in_doubt=in_doubt)
    made = 0
    for kind in kinds:
        found = decide(Outcome(kind, in_doubt=doubts), delivery, POLICY, now=now, rng=rng)
        made += 1
        delivery = replace(delivery, attempts=made)
        if isinstance(found, Done | Dead):
            break
        if isinstance(found, NextMatch):
            delivery = replace(delivery, match_index=delivery.match_index + 1)
            assert delivery.match_index < matches
            continue
        assert now <= found.at <= now + timedelta(seconds=POLICY.cap_s)
        now = found.at
    assert made <= POLICY.tries + matches

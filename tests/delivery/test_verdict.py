"""What follows from each outcome."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

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
from app.model.delivery import Delivery
from app.model.outcome import Outcome, OutcomeKind
from app.model.start import Import, InDoubt, OnUnknownProfile
from tests.support.values import AT, a_delivery, a_match

POLICY = RetryPolicy(tries=5, age_s=3600, base_s=2, cap_s=60)


def verdict(
    outcome: Outcome | OutcomeKind,
    delivery: Delivery | None = None,
    *,
    spares: bool = False,
    together: int = 1,
    seed: int = 1,
) -> Verdict:
    outcome = outcome if isinstance(outcome, Outcome) else Outcome(outcome)
    given = Circumstances(AT, spares=spares, together=together)
    return decide(outcome, delivery or a_delivery(), POLICY, given, Random(seed))


def unknown_to_all(then: OnUnknownProfile) -> Delivery:
    """At its only match."""
    delivery = a_delivery()
    imports = Import(False, {}) if then is OnUnknownProfile.IMPORT else None
    start = replace(delivery.start, on_unknown_profile=then, imports=imports)
    return replace(delivery, start=start)


def test_an_accepted_start_is_done() -> None:
    assert verdict(OutcomeKind.ACCEPTED) == Done()


def test_an_unknown_profile_goes_on_to_the_next_match_and_ends_with_the_last() -> None:
    delivery = a_delivery(matches=[a_match("1"), a_match("2")])

    assert isinstance(verdict(OutcomeKind.UNKNOWN_PROFILE, delivery), NextMatch)
    assert isinstance(verdict(OutcomeKind.UNKNOWN_PROFILE, replace(delivery, match_index=1)), Dead)


def test_a_profile_that_no_match_finds_is_let_pass_when_the_rule_says_ignore() -> None:
    found = verdict(OutcomeKind.UNKNOWN_PROFILE, unknown_to_all(OnUnknownProfile.IGNORE))

    assert isinstance(found, Done)
    assert "lets that pass" in (found.reason or "")


def test_a_profile_that_no_match_finds_is_created_once_when_the_rule_says_import() -> None:
    delivery = unknown_to_all(OnUnknownProfile.IMPORT)

    assert isinstance(verdict(OutcomeKind.UNKNOWN_PROFILE, delivery), NextMatch)
    created = replace(delivery, match_index=1)
    assert created.imports
    assert isinstance(verdict(OutcomeKind.UNKNOWN_PROFILE, created), Dead)


@pytest.mark.parametrize("kind", [OutcomeKind.SCENARIO_UNAVAILABLE, OutcomeKind.MALFORMED])
def test_what_fails_the_same_again_is_a_dead_letter_at_once(kind: OutcomeKind) -> None:
    assert isinstance(verdict(kind), Dead)


def test_a_batch_that_is_refused_whole_goes_on_in_halves() -> None:
    found = verdict(Outcome(OutcomeKind.MALFORMED, is_of_all=True), together=5)

    assert isinstance(found, Smaller)
    assert found.size == 3


def test_a_member_of_a_batch_that_is_refused_by_itself_is_a_dead_letter() -> None:
    assert isinstance(verdict(OutcomeKind.MALFORMED, together=5), Dead)


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
def test_what_may_pass_is_tried_again_and_spared_where_the_destination_is_at_fault(
    kind: OutcomeKind,
) -> None:
    assert isinstance(verdict(kind), Again)
    assert isinstance(verdict(kind, spares=True), Spared)


def test_what_is_spared_outlives_every_limit() -> None:
    old = replace(a_delivery(), failures=4, failing_since=AT - timedelta(days=9))

    assert isinstance(verdict(OutcomeKind.TOKEN_REFUSED, old, spares=True), Spared)


@pytest.mark.parametrize("kind", [OutcomeKind.IN_DOUBT, OutcomeKind.UNREADABLE])
def test_doubt_is_tried_again_or_held_as_the_rule_says_and_never_spared(kind: OutcomeKind) -> None:
    outcome = Outcome(kind, in_doubt=True)

    assert isinstance(verdict(outcome, a_delivery(in_doubt=InDoubt.RETRY), spares=True), Again)
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


def test_a_rule_that_holds_tries_again_where_there_is_no_doubt() -> None:
    assert isinstance(verdict(OutcomeKind.NOT_SENT, a_delivery(in_doubt=InDoubt.HOLD)), Again)


def test_the_limit_of_tries_ends_it() -> None:
    made = replace(a_delivery(), failures=3)

    assert isinstance(verdict(OutcomeKind.TEMPORARY, made), Again)
    assert verdict(OutcomeKind.TEMPORARY, replace(made, failures=4)) == Dead(
        "given up after 5 tries"
    )


def test_the_limit_of_age_counts_from_the_first_failure() -> None:
    old = replace(a_delivery(), created_at=AT - timedelta(days=9))

    assert isinstance(verdict(OutcomeKind.TEMPORARY, old), Again)
    failing = replace(old, failing_since=AT - timedelta(seconds=3601))
    found = verdict(OutcomeKind.TEMPORARY, failing)
    assert isinstance(found, Dead)
    assert "longer than 3600 s" in found.reason


def test_a_throttled_start_waits_at_least_as_long_as_it_was_asked_to() -> None:
    outcome = Outcome(OutcomeKind.THROTTLED, retry_after_s=120)
    waits = [verdict(outcome, spares=True, seed=seed) for seed in range(50)]

    seconds = {(w.at - AT).total_seconds() for w in waits if isinstance(w, Spared)}
    assert all(120 <= s <= 144 for s in seconds)
    assert len(seconds) == 50, "those that were throttled together must not come back together"

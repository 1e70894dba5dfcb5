"""When a destination takes no starts, and how that is found out to be over."""

from itertools import pairwise
from random import Random

import pytest

from app.delivery.gate import Gate, Stop
from app.model.outcome import Outcome, OutcomeKind
from tests.support.clock import ManualClock

THREE, FOUR = ("scenario", 3), ("scenario", 4)
REFUSED = Outcome(OutcomeKind.TOKEN_REFUSED, altcraft_error=401)
NO_RIGHTS = Outcome(OutcomeKind.TOKEN_REFUSED, altcraft_error=403)
BROKEN = Outcome(OutcomeKind.TEMPORARY)
ACCEPTED = Outcome(OutcomeKind.ACCEPTED)


@pytest.fixture
def gate(clock: ManualClock) -> Gate:
    return Gate(clock, Random(1))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def note(gate: Gate, *outcomes: Outcome, target: object = THREE) -> None:
    for outcome in outcomes:
        gate.note(outcome, target, is_probe=False)


def probe(gate: Gate, clock: ManualClock, outcome: Outcome) -> None:
    """As soon as one is due."""
    clock.pass_s(gate.ready_in_s())
    assert gate.room() == 1
    gate.begin_probe()
    gate.note(outcome, THREE, is_probe=True)


@pytest.mark.parametrize(
    "outcome", [REFUSED, NO_RIGHTS, Outcome(OutcomeKind.PLAN_LIMIT), Outcome(OutcomeKind.THROTTLED)]
)
def test_a_refusal_of_everything_stops_it_at_once(gate: Gate, outcome: Outcome) -> None:
    note(gate, outcome)

    assert gate.room() == 0
    assert gate.stop is not None
    assert gate.stop.cause is outcome.kind


def test_no_rights_to_one_scenario_do_not_stop_the_others(gate: Gate) -> None:
    note(gate, ACCEPTED, target=FOUR)
    note(gate, NO_RIGHTS, target=THREE)

    assert gate.is_open
    assert not gate.spares(NO_RIGHTS, THREE, is_probe=False)


def test_no_rights_to_what_was_accepted_before_stop_it(gate: Gate) -> None:
    note(gate, ACCEPTED, NO_RIGHTS)

    assert not gate.is_open


def test_what_breaks_stops_it_when_it_goes_on_breaking(gate: Gate) -> None:
    note(gate, *[BROKEN] * 4, ACCEPTED, *[BROKEN] * 4)
    assert gate.is_open

    note(gate, BROKEN)

    assert not gate.is_open


def test_what_breaks_every_other_time_stops_it_too(gate: Gate) -> None:
    note(gate, *[ACCEPTED, BROKEN] * 10)

    assert not gate.is_open


@pytest.mark.parametrize(
    "kind",
    [OutcomeKind.UNKNOWN_PROFILE, OutcomeKind.SCENARIO_UNAVAILABLE, OutcomeKind.MALFORMED],
)
def test_what_is_wrong_with_one_start_never_stops_it(gate: Gate, kind: OutcomeKind) -> None:
    note(gate, *[Outcome(kind)] * 100)

    assert gate.is_open


def test_one_probe_at_a_time_and_later_each_time(gate: Gate, clock: ManualClock) -> None:
    note(gate, REFUSED)
    waits = []
    for _ in range(10):
        waits.append(gate.ready_in_s())
        clock.pass_s(gate.ready_in_s())
        assert gate.room() == 1
        gate.begin_probe()
        assert gate.room() == 0
        gate.note(REFUSED, THREE, is_probe=True)

    assert 5 <= waits[0] <= 6
    assert all(later > wait for wait, later in pairwise(waits[:6]))
    assert 300 <= waits[-1] <= 360


@pytest.mark.parametrize("outcome", [ACCEPTED, Outcome(OutcomeKind.UNKNOWN_PROFILE)])
def test_a_probe_that_is_answered_as_usual_lets_everything_go_on(
    gate: Gate, clock: ManualClock, outcome: Outcome
) -> None:
    note(gate, REFUSED)

    probe(gate, clock, outcome)

    assert gate.is_open
    assert gate.room() is None


def test_a_probe_that_is_not_sent_makes_room_for_another(gate: Gate, clock: ManualClock) -> None:
    note(gate, REFUSED)
    clock.pass_s(gate.ready_in_s())
    gate.begin_probe()

    gate.withdraw()

    assert gate.room() == 1


def test_answers_to_what_was_sent_before_the_stop_do_not_end_it(gate: Gate) -> None:
    note(gate, REFUSED, ACCEPTED, BROKEN)

    assert gate.stop is not None
    assert gate.stop.cause is OutcomeKind.TOKEN_REFUSED


def test_it_waits_as_long_as_it_is_asked_to(gate: Gate, clock: ManualClock) -> None:
    note(gate, Outcome(OutcomeKind.THROTTLED, retry_after_s=30))
    assert 30 <= gate.ready_in_s() <= 36

    note(gate, Outcome(OutcomeKind.THROTTLED, retry_after_s=90))

    assert 90 <= gate.ready_in_s() <= 108


def test_starts_do_not_pay_for_what_is_the_destinations(gate: Gate) -> None:
    assert gate.spares(REFUSED, THREE, is_probe=False)
    assert gate.spares(Outcome(OutcomeKind.THROTTLED), THREE, is_probe=False)
    assert not gate.spares(BROKEN, THREE, is_probe=False)
    assert gate.spares(BROKEN, THREE, is_probe=True)
    assert not gate.spares(Outcome(OutcomeKind.IN_DOUBT, in_doubt=True), THREE, is_probe=True)


def test_a_stop_that_another_worker_found_holds_here_too_until_it_ends_there(gate: Gate) -> None:
    note(gate, *[BROKEN] * 4)

    gate.adopt(Stop(OutcomeKind.PLAN_LIMIT, since=0, probe_at=2000))
    assert gate.room() == 0
    gate.adopt(None)

    assert gate.room() is None
    note(gate, BROKEN)
    assert gate.is_open, "what broke before the stop counts no more"

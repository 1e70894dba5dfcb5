"""Which fault befalls which request."""

from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from app.sandbox.faults import Fault, FaultKind, Faults
from tests.support.clock import ManualClock

START = "workflows/start"


def in_force(*faults: Fault, clock: ManualClock | None = None, seed: int = 1) -> Faults:
    made = Faults(clock or ManualClock(), Random(seed))
    made.put(faults)
    return made


def hits(faults: Faults, count: int, *, method: str = START, scenario: int = 3) -> list[bool]:
    return [bool(faults.next(method, scenario)) for _ in range(count)]


def test_a_fault_lasts_until_it_is_taken_away() -> None:
    faults = in_force(Fault(kind=FaultKind.HTML))

    before = hits(faults, 3)
    faults.put([])

    assert (before, hits(faults, 1)) == ([True] * 3, [False])


def test_a_fault_that_is_limited_goes_when_it_is_used_up() -> None:
    faults = in_force(Fault(kind=FaultKind.HTML, times=2))

    first = hits(faults, 1)
    left = [fault.times for fault in faults.in_force]

    assert (first, left, hits(faults, 2)) == ([True], [1], [True, False])
    assert faults.in_force == ()


def test_a_fault_put_twice_is_counted_twice() -> None:
    fault = Fault(kind=FaultKind.HTML, times=1)

    faults = in_force(fault, fault)

    assert hits(faults, 3) == [True, True, False]


def test_of_two_faults_the_earlier_hits_and_the_later_follows() -> None:
    faults = in_force(Fault(kind=FaultKind.HTML, times=1), Fault(kind=FaultKind.ERROR))

    kinds = [[fault.kind for fault in faults.next(START, 3)] for _ in range(2)]

    assert kinds == [[FaultKind.HTML], [FaultKind.ERROR]]


def test_delays_add_to_each_other_and_to_one_other_fault() -> None:
    faults = in_force(
        Fault(kind=FaultKind.DELAY, seconds=1),
        Fault(kind=FaultKind.HTML),
        Fault(kind=FaultKind.ERROR),
        Fault(kind=FaultKind.DELAY, seconds=2),
    )

    found = [fault.kind for fault in faults.next(START, 3)]

    assert found == [FaultKind.DELAY, FaultKind.HTML, FaultKind.DELAY]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [({"scenario": 3}, True), ({"scenario": 4}, False), ({"method": START}, True),
     ({"method": "workflows/list"}, False)],
)  # fmt: skip
def test_a_fault_may_be_for_one_scenario_or_one_method(
    limits: dict[str, Any], expected: bool
) -> None:
    faults = in_force(Fault(kind=FaultKind.HTML, **limits))

    assert hits(faults, 1) == [expected]


def test_a_refusal_is_chosen_before_reading_and_never_after() -> None:
    faults = in_force(Fault(kind=FaultKind.REFUSE, method=START))

    assert faults.refusal("workflows/list") is None
    assert faults.refusal(START) is not None
    assert faults.next(START, 3) == []


def test_chance_is_the_same_of_the_same_seed() -> None:
    fault = Fault(kind=FaultKind.HTML, probability=0.3)

    first, again, other = (hits(in_force(fault, seed=seed), 1000) for seed in (1, 1, 2))

    assert first == again != other
    assert 250 < sum(first) < 350


def test_a_rate_limit_lets_a_burst_through_and_then_its_pace() -> None:
    clock = ManualClock()
    fault = Fault(kind=FaultKind.RATE_LIMIT, per_second=2, burst=3)
    faults = in_force(fault, clock=clock)

    at_once = hits(faults, 4)
    clock.pass_s(0.5)
    after_half_a_second = hits(faults, 2)
    clock.pass_s(3600)
    after_a_rest = hits(faults, 4)

    assert at_once == [False, False, False, True]
    assert after_half_a_second == [False, True]
    assert after_a_rest == [False, False, False, True]


def test_rate_limits_do_not_share_what_they_let_through() -> None:
    by_scenario = [
        Fault(kind=FaultKind.RATE_LIMIT, per_second=1, burst=1, scenario=scenario)
        for scenario in (3, 4)
    ]
    faults = in_force(*by_scenario)

    assert hits(faults, 2, scenario=3) == [False, True]
    assert hits(faults, 2, scenario=4) == [False, True]


@pytest.mark.parametrize(
    "wrong",
    [{"kind": "fire"}, {"kind": "html", "times": 0}, {"kind": "html", "probability": 1.5},
     {"kind": "delay", "seconds": -1}, {"kind": "http_status", "status": 99},
     {"kind": "error", "code": 0}, {"kind": "html", "time": 1},
     {"kind": "refuse", "scenario": 3}],
)  # fmt: skip
def test_a_fault_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Fault.model_validate(wrong)

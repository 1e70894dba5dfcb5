"""Not faster than stated."""

from hypothesis import given
from hypothesis import strategies as st

from app.delivery.pace import Pace
from tests.support.clock import ManualClock


def test_without_a_rate_all_may_start() -> None:
    assert Pace(None, ManualClock()).available(100) == 100


@given(
    per_second=st.floats(0.1, 1000),
    steps=st.lists(st.tuples(st.floats(0, 2), st.integers(1, 64)), max_size=60),
)
def test_in_any_time_no_more_start_than_the_rate_and_the_burst_allow(
    per_second: float, steps: list[tuple[float, int]]
) -> None:
    clock = ManualClock()
    pace = Pace(per_second, clock)
    started, passed = 0, 0.0
    for wait_s, wanted in steps:
        clock.pass_s(wait_s)
        passed += wait_s
        count = pace.available(wanted)
        pace.take(count)
        started += count

    assert started <= passed * per_second + max(1.0, per_second / 10) + 1e-6


def test_it_says_when_the_next_may_start() -> None:
    clock = ManualClock()
    pace = Pace(10, clock)
    pace.take(pace.available(5))

    assert pace.available(1) == 0
    clock.pass_s(pace.ready_in_s())
    assert pace.available(1) == 1

"""Not faster than stated, slower when that is too much, and back again."""

from hypothesis import given
from hypothesis import strategies as st

from app.kit.bucket import Bucket


class Meter:
    """Takes all that a bucket gives while time passes."""

    def __init__(self, most: float | None) -> None:
        self.now_s = 1000.0
        self.bucket = Bucket.full(most, self.now_s)

    def take(self, wanted: int) -> int:
        self.bucket = self.bucket.filled(self.now_s)
        count = self.bucket.available(wanted)
        self.bucket = self.bucket.taken(count)
        return count

    def take_for(self, seconds: float) -> int:
        count = 0
        for _ in range(round(seconds * 100)):
            self.now_s += 0.01
            count += self.take(64)
        return count

    def slow_down(self, asked: float) -> None:
        self.bucket = self.bucket.filled(self.now_s).slowed(self.now_s, asked)


def test_without_a_rate_all_may_go() -> None:
    assert Bucket.full(None, 0).available(100) == 100


@given(
    per_second=st.floats(0.1, 1000),
    steps=st.lists(st.tuples(st.floats(0, 2), st.integers(1, 64)), max_size=60),
)
def test_in_any_time_no_more_go_than_the_rate_and_the_burst_allow(
    per_second: float, steps: list[tuple[float, int]]
) -> None:
    meter, gone, passed = Meter(per_second), 0, 0.0
    for wait_s, wanted in steps:
        meter.now_s += wait_s
        passed += wait_s
        gone += meter.take(wanted)

    assert gone <= passed * per_second + max(1.0, per_second / 5) + 1e-6


@given(per_second=st.floats(0.1, 1000), wanted=st.integers(1, 64))
def test_it_says_when_the_next_may_go(per_second: float, wanted: int) -> None:
    meter = Meter(per_second)
    while meter.take(64):
        pass

    meter.now_s = meter.bucket.ready_at_s(wanted) + 1e-6

    assert meter.take(wanted) >= 1


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    meter = Meter(10)
    meter.take(64)

    meter.now_s -= 60
    assert meter.take(64) == 0
    meter.now_s += 60

    assert meter.take(64) == 0


def test_a_rate_that_was_too_much_is_halved_and_comes_back_slowly() -> None:
    meter = Meter(100)
    assert 90 <= meter.take_for(1) <= 120

    meter.slow_down(100)
    slow = meter.take_for(1)
    meter.take_for(15)

    assert 40 <= slow <= 60
    assert 90 <= meter.take_for(1) <= 110


def test_without_a_rate_there_is_one_while_it_is_too_much() -> None:
    meter = Meter(None)

    meter.slow_down(80)

    assert meter.bucket.limit is not None
    assert 30 <= meter.bucket.limit <= 50
    meter.take_for(60)
    assert meter.bucket.limit is None


def test_answers_to_what_went_before_slow_it_down_once() -> None:
    meter = Meter(100)
    meter.take_for(2)

    for _ in range(20):
        meter.slow_down(100)

    assert meter.bucket.limit is not None
    assert meter.bucket.limit >= 40

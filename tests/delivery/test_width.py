"""How many requests at once, and how fast: less when the destination can't keep up."""

from app.delivery.width import Width
from tests.support.clock import ManualClock


def answer(width: Width, clock: ManualClock, duration_s: float, count: int) -> None:
    for _ in range(count):
        clock.pass_s(0.1)
        width.answered(duration_s)


def test_what_breaks_halves_it_once_a_second() -> None:
    clock = ManualClock()
    width = Width(16, clock)

    for _ in range(5):
        width.broke()
    assert width.current == 8
    clock.pass_s(1)
    width.broke()

    assert width.current == 4


def test_it_never_closes_altogether() -> None:
    clock = ManualClock()
    width = Width(2, clock)
    for _ in range(10):
        clock.pass_s(1)
        width.broke()

    assert width.current == 1


def test_answers_that_become_slow_narrow_it_and_quick_ones_widen_it_again() -> None:
    clock = ManualClock()
    width = Width(16, clock)
    answer(width, clock, 0.05, 40)

    answer(width, clock, 2.0, 60)
    narrow = width.current
    answer(width, clock, 0.05, 400)

    assert narrow < 10
    assert width.current == 16


def test_after_a_stop_it_opens_step_by_step() -> None:
    clock = ManualClock()
    width = Width(16, clock)

    width.restart()
    seen = [width.current]
    for _ in range(8):
        width.answered(0.05)
        seen.append(width.current)

    assert seen[:4] == [1, 2, 3, 4]
    assert seen[-1] == 8

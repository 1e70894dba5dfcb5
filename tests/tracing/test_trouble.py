"""What goes wrong with traces is told once, and gives nothing away."""

import logging
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from app.tracing.trouble import LibraryLines, Trouble
from tests.support.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def told(act: Callable[[], object]) -> list[tuple[str, str | None]]:
    with capture_logs() as lines:
        act()
    return [(line["event"], line.get("cause")) for line in lines]


def test_each_cause_is_told_once_and_again_after_an_hour(clock: ManualClock) -> None:
    trouble = Trouble(clock)

    def fail() -> None:
        for cause in ("HTTP 401", "HTTP 401", "ConnectionError", "HTTP 401"):
            trouble.not_exported(cause)

    first = told(fail)
    soon = told(fail)
    clock.pass_s(3601)
    later = told(fail)

    both = [("traces.not_exported", "HTTP 401"), ("traces.not_exported", "ConnectionError")]
    assert (first, soon, later) == (both, [], both)


def test_a_collector_that_comes_and_goes_floods_no_log(clock: ManualClock) -> None:
    trouble = Trouble(clock)

    def flap() -> None:
        for _ in range(100):
            trouble.not_exported("HTTP 503")
            trouble.is_over()

    assert told(flap) == [("traces.not_exported", "HTTP 503"), ("traces.exported_again", None)]


def test_causes_without_end_are_not_remembered_without_end(clock: ManualClock) -> None:
    trouble = Trouble(clock)

    def fail() -> None:
        for number in range(1000):
            trouble.not_exported(str(number))

    assert len(told(fail)) == 100


def test_a_line_of_the_library_is_told_without_what_it_fills_in(clock: ManualClock) -> None:
    lines = LibraryLines(Trouble(clock))
    secret = logging.LogRecord(
        "opentelemetry.util.re", logging.WARNING, "", 0, "Header wrong: %s", ("api-key=x",), None
    )
    of_export = logging.LogRecord(
        "opentelemetry.exporter.otlp", logging.ERROR, "", 0, "reason: %s", ("x",), None
    )

    found = told(lambda: [lines.handle(secret), lines.handle(of_export)])

    assert found == [("traces.trouble", "Header wrong: %s")]

"""When quiet hours are over."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.quiet import end_of_quiet

MOSCOW = "Europe/Moscow"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-01-01T18:59:59", None),
        ("2026-01-01T19:00:00", "2026-01-02T05:00:00"),
        ("2026-01-01T23:30:00", "2026-01-02T05:00:00"),
        ("2026-01-02T04:59:59", "2026-01-02T05:00:00"),
        ("2026-01-02T05:00:00", None),
    ],
)
def test_the_night_is_that_of_the_time_zone(now: str, end: str | None) -> None:
    found = end_of_quiet(at(now), 22 * 60, 8 * 60, MOSCOW)

    assert found == (at(end) if end else None)


def test_hours_within_a_day_end_on_that_day() -> None:
    assert end_of_quiet(at("2026-01-01T12:30:00"), 720, 840, "UTC") == at("2026-01-01T14:00:00")


def test_the_end_is_by_the_clock_on_the_wall_when_the_clock_is_changed() -> None:
    # Berlin goes from +1 to +2 in this night.
    found = end_of_quiet(at("2026-03-28T22:00:00"), 22 * 60, 8 * 60, "Europe/Berlin")

    assert found == at("2026-03-29T06:00:00")


@given(
    now=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds
    hours=st.lists(st.integers(0, 1439), min_size=2, max_size=2, unique=True),
    zone=st.sampled_from([MOSCOW, "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
)
def test_the_end_lies_ahead_and_within_two_days(now: datetime, hours: list[int], zone: str) -> None:
    end = end_of_quiet(now, hours[0], hours[1], zone)

    assert end is None or now < end <= now + timedelta(days=2)

"""Durations, sizes and paces as people write them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.kit.durations import duration_text, per_second, seconds, size_bytes, size_text

_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
# Four of them are no longer than the longest duration.
_PARTS = st.tuples(st.integers(0, 900), st.sampled_from(sorted(_UNITS_S)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("500ms", 0.5),
        ("0s", 0),
        ("30s", 30),
        ("1.5m", 90),
        ("15m", 900),
        ("24h", 86_400),
        ("1h30m", 5400),
        ("7d", 604_800),
        ("3650d", 3650 * 86_400),
    ],
)
def test_a_duration_is_read_in_seconds(text: str, expected: float) -> None:
    assert seconds(text) == expected


@given(parts=st.lists(_PARTS, min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_a_run_of_durations_is_their_sum(parts: list[tuple[int, str]]) -> None:
    text = "".join(f"{count}{unit}" for count, unit in parts)

    assert seconds(text) == pytest.approx(sum(count * _UNITS_S[unit] for count, unit in parts))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "30",
        "s",
        "-1s",
        "1 s",
        "1S",
        "1min",
        "1h 30m",
        "1e3s",
        ".5s",
        "5.s",
        "1s\n",
        "٣s",
        "1,5s",
    ],
)
def test_what_is_no_duration_is_refused_with_what_is_expected(text: str) -> None:
    with pytest.raises(ValueError, match='expected a duration such as "500ms"'):
        seconds(text)


@pytest.mark.parametrize("text", ["3651d", "999999999999999d", "87601h"])
def test_a_duration_that_no_instant_can_take_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="at most 3650d"):
        seconds(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("512B", 512), ("64KiB", 65_536), ("1MiB", 1_048_576), ("1.5 KiB", 1536), ("2KB", 2000),
     ("3MB", 3_000_000), ("1GiB", 1024**3)],
)  # fmt: skip
def test_a_size_is_read_in_bytes(text: str, expected: int) -> None:
    assert size_bytes(text) == expected


@pytest.mark.parametrize(
    "text", ["", "1", "1K", "1kb", "-1B", "1TiB", "MiB", "1MiB ", "9" * 400 + "B"]
)
def test_what_is_no_size_is_refused_with_what_is_expected(text: str) -> None:
    with pytest.raises(ValueError, match='expected a size such as "512B"'):
        size_bytes(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("50/s", 50), ("600/m", 10), ("1800/h", 0.5), ("0.5 / s", 0.5)]
)
def test_a_pace_is_read_a_second(text: str, expected: float) -> None:
    assert per_second(text) == expected


@pytest.mark.parametrize("text", ["", "50", "0/s", "0.0/h", "-1/s", "50/d", "50/ms", "/s", "1/s/s"])
def test_what_is_no_pace_above_zero_is_refused_with_what_is_expected(text: str) -> None:
    with pytest.raises(ValueError, match='expected a pace above zero such as "50/s"'):
        per_second(text)


@given(text=st.text(max_size=12) | st.from_regex(r"[0-9.]{0,30}[a-zA-Z/]{0,3}", fullmatch=True))
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_or_refused_and_nothing_else(text: str) -> None:
    for read in (seconds, size_bytes, per_second):
        found, refused = 0.0, ""
        try:
            found = read(text)
        except ValueError as error:
            refused = str(error)

        assert 0 <= found < float("inf")
        assert refused == "" or refused.startswith("expected a ")


@given(milliseconds=st.integers(0, 3650 * 86_400_000))
@settings(max_examples=100, deadline=None)
def test_a_written_duration_reads_as_the_same(milliseconds: int) -> None:
    length_s = milliseconds / 1000

    assert seconds(duration_text(length_s)) == pytest.approx(length_s, rel=1e-5)


@given(count=st.integers(0, 2**45))
@settings(max_examples=100, deadline=None)
def test_a_written_size_reads_as_the_same(count: int) -> None:
    assert size_bytes(size_text(count)) == count


def test_durations_and_sizes_are_written_short() -> None:
    assert [duration_text(s) for s in (0, 0.5, 15, 60, 90, 900, 5400, 86_400)] == [
        "0ms", "500ms", "15s", "1m", "90s", "15m", "90m", "1d",
    ]  # fmt: skip
    assert [size_text(n) for n in (0, 512, 1000, 1024, 1024**2)] == [
        "0B", "512B", "1000B", "1KiB", "1MiB",
    ]  # fmt: skip

"""Ids, what somebody may have meant, where an error came from, the clock, charsets."""

import uuid
from datetime import UTC

import pytest

from app.kit.charsets import codec_name
from app.kit.clock import SystemClock
from app.kit.errors import BridgeError, raised_at
from app.kit.ids import new_id
from app.kit.nearest import did_you_mean, nearest


def test_ids_are_uuids_of_version_7_and_sort_by_their_making() -> None:
    made = [new_id() for _ in range(1000)]

    assert made == sorted(made)
    assert len(set(made)) == 1000
    assert uuid.UUID(made[0]).version == 7
    assert str(uuid.UUID(made[0])) == made[0]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("boddy", "body"), ("heders", "headers"), ("body", "body"), ("xyz", None), ("", None)],
)
def test_the_nearest_name_is_one_that_is_alike(name: str, expected: str | None) -> None:
    assert nearest(name, ("body", "headers", "query")) == expected


def test_a_question_is_asked_only_where_something_is_alike() -> None:
    assert did_you_mean("boddy", ["body"]) == 'did you mean "body"?'
    assert did_you_mean("qwerty", ["body"]) is None
    assert did_you_mean("body", []) is None


def test_an_error_tells_where_it_was_raised_without_its_text() -> None:
    with pytest.raises(BridgeError) as caught:
        raise BridgeError("ivan@example.com")

    assert raised_at(caught.value).startswith("test_names.py:")
    assert raised_at(BridgeError("never raised")) == "unknown"


def test_the_clock_tells_utc_and_never_goes_back() -> None:
    clock = SystemClock()
    before = clock.monotonic()

    assert clock.now().tzinfo is UTC
    assert clock.monotonic() >= before


@pytest.mark.parametrize(
    ("charset", "codec"),
    [("UTF-8", "utf-8"), ("windows-1251", "cp1251"), ("KOI8-R", "koi8-r"), ("latin1", "iso8859-1")],
)
def test_a_charset_is_known_by_its_usual_names(charset: str, codec: str) -> None:
    assert codec_name(charset) == codec


@pytest.mark.parametrize(
    "charset", ["", "zip", "hex", "rot13", "idna", "punycode", "utf-9", "a\0b"]
)
def test_a_codec_that_is_no_charset_is_not_known(charset: str) -> None:
    assert codec_name(charset) is None

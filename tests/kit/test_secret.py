"""A secret is seen by nobody who does not ask for it."""

import traceback
from dataclasses import asdict, dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.kit.secret import Secret

TEXT = "hunter2-of-the-tests"


@dataclass(frozen=True, slots=True)
class Holder:
    name: str
    token: Secret


@pytest.mark.parametrize(
    "shown",
    [
        repr(Secret(TEXT)),
        str(Secret(TEXT)),
        f"{Secret(TEXT)} {Secret(TEXT)!r} {Secret(TEXT)!s} {Secret(TEXT)!a}",
        format(Secret(TEXT)),
        "%s %r" % (Secret(TEXT), Secret(TEXT)),  # noqa: UP031 - this way is to be tried, too
        repr([Secret(TEXT)]),
        repr({"token": Secret(TEXT)}),
        repr(Holder("main", Secret(TEXT))),
        str(asdict(Holder("main", Secret(TEXT)))),
        repr(ValueError(Secret(TEXT))),
        str(ValueError(Secret(TEXT))),
    ],
)
def test_no_way_to_show_it_shows_it(shown: str) -> None:
    assert TEXT not in shown
    assert "***" in shown


def test_a_width_is_refused_without_showing_it() -> None:
    with pytest.raises(TypeError) as refused:
        format(Secret(TEXT), ">40")

    assert TEXT not in str(refused.value)


def test_a_traceback_with_local_values_does_not_show_it() -> None:
    def fails(token: Secret) -> None:
        raise ValueError(f"can't use {token}")

    try:
        fails(Secret(TEXT))
    except ValueError as error:
        shown = "".join(
            traceback.TracebackException.from_exception(error, capture_locals=True).format()
        )

    assert "Secret(***)" in shown
    assert TEXT not in shown


def test_it_holds_no_attributes_to_be_dumped() -> None:
    assert not hasattr(Secret(TEXT), "__dict__")


def test_it_is_revealed_when_asked_for() -> None:
    assert Secret(TEXT).reveal() == TEXT


@given(text=st.text(), other=st.text())
@settings(max_examples=100, deadline=None)
def test_it_equals_its_own_text_alone(text: str, other: str) -> None:
    secret = Secret(text)

    assert secret.equals(other) == (text == other)
    assert secret.equals(text)
    assert secret.equals(text.encode())
    assert (secret == Secret(other)) == (text == other)
    assert secret != text


def test_equal_secrets_are_one_in_a_set() -> None:
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2


def test_a_candidate_that_is_no_text_at_all_is_merely_wrong() -> None:
    assert not Secret("a").equals("\ud800")
    assert not Secret("a").equals(b"\xff\xfe")

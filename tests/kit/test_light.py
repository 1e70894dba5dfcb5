"""Values that are made for every call."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.light import light, maker


@light
class Thing:
    name: str
    size: int = 3
    parts: dict[str, int] = field(default_factory=dict)
    note: str | None = None


make_thing = maker(Thing)


@given(
    st.fixed_dictionaries(
        {"name": st.text()},
        optional={
            "size": st.integers(),
            "parts": st.dictionaries(st.text(), st.integers(), max_size=2),
            "note": st.none() | st.text(),
        },
    )
)
def test_a_maker_makes_what_the_class_does(given: dict[str, object]) -> None:
    assert make_thing(**given) == Thing(**given)  # type: ignore[arg-type]


def test_what_is_made_anew_is_nobody_elses() -> None:
    assert make_thing("a").parts is not make_thing("a").parts


def test_a_name_that_is_missing_or_unknown_is_refused() -> None:
    with pytest.raises(TypeError, match="name"):
        make_thing()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="weight"):
        make_thing("a", weight=3)  # type: ignore[call-arg]


def test_a_class_that_does_more_than_take_values_has_no_maker() -> None:
    @dataclass
    class Sum:
        one: int
        twice: int = field(init=False)

        def __post_init__(self) -> None:
            self.twice = 2 * self.one

    with pytest.raises(TypeError, match="more than take values"):
        maker(Sum)

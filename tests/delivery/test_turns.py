"""Whose turn it is."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from app.delivery.turns import Turns


def served(turns: Turns, flows: list[str], room: int, rounds: int) -> Counter[str]:
    count: Counter[str] = Counter()
    for _ in range(rounds):
        count.update(dict(turns.share(flows, room)))
    return count


def test_sources_of_one_priority_have_equal_shares_even_one_at_a_time() -> None:
    assert served(Turns(), ["1/a", "1/b", "1/c"], 1, 300) == {"1/a": 100, "1/b": 100, "1/c": 100}


def test_a_higher_priority_is_served_more_often_and_a_lower_one_still_is() -> None:
    count = served(Turns(), ["0/a", "1/a", "2/a"], 7, 300)

    assert count["0/a"] / count["1/a"] == 4
    assert count["1/a"] / count["2/a"] == 4


def test_who_was_away_does_not_make_up_for_it() -> None:
    turns = Turns()
    served(turns, ["1/a"], 1, 1000)
    served(turns, ["1/a", "1/b"], 1, 10)
    served(turns, ["1/a"], 1, 1000)

    assert served(turns, ["1/a", "1/b"], 1, 10) == {"1/a": 5, "1/b": 5}


@given(
    flows=st.lists(
        st.tuples(st.sampled_from("012"), st.sampled_from("abcdef")), min_size=1, unique=True
    ),
    room=st.integers(1, 50),
)
def test_all_the_room_is_given_and_nobody_else_gets_any(
    flows: list[tuple[str, str]], room: int
) -> None:
    names = [f"{priority}/{source}" for priority, source in flows]

    shares = Turns().share(names, room)

    assert sum(count for _, count in shares) == room
    assert {flow for flow, _ in shares} <= set(names)

"""Waits before the next try."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from app.kit.backoff import full_jitter, spread

_SECONDS = st.floats(0.001, 10_000)


@given(
    attempt=st.integers(1, 100_000),
    base_s=_SECONDS,
    cap_s=_SECONDS,
    seed=st.integers(0, 2**32),
)
@settings(max_examples=200, deadline=None)
def test_a_wait_is_never_below_zero_nor_above_its_ceiling(
    attempt: int, base_s: float, cap_s: float, seed: int
) -> None:
    wait_s = full_jitter(attempt, base_s=base_s, cap_s=cap_s, rng=Random(seed))

    assert 0 <= wait_s <= min(cap_s, base_s * 2 ** min(attempt - 1, 60))


def test_the_ceiling_doubles_with_each_attempt_until_the_cap() -> None:
    rng = Random(1)

    longest = [
        max(full_jitter(attempt, base_s=1, cap_s=6, rng=rng) for _ in range(500))
        for attempt in (1, 2, 3, 4, 50)
    ]

    assert [round(wait_s, 1) for wait_s in longest] == [1, 2, 4, 6, 6]


def test_what_failed_together_does_not_come_back_together() -> None:
    rng = Random(1)

    waits = {full_jitter(5, base_s=2, cap_s=900, rng=rng) for _ in range(100)}

    assert len(waits) == 100


@given(wait_s=_SECONDS, share=st.floats(0, 1), seed=st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_a_wait_with_a_lower_bound_is_only_made_longer(
    wait_s: float, share: float, seed: int
) -> None:
    found = spread(wait_s, share=share, rng=Random(seed))

    assert wait_s <= found <= wait_s * (1 + share) * 1.000001

"""How long to wait before trying again."""

from random import Random


def full_jitter(attempt: int, *, base_s: float, cap_s: float, rng: Random) -> float:
    """Seconds to wait after failed attempt number `attempt` (the first is 1).

    Uniform between 0 and `base_s * 2**(attempt - 1)`, never above `cap_s`: what failed
    together must not come back together.
    """
    ceiling = min(cap_s, base_s * 2 ** min(attempt - 1, 32))
    return rng.uniform(0, ceiling)


def spread(wait_s: float, *, share: float = 0.2, rng: Random) -> float:
    """`wait_s` made longer by up to `share` of itself, for a wait that has a lower bound."""
    return wait_s * (1 + rng.uniform(0, share))

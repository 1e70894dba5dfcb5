"""Prints how many processes and what database a number of calls a second takes, worked out from
measured costs; the waiting is simulated, call by call.

A process that takes calls is a loop that works on one call after the other, and a writer that
commits what waits, one commit after the other: while one is under way the next gathers.
"""

import argparse
import math
import random
import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from app.cli.tables import say, show, table

_RATES = (100, 1_000, 10_000, 100_000)
_CALLS = 20_000
_TOGETHER = 256
_DAY_S = 86_400
# Above that, waiting grows faster than the load.
_BUSY_AT_MOST = 0.6


@dataclass(frozen=True, slots=True)
class Costs:
    """Microseconds of one core: `loop` of a process for a call, `database` of the server for a call
    with a delivery from acceptance to settlement, `start` of a worker for a start by itself,
    `batched` for one of a batch. Milliseconds: `commit` until a commit is on disk. Bytes: `stored`
    by a call, `logged` by the database for it."""

    loop: float
    database: float
    start: float
    batched: float
    commit: float
    stored: float
    logged: float


@dataclass(frozen=True, slots=True)
class Simulated:
    """Milliseconds from a call's arrival to its answer, and how many calls shared a commit."""

    p50: float
    p99: float
    together: float


def simulate(per_s: float, costs: Costs, *, seed: int = 1) -> Simulated:
    """Of one process, with calls that come at random."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    ready = list(_decided(per_s, costs.loop / 1e6, rng))
    waited: list[float] = []
    sizes: list[int] = []
    free_at, first = 0.0, 0
    while first < len(ready):
        begins = max(free_at, ready[first][1])
        last = first
        while last < len(ready) and ready[last][1] <= begins and last - first < _TOGETHER:
            last += 1
        free_at = begins + costs.commit / 1000
        waited += [free_at - arrived for arrived, _ in ready[first:last]]
        sizes.append(last - first)
        first = last
    cut = statistics.quantiles(waited, n=100)
    return Simulated(cut[49] * 1000, cut[98] * 1000, statistics.mean(sizes))


def _decided(per_s: float, each_s: float, rng: random.Random) -> Iterator[tuple[float, float]]:
    """When each call came, and when the loop was done with it."""
    arrived = free_at = 0.0
    for _ in range(_CALLS):
        arrived += rng.expovariate(per_s)
        free_at = max(arrived, free_at) + each_s
        yield arrived, free_at


def processes(per_s: float, cost_us: float) -> int:
    return max(1, math.ceil(per_s * cost_us / 1e6 / _BUSY_AT_MOST))


def row(per_s: int, costs: Costs) -> list[str]:
    taking = processes(per_s, costs.loop)
    found = simulate(per_s / taking, costs)
    return [
        f"{per_s:,}",
        str(taking),
        f"{found.p50:.0f} / {found.p99:.0f}",
        f"{found.together:.0f}",
        str(processes(per_s, costs.start)),
        str(processes(per_s, costs.batched)),
        f"{processes(per_s, costs.database)}",
        f"{per_s * costs.logged / 1e6:,.1f}",
        f"{per_s * costs.stored * _DAY_S / 1e9:,.0f}",
    ]


def main() -> None:
    options = _options()
    costs = Costs(**{name: getattr(options, name) for name in Costs.__slots__})
    heads = (
        *("calls/s", "processes that take", "answer ms, p50 / p99", "calls a commit"),
        *("workers", "workers, batches", "cores of PostgreSQL", "log MB/s", "GB a day"),
    )
    show(table(heads, [row(rate, costs) for rate in _RATES]))
    say(f"{costs}; no core busier than {_BUSY_AT_MOST:.0%}; one start a call")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.capacity", description=__doc__)
    given = {
        **{"loop": 130.0, "database": 250.0, "start": 900.0, "batched": 90.0},
        **{"commit": 4.0, "stored": 2200.0, "logged": 4000.0},
    }
    for name, value in given.items():
        parser.add_argument(f"--{name}", type=float, default=value)
    return parser.parse_args()


if __name__ == "__main__":
    main()

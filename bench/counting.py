"""What it costs a call to be counted: `python -m bench.counting`."""

import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Histogram

from app.observe.counts import Counts
from app.observe.metrics import CALL_DURATION

_TIMES = 100_000
_ROUNDS = 9


def main() -> None:
    counts = Counts()
    counts.use([f"source-{n}" for n in range(20)], [f"rule {n}" for n in range(50)], ["main"])
    registry = CollectorRegistry()
    counter = Counter("calls", "", ["source"], registry=registry).labels("a")
    duration = Histogram("took", "", ["source"], buckets=CALL_DURATION.bounds, registry=registry)
    child = duration.labels("a")

    def by_library() -> None:
        counter.inc()
        child.observe(0.003)

    _tell("a call", lambda: counts.call("source-7", "accepted", 0.003))
    _tell("a rule", lambda: counts.rule("rule 7"))
    _tell("a commit of 64", lambda: counts.commit({"accept": 64}, 0.003))
    _tell("a call, by prometheus_client", by_library)


def _tell(name: str, run: Callable[[], None]) -> None:
    print(f"{name}: {min(_once(run) for _ in range(_ROUNDS)) * 1e9:.0f} ns")  # noqa: T201


def _once(run: Callable[[], None]) -> float:
    """Seconds of the processor."""
    began = time.process_time()
    for _ in range(_TIMES):
        run()
    return (time.process_time() - began) / _TIMES


if __name__ == "__main__":
    main()

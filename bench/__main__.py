"""Prints the ratio of durable acceptance to a plain FastAPI handler that does nothing, and how
fast deliveries leave.

The servers take turns under the same load, round after round, so that a machine that slows down
slows all of them; the ratio is the median of the rounds' ratios.
"""

import argparse
import sqlite3
import statistics
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from app.cli.tables import say, show, table
from app.kit.errors import BridgeError
from bench import servers
from bench.backlog import drained
from bench.deliveries import latency, per_second
from bench.load import Figures, load, write_script

PLAIN = "plain FastAPI handler"


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=options.folder) as name:
        folder = Path(name)
        script = write_script(folder / "post.lua", servers.signed_headers(), servers.BODY)
        if "calls" in options.parts:
            measured = _rounds(options, folder, script)
            stored = _stored(folder / "bridge.db")
            _report(options, measured, stored)
        if "deliveries" in options.parts:
            _report_deliveries(options, folder)


def _rounds(options: argparse.Namespace, folder: Path, script: Path) -> dict[str, list[Figures]]:
    starts: dict[str, Callable[[], AbstractContextManager[str]]] = {
        "bare ASGI reply": lambda: servers.uvicorn_app("bench.bare:app"),
        "plain FastAPI handler, call not read": lambda: servers.uvicorn_app(
            "bench.plain:app", path="/unread/bench"
        ),
        PLAIN: lambda: servers.uvicorn_app("bench.plain:app"),
        "bridge, bearer, one rule": lambda: servers.bridge(folder, source="plain"),
        "bridge, HMAC, three rules": lambda: servers.bridge(folder, source="bench"),
        "bridge, HMAC, three rules, 2 processes": lambda: servers.bridge(
            folder, source="bench", workers=2
        ),
    }
    found: dict[str, list[Figures]] = {name: [] for name in starts}
    for _ in range(options.rounds):
        for name, start in starts.items():
            with start() as url:
                load(url, script, connections=options.connections, seconds=1)
                found[name].append(
                    load(url, script, connections=options.connections, seconds=options.seconds)
                )
    return found


def _report(options: argparse.Namespace, measured: dict[str, list[Figures]], stored: int) -> None:
    plain = measured[PLAIN]
    rows = []
    for name, rounds in measured.items():
        ratios = [a.per_s / b.per_s for a, b in zip(rounds, plain, strict=True)]
        rows.append(
            (
                name,
                f"{statistics.median(r.per_s for r in rounds):,.0f}",
                f"{statistics.median(r.p50_ms for r in rounds):.1f}",
                f"{statistics.median(r.p99_ms for r in rounds):.1f}",
                sum(r.failed for r in rounds),
                f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
            )
        )
    show(table(("server", "calls/s", "p50 ms", "p99 ms", "failed", "ratio to plain"), rows))
    say(
        f"{options.rounds} rounds of {options.seconds} s, {options.connections} connections; "
        f"{stored:,} events stored with a delivery each, synchronous=FULL"
    )


def _report_deliveries(options: argparse.Namespace, folder: Path) -> None:
    rows = []
    for name, is_batched, target in (("single", False, 1_000), ("batched by 500", True, 10_000)):
        count = 40 * target // 10
        rates = [per_second(folder, count=count, batched=is_batched) for _ in range(options.rounds)]
        middle = statistics.median(rates)
        rows.append((name, f"{middle:,.0f}", f"{max(rates):,.0f}", f"{middle / target:.2f}"))
    show(table(("deliveries", "a second", "best round", "ratio to target"), rows))
    found = latency(folder, per_s=200, seconds=2 * options.seconds)
    say(
        f"from acceptance to Altcraft's reply at 200 calls/s: p50 {found.p50_ms:.0f} ms, "
        f"p99 {found.p99_ms:.0f} ms ({100 / found.p99_ms:.1f} times better than 100 ms)"
    )
    drain = drained(folder, backlog=options.backlog, seconds=3 * options.seconds)
    say(
        f"a backlog of {drain.backlog:,} drains at {drain.ratio:.2f} of the stated rate; calls of "
        f"another source meanwhile: p99 {drain.new_p99_ms:.0f} ms"
    )


def _stored(path: Path) -> int:
    with sqlite3.connect(path) as store:
        events, deliveries = (
            store.execute(f"select count(*) from {name}").fetchone()[0]  # noqa: S608 - our names
            for name in ("event", "delivery")
        )
    if events != deliveries or not events:
        raise BridgeError(f"{events} events but {deliveries} deliveries were stored")
    return int(events)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--backlog", type=int, default=100_000)
    parser.add_argument(
        "--parts", nargs="+", choices=("calls", "deliveries"), default=("calls", "deliveries")
    )
    parser.add_argument("--folder", default=".", help="where the SQLite file is made")
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""Prints how calls are taken beside a plain FastAPI handler that does nothing and other programs,
and how fast deliveries leave.
"""

import argparse
import sqlite3
import statistics
import tempfile
from pathlib import Path

from app.cli.tables import say, show, table
from app.kit.errors import BridgeError
from bench import calls, peers, servers
from bench.backlog import drained
from bench.deliveries import latency, per_second
from bench.load import write_script
from bench.postgres import settings

_COLUMNS = (
    *("server", "calls/s", "p50 ms", "p99 ms", "failed", "ratio to plain", "cpu us/call"),
    *("statements/event", "commits/1,000 calls"),
)


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=options.folder) as name:
        folder = Path(name).resolve()
        if "calls" in options.parts:
            _report_calls(options, folder)
        if "deliveries" in options.parts:
            _report_deliveries(options, folder)


def _report_calls(options: argparse.Namespace, folder: Path) -> None:
    script = write_script(folder / "post.lua", servers.signed_headers(), servers.BODY)
    how = calls.Load(script, options.connections, options.seconds)
    with calls.stores(folder) as known:
        starts = calls.starts(folder, known)
        chosen = {name: start for name, start in starts.items() if options.only in name}
        found = calls.measure(chosen, options.rounds, how)
        counts = {name: calls.written(folder, store, how) for name, store in known.items()}
        durable = settings(folder)
    rows = [calls.row(name, rounds, counts.get(name)) for name, rounds in found.items()]
    show(table(_COLUMNS, rows))
    for name in peers.missing():
        say(f"{name}: skipped, as it is not installed")
    stored = _stored(folder / "bridge.db")
    say(
        f"{options.rounds} rounds of {options.seconds} s, {options.connections} connections; "
        f"{stored:,} events stored with a delivery each on SQLite {sqlite3.sqlite_version}, "
        f"synchronous=FULL; {durable}"
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
    parser.add_argument("--only", default="", help="servers that have this in their name")
    parser.add_argument(
        "--parts", nargs="+", choices=("calls", "deliveries"), default=("calls", "deliveries")
    )
    parser.add_argument("--folder", default=".", help="where the SQLite file is made")
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""Constant load for minutes, while faults of the platform come and go. Says whether memory stayed
flat, whether the queue came back to zero, and whether every call was started.

    python -m bench.soak --minutes 10
"""

import argparse
import asyncio
import contextlib
import itertools
import os
import sqlite3
import statistics
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from app.cli.tables import complain, say
from bench import servers

_FAULT_S = 15.0
_SAMPLE_S = 2.0
_DRAIN_LIMIT_S = 180.0
_MOST_GROWTH = 0.10
_FAULTS: tuple[list[dict[str, object]], ...] = (
    [],
    [{"kind": "delay", "seconds": 0.3}],
    [{"kind": "http_status", "status": 503, "probability": 0.3}],
    [],
    [{"kind": "rate_limit", "per_second": 20}],
    [{"kind": "cut_after_reading", "probability": 0.1}],
    [],
    [{"kind": "http_status", "status": 429}],
    [{"kind": "error", "code": 401, "text": "Wrong token"}],
    [],
    [{"kind": "refuse"}],
    [{"kind": "html", "probability": 0.2}],
)


@dataclass(slots=True)
class Watched:
    """Memory in KiB, by the second it was looked at."""

    memory: list[tuple[float, int]] = field(default_factory=list)
    refused: int = 0
    taken: int = 0


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=options.folder) as name:
        folder = Path(name)
        with (
            servers.sandbox() as sandbox,
            servers.whole(folder, sandbox) as (url, process),
        ):
            watched = asyncio.run(_soak(url, sandbox, process, options))
            is_empty = asyncio.run(_drained(folder / "latency.db", sandbox))
            starts = _starts(sandbox)
        sound = _report(watched, folder / "latency.db", starts, is_empty=is_empty)
    sys.exit(0 if sound else 1)


async def _soak(url: str, sandbox: str, process: int, options: argparse.Namespace) -> Watched:
    watched = Watched()
    seconds = options.minutes * 60
    async with httpx.AsyncClient(timeout=10) as http, asyncio.TaskGroup() as group:
        faults = group.create_task(_change_faults(http, sandbox))
        memory = group.create_task(_watch_memory(process, watched))
        await _call(http, url, options.per_second, seconds, watched, group)
        faults.cancel()
        memory.cancel()
    return watched


async def _call(
    http: httpx.AsyncClient,
    url: str,
    per_s: int,
    seconds: float,
    watched: Watched,
    group: asyncio.TaskGroup,
) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(int(per_s * seconds)):
        await asyncio.sleep(max(0.0, began + number / per_s - loop.time()))
        group.create_task(_call_once(http, url, number, watched))


async def _call_once(http: httpx.AsyncClient, url: str, number: int, watched: Watched) -> None:
    body = servers.BODY.replace('"12345"', f'"{number}"')
    try:
        answer = await http.post(url, content=body, headers=servers.signed_headers())
    except httpx.HTTPError:
        watched.refused += 1
        return
    if answer.status_code == 202:
        watched.taken += 1
    else:
        watched.refused += 1


async def _change_faults(http: httpx.AsyncClient, sandbox: str) -> None:
    for faults in itertools.cycle(_FAULTS):
        await http.put(f"{sandbox}/_sandbox/faults", json=faults)
        await asyncio.sleep(_FAULT_S)


async def _watch_memory(process: int, watched: Watched) -> None:
    began = asyncio.get_running_loop().time()
    while True:
        at = asyncio.get_running_loop().time() - began
        watched.memory.append((at, _resident_kib(process)))
        await asyncio.sleep(_SAMPLE_S)


def _resident_kib(process: int) -> int:
    text = Path(f"/proc/{process}/statm").read_text()
    return int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


async def _drained(store: Path, sandbox: str) -> bool:
    """Whether nothing waits any more, after the platform is well again."""
    async with httpx.AsyncClient() as http:
        await http.delete(f"{sandbox}/_sandbox/faults")
    left = "select count(*) from delivery where state in ('pending', 'in_flight')"
    with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as opened:
        for _ in range(int(_DRAIN_LIMIT_S)):
            if opened.execute(left).fetchone()[0] == 0:
                return True
            await asyncio.sleep(1)
    return False


def _starts(sandbox: str) -> Counter[str]:
    """How often each person was started; the sandbox remembers the last 100,000."""
    found: Counter[str] = Counter()
    after = 0
    while True:
        address = f"{sandbox}/_sandbox/starts?after={after}&limit=10000"
        page = httpx.get(address, timeout=30).json()["starts"]
        if not page:
            return found
        found.update(entry["person"] for entry in page)
        after = page[-1]["number"]


def _report(watched: Watched, store: Path, starts: Counter[str], *, is_empty: bool) -> bool:
    last = watched.memory[-1][0]
    # Warm after a fifth of the time.
    warm = [kib for at, kib in watched.memory if last * 0.2 <= at < last * 0.35]
    end = [kib for at, kib in watched.memory if at >= last * 0.85]
    growth = statistics.median(end) / statistics.median(warm) - 1
    with contextlib.closing(sqlite3.connect(store)) as opened:
        states = dict(opened.execute("select state, count(*) from delivery group by state"))
        doubts = opened.execute("select count(*) from attempt where in_doubt").fetchone()[0]
    doubled = sum(count - 1 for count in starts.values())
    say(f"calls taken: {watched.taken:,}, refused: {watched.refused:,}; deliveries: {states}")
    say(f"people started: {len(starts):,}, doubled: {doubled}, attempts in doubt: {doubts}")
    say(
        f"memory: {statistics.median(warm) / 1024:.0f} MiB when warm, "
        f"{statistics.median(end) / 1024:.0f} MiB at the end ({growth:+.1%})"
    )
    faults = {
        "memory grew": growth > _MOST_GROWTH,
        "the queue did not come back to zero": not is_empty,
        "calls were not started": len(starts) < watched.taken,
        "starts doubled without a doubt": doubled > doubts,
        "deliveries died": states.get("dead", 0) > 0,
    }
    for text, holds in faults.items():
        if holds:
            complain(text)
    return not any(faults.values())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--per-second", type=int, default=50)
    parser.add_argument("--folder", default=".", help="where the SQLite file is made")
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""A long backlog of one source, drained at the stated rate, while calls of another come in."""

import asyncio
import contextlib
import sqlite3
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

from bench import deliveries, servers

_RATE = 300
_NEW_PER_S = 5


@dataclass(frozen=True, slots=True)
class Drained:
    """`ratio`: of what was delivered a second to the stated rate. `new_p99_ms`: from acceptance
    to reply, of the calls that came in meanwhile."""

    ratio: float
    new_p99_ms: float
    backlog: int


def drained(folder: Path, *, backlog: int, seconds: int) -> Drained:
    store = folder / "latency.db"
    asyncio.run(deliveries.fill(store, backlog))
    with (
        servers.sandbox() as sandbox,
        servers.whole(folder, sandbox, rate=_RATE) as (url, _),
    ):
        time.sleep(2)
        began = time.time_ns() // 1000
        asyncio.run(deliveries.call_steadily(url, _NEW_PER_S, seconds))
        ended = time.time_ns() // 1000
    with contextlib.closing(sqlite3.connect(store)) as opened:
        query = "select count(*) from delivery where finished_at between ? and ?"
        done = opened.execute(query, (began, ended)).fetchone()[0]
        took = [
            (finished - created) / 1000
            for created, finished in opened.execute(
                "select created_at, finished_at from delivery "
                "where source = 'plain' and state = 'done'"
            )
        ]
    store.unlink()
    per_s = done / ((ended - began) / 1e6)
    return Drained(per_s / _RATE, statistics.quantiles(took, n=100)[98], backlog)

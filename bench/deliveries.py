"""How fast deliveries leave, and how long a call is on its way, against a sandbox that answers at
once. The bridge and the sandbox are processes of their own on the same machine."""

import asyncio
import contextlib
import sqlite3
import statistics
import time
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from app.kit.clock import SystemClock
from app.kit.errors import BridgeError
from app.kit.ids import new_id
from app.model.event import Event, EventId, EventStatus
from app.model.handling import Batch, Handling
from app.model.new_delivery import new_delivery
from app.model.start import Import, InDoubt, Match, Matching, ScenarioStart
from app.outbox import Acceptance, Outbox
from bench import servers

_FILLED_AT_ONCE = 200
_LIMIT_S = 120.0
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Latency:
    """From the acceptance of a call to Altcraft's reply, milliseconds."""

    p50_ms: float
    p99_ms: float
    calls: int


def per_second(folder: Path, *, count: int, batched: bool) -> float:
    """Deliveries a second, between the first and the last that were done."""
    store = folder / f"deliveries-{'batched' if batched else 'single'}.db"
    asyncio.run(fill(store, count, batched=batched))
    with servers.sandbox() as url, servers.worker(folder, store, url):
        _wait_until_done(store, count)
    with contextlib.closing(sqlite3.connect(store)) as opened:
        query = "select min(finished_at), max(finished_at), count(*) from delivery"
        first, last, done = opened.execute(f"{query} where state = 'done'").fetchone()
    store.unlink()
    return float((done - 1) / max(1e-6, (last - first) / 1e6))


async def fill(store: Path, count: int, *, batched: bool = False) -> None:
    async with Outbox.open(f"sqlite+aiosqlite:///{store}", clock=SystemClock()) as outbox:
        for start in range(0, count, _FILLED_AT_ONCE):
            numbers = range(start, min(start + _FILLED_AT_ONCE, count))
            made = [_acceptance(number, batched=batched) for number in numbers]
            await outbox.accept(made, limit_s=30)


def _acceptance(number: int, *, batched: bool) -> Acceptance:
    now = SystemClock().now()
    event = Event(
        id=EventId(new_id()),
        source="bench",
        received_at=now,
        method="POST",
        path="",
        query="",
        headers={"content-type": "application/json"},
        content_type="application/json",
        body=servers.BODY.encode(),
        status=EventStatus.ACCEPTED,
    )
    start = ScenarioStart(
        rule="won",
        destination="main",
        scenario=3,
        matches=(Match(Matching.CUSTOM, number, "CRM_ID"),),
        content={"deal": number},
        in_doubt=InDoubt.RETRY,
    )
    if batched:
        handling = Handling(batch=Batch(_BATCH, 0.0))
        start = replace(start, imports=Import(True, {"data": {"_fname": "N"}}), handling=handling)
    return Acceptance(event, None, (new_delivery(start, event, "bench", now),))


def _wait_until_done(store: Path, count: int) -> None:
    end = time.monotonic() + _LIMIT_S
    with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as opened:
        left = "select exists(select 1 from delivery where state in ('pending', 'in_flight'))"
        while time.monotonic() < end:
            if not opened.execute(left).fetchone()[0]:
                return
            time.sleep(0.1)
    raise BridgeError(f"{count} deliveries were not done within {_LIMIT_S:g} s")


def latency(folder: Path, *, per_s: int, seconds: int) -> Latency:
    """Of calls that come at a steady pace, whatever became of those before."""
    with servers.sandbox() as sandbox, servers.whole(folder, sandbox) as (url, _):
        asyncio.run(call_steadily(url, per_s, seconds))
        store = folder / "latency.db"
        _wait_until_done(store, per_s * seconds)
    with contextlib.closing(sqlite3.connect(store)) as opened:
        took = [
            (finished - created) / 1000
            for created, finished in opened.execute(
                "select created_at, finished_at from delivery where state = 'done' order by id"
            )
        ]
    # The first second warms it up.
    took = took[per_s:]
    cut = statistics.quantiles(took, n=100)
    return Latency(statistics.median(took), cut[98], len(took))


async def call_steadily(url: str, per_s: int, seconds: int) -> None:
    headers = servers.signed_headers()
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    async with httpx.AsyncClient(limits=limits, timeout=10) as http, asyncio.TaskGroup() as group:
        began = asyncio.get_running_loop().time()
        for number in range(per_s * seconds):
            wait_s = began + number / per_s - asyncio.get_running_loop().time()
            await asyncio.sleep(max(0.0, wait_s))
            group.create_task(_call(http, url, headers))


async def _call(http: httpx.AsyncClient, url: str, headers: dict[str, str]) -> None:
    answer = await http.post(url, content=servers.BODY, headers=headers)
    answer.raise_for_status()

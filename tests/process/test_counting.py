"""What several processes on one socket count is one whole, whichever of them is asked, and stays
so when one of them is killed."""

import asyncio
import os
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.metrics import samples, value
from tests.support.processes import BEARER, CONFIG, Process, a_bridge, a_sandbox_process

LIMIT_S = 30.0


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Process]:
    """Of two processes."""
    sandbox = a_sandbox_process(tmp_path)
    (tmp_path / "bridge.yaml").write_text(CONFIG.format(sandbox=sandbox.url))
    running = a_bridge(tmp_path)
    running.arguments += ["--workers", "2"]
    try:
        sandbox.start()
        running.start()
        yield running
    finally:
        running.kill()
        sandbox.kill()


async def calls(bridge: Process, first: int, count: int) -> None:
    """Each on a connection of its own, so that any process may take it."""

    async def one(number: int) -> None:
        async with httpx.AsyncClient(base_url=bridge.url, trust_env=False, timeout=20) as client:
            answer = await client.post("/hooks/forms", json={"crm_id": str(number)}, headers=BEARER)
        assert answer.status_code == 202

    for begin in range(first, first + count, 20):
        await asyncio.gather(*(one(begin + n) for n in range(20)))


async def scrape(bridge: Process) -> str:
    async with httpx.AsyncClient(base_url=bridge.url, trust_env=False, timeout=20) as client:
        return (await client.get("/metrics")).text


def accepted(text: str) -> float:
    return value(text, "bridge_calls_total", source="forms", result="accepted")


def children(bridge: Process) -> list[int]:
    assert bridge._process is not None
    pid = bridge._process.pid
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def sibling(bridge: Process, *, but: int | None = None) -> int:
    """Its process, when it counts."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            pids = children(bridge)
            workers = samples(await scrape(bridge), "process_start_time_seconds")
            if pids and pids[0] != but and len(workers) == 2:
                return pids[0]


async def counted(store: Path) -> dict[tuple[str, str, str], int]:
    with sqlite3.connect(store) as connection:
        rows = connection.execute(
            "SELECT kind, name, label, sum(count) FROM tally GROUP BY 1, 2, 3"
        )
        found = {(kind, name, label): count for kind, name, label, count in rows}
    connection.close()
    return found


async def test_all_processes_are_added_up_and_a_killed_one_takes_nothing_with_it(
    bridge: Process,
) -> None:
    killed = await sibling(bridge)
    await calls(bridge, 0, 100)
    before = [accepted(await scrape(bridge)) for _ in range(10)]

    os.kill(killed, signal.SIGKILL)
    await sibling(bridge, but=killed)
    between = [accepted(await scrape(bridge)) for _ in range(10)]
    await calls(bridge, 100, 100)
    text = await scrape(bridge)

    assert (set(before), set(between)) == ({100}, {100})
    assert accepted(text) == 200
    assert value(text, "bridge_call_duration_seconds_count", source="forms") == 200
    assert value(text, "bridge_rules_held_total", rule="welcome") == 200
    assert value(text, "bridge_commit_size_sum", write="accept") == 200


async def test_what_was_counted_is_in_the_store_when_the_processes_have_stopped(
    bridge: Process, tmp_path: Path
) -> None:
    await sibling(bridge)
    await calls(bridge, 0, 60)

    assert bridge.stop() == 0

    found = await counted(tmp_path / "bridge.db")
    assert found["call", "forms", "accepted"] == 60
    assert found["rule", "welcome", "held"] == 60


async def test_a_process_that_only_delivers_tells_what_it_counts(tmp_path: Path) -> None:
    (tmp_path / "bridge.yaml").write_text(CONFIG.format(sandbox="http://127.0.0.1:9"))
    worker = a_bridge(tmp_path, role="worker")
    try:
        worker.start()

        text = await scrape(worker)
    finally:
        worker.kill()

    assert value(text, "bridge_store_writable") == 1
    assert value(text, "bridge_attempts_total", destination="main", outcome="accepted") == 0
    assert value(text, "bridge_build_info") == 1

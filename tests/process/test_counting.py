"""What several processes on one socket count is one whole, whichever of them is asked, and stays
so when one of them is killed."""

import asyncio
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.metrics import samples, value
from tests.support.processes import BEARER, CONFIG, Process, a_bridge, a_sandbox_process

LIMIT_S = 30.0


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """Each request on a connection of its own, so that any process may take it."""
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(trust_env=False, timeout=20, limits=limits) as made:
        yield made


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


async def calls(client: httpx.AsyncClient, bridge: Process, first: int, count: int) -> None:
    async def one(number: int) -> None:
        body = {"crm_id": str(number)}
        answer = await client.post(f"{bridge.url}/hooks/forms", json=body, headers=BEARER)
        assert answer.status_code == 202

    for begin in range(first, first + count, 20):
        await asyncio.gather(*(one(begin + n) for n in range(20)))


async def scrape(client: httpx.AsyncClient, bridge: Process) -> str:
    return (await client.get(f"{bridge.url}/metrics")).text


def accepted(text: str) -> float:
    return value(text, "bridge_calls_total", source="forms", result="accepted")


def children(bridge: Process) -> list[int]:
    assert bridge._process is not None
    pid = bridge._process.pid
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def sibling(client: httpx.AsyncClient, bridge: Process, *, but: int | None = None) -> int:
    """Its process, when it counts."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            pids = children(bridge)
            workers = samples(await scrape(client, bridge), "process_start_time_seconds")
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
    client: httpx.AsyncClient, bridge: Process
) -> None:
    killed = await sibling(client, bridge)
    await calls(client, bridge, 0, 100)
    before = [accepted(await scrape(client, bridge)) for _ in range(10)]

    os.kill(killed, signal.SIGKILL)
    await sibling(client, bridge, but=killed)
    between = [accepted(await scrape(client, bridge)) for _ in range(10)]
    await calls(client, bridge, 100, 100)
    text = await scrape(client, bridge)

    assert (set(before), set(between)) == ({100}, {100})
    assert accepted(text) == 200
    assert value(text, "bridge_call_duration_seconds_count", source="forms") == 200
    assert value(text, "bridge_rules_held_total", rule="welcome") == 200
    assert value(text, "bridge_commit_size_sum", write="accept") == 200


async def test_what_was_counted_is_in_the_store_when_the_processes_have_stopped(
    client: httpx.AsyncClient, bridge: Process, tmp_path: Path
) -> None:
    await sibling(client, bridge)
    await calls(client, bridge, 0, 60)

    assert bridge.stop() == 0

    found = await counted(tmp_path / "bridge.db")
    assert found["call", "forms", "accepted"] == 60
    assert found["rule", "welcome", "held"] == 60


async def test_a_process_that_only_delivers_tells_what_it_counts(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    (tmp_path / "bridge.yaml").write_text(CONFIG.format(sandbox="http://127.0.0.1:9"))
    worker = a_bridge(tmp_path, role="worker")
    try:
        worker.start()

        text = await scrape(client, worker)
    finally:
        worker.kill()

    assert value(text, "bridge_store_writable") == 1
    assert value(text, "bridge_attempts_total", destination="main", outcome="accepted") == 0
    assert value(text, "bridge_build_info") == 1

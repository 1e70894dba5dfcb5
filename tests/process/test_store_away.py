"""PostgreSQL is away, or there and does not answer: callers are told in time, and what follows
needs nobody."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.process.calls import make_calls, until_delivered
from tests.support.clusters import Cluster, a_cluster
from tests.support.postgres import Server
from tests.support.processes import BEARER
from tests.support.standby import freeze, kill, thaw

# The limit of a call, and what a loaded machine adds.
ANSWERED_WITHIN_S = 6.0
CALLS = 40


@pytest.fixture
def server() -> Iterator[Server]:
    started = Server()
    yield started
    started.stop()


@pytest.fixture
def cluster(server: Server, tmp_path: Path) -> Iterator[Cluster]:
    store = server.address("postgres")
    with a_cluster(
        tmp_path, server=server.folder, store=store, ingest=1, workers=1, rate=1000
    ) as running:
        yield running


@pytest.mark.timeout(240)
async def test_calls_are_told_to_come_again_and_are_taken_as_soon_as_it_is_back(
    cluster: Cluster, server: Server
) -> None:
    taken = await make_calls(cluster, range(CALLS))
    postmaster = server.postmaster

    freeze(postmaster)
    try:
        await all_are_refused(cluster, range(CALLS, CALLS + 10))
        await not_ready(cluster)
    finally:
        thaw(postmaster)
    taken += await make_calls(cluster, range(CALLS, 2 * CALLS))

    kill(postmaster)
    await all_are_refused(cluster, range(2 * CALLS, 2 * CALLS + 10))
    await not_ready(cluster)
    await asyncio.to_thread(server.start)
    taken += await make_calls(cluster, range(2 * CALLS, 3 * CALLS))

    await until_delivered(cluster)
    started = {str(entry["person"]) for entry in cluster.received() if entry["started"]}
    assert started == {f"CRM_ID={number}" for number in taken}
    assert len(taken) == 3 * CALLS


async def all_are_refused(cluster: Cluster, numbers: range) -> None:
    """At the same moment, each within its limit."""
    [url] = cluster.ways_in
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:

        async def call(number: int) -> None:
            began = time.monotonic()
            answer = await client.post(
                f"{url}/hooks/forms", json={"crm_id": number}, headers=BEARER
            )
            assert answer.status_code == 503, answer.text
            assert int(answer.headers["Retry-After"]) >= 1
            assert time.monotonic() - began < ANSWERED_WITHIN_S

        await asyncio.gather(*(call(number) for number in numbers))


async def not_ready(cluster: Cluster) -> None:
    [url] = cluster.ways_in
    async with httpx.AsyncClient(trust_env=False, timeout=ANSWERED_WITHIN_S) as client:
        answer = await client.get(f"{url}/readyz")
        assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")
        assert (await client.get(f"{url}/healthz")).status_code == 200

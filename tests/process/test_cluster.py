"""Several processes on one PostgreSQL, each of which may die: nothing that was acknowledged is
lost, what started twice was in doubt, and the rate is one for all."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from statistics import median

import httpx
import pytest

from tests.process.calls import in_doubt, make_calls, until_delivered
from tests.support.clusters import Cluster, a_cluster
from tests.support.postgres import Server

# Low enough for five processes on a machine that does other things, too.
RATE = 50
BACKLOG = 500
CALLS = 600
# What may go at once after a pause: a fifth of a second's worth.
BURST = RATE / 5
LIMIT_S = 120.0
SLOW = [{"kind": "delay", "seconds": 0.15}]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    started = Server()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def cluster(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder, store = tmp_path_factory.mktemp("cluster"), server.address("postgres")
    with a_cluster(
        folder, server=server.folder, store=store, ingest=2, workers=3, rate=RATE
    ) as running:
        yield running


@pytest.mark.timeout(300)
async def test_the_rate_is_one_and_nothing_is_lost_though_every_process_is_killed(
    cluster: Cluster, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = await make_calls(cluster, range(BACKLOG))
    await until_delivered(cluster)
    measured = rate_of(instants(cluster))

    # So that whoever is killed has something under way.
    await asyncio.to_thread(answer_slowly, cluster)
    calls = asyncio.create_task(make_calls(cluster, range(BACKLOG, BACKLOG + CALLS), slowly=True))
    for name in cluster.processes:
        await pause(1.0)
        await asyncio.to_thread(killed, cluster, name)
        if name == "worker0":
            await asyncio.to_thread(server.restart)
    taken += await asyncio.wait_for(calls, LIMIT_S)
    await until_delivered(cluster)

    received = [entry for entry in cluster.received() if entry["started"]]
    doubted = await in_doubt(cluster)
    starts = Counter(str(entry["person"]) for entry in received)
    arrived = doubted & {str(entry["request_id"]) for entry in received}
    doubled = sum(count - 1 for count in starts.values())
    with capsys.disabled():
        print(  # noqa: T201 - the figures are what one wants to see
            f"\n{len(taken)} acknowledged, each process killed once and the server, {doubled} "
            f"started twice, {len(doubted)} attempts in doubt, {len(arrived)} of them had arrived; "
            f"the rate of {RATE} a second was {measured:.1f}"
        )
    assert len(taken) == BACKLOG + CALLS
    assert {f"CRM_ID={number}" for number in taken} == set(starts)
    assert doubled == len(arrived), "every second start must come of an attempt in doubt"
    assert 0.95 * RATE <= measured <= 1.05 * RATE
    most = 5 * RATE * 1.05 + BURST
    assert most_within_s(instants(cluster), 5) <= most, "no process brings its own rate"


def answer_slowly(cluster: Cluster) -> None:
    httpx.put(f"{cluster.sandbox.url}/_sandbox/faults", json=SLOW).raise_for_status()


def killed(cluster: Cluster, name: str) -> None:
    cluster.processes[name].kill()
    cluster.processes[name].start()


async def pause(seconds: float) -> None:
    """Between two things that happen to it: nobody waits for a fact here."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), seconds)


def instants(cluster: Cluster) -> list[float]:
    """When each start came in, seconds."""
    return sorted(
        datetime.fromisoformat(str(entry["at"])).timestamp()
        for entry in cluster.received()
        if entry["started"]
    )


def rate_of(at: Sequence[float]) -> float:
    """A second: the median over all seconds' worth of starts. A machine that stands still for a
    moment, with all its workers, says nothing of the pace that these hold."""
    spans = [later - earlier for earlier, later in zip(at, at[RATE:], strict=False)]
    return RATE / median(spans)


def most_within_s(at: Sequence[float], seconds: float) -> int:
    most, first = 0, 0
    for last, instant in enumerate(at):
        while at[first] < instant - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most

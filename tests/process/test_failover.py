"""The server is lost, and its standby takes its place: nothing that was acknowledged is lost, and
the bridge goes on by itself."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.process.calls import Answer, in_doubt, longest_gap_s, make_calls, until_delivered
from tests.support.clusters import Cluster, a_cluster
from tests.support.postgres import Server
from tests.support.processes import Process
from tests.support.standby import Standby, a_pair_of_servers, address_of_both, kill

CALLS = 300
LIMIT_S = 60.0
# So long that what is delivered sooner was told by a notice.
POLL_S = 20
GOES_ON_WITHIN_S = 10.0


@pytest.fixture
def servers() -> Iterator[tuple[Server, Standby]]:
    with a_pair_of_servers() as pair:
        yield pair


@pytest.fixture
def cluster(servers: tuple[Server, Standby], tmp_path: Path) -> Iterator[Cluster]:
    primary, standby = servers
    with a_cluster(
        tmp_path,
        server=primary.folder,
        store=address_of_both(primary, standby),
        ingest=1,
        workers=1,
        rate=1000,
        poll=f"{POLL_S}s",
    ) as running:
        yield running


@pytest.mark.timeout(180)
async def test_a_standby_that_is_promoted_has_all_and_the_bridge_goes_on_with_it(
    cluster: Cluster, servers: tuple[Server, Standby], capsys: pytest.CaptureFixture[str]
) -> None:
    primary, standby = servers
    answers: list[Answer] = []
    calls = asyncio.create_task(make_calls(cluster, range(CALLS), slowly=True, answers=answers))
    await until_taken(answers, CALLS // 4)

    kill(primary.postmaster)
    await until_refused(answers)
    readiness = await asyncio.to_thread(asked, cluster.processes["ingest0"])
    await asyncio.to_thread(standby.promote)
    promoted_at = time.monotonic()
    cluster = replace(cluster, server=standby.folder)
    taken = await asyncio.wait_for(calls, LIMIT_S)
    await until_delivered(cluster)
    delivered_s = time.monotonic() - max(answer.at for answer in answers)

    started = [entry for entry in cluster.received() if entry["started"]]
    starts = Counter(str(entry["person"]) for entry in started)
    doubted = await in_doubt(cluster)
    arrived = doubted & {str(entry["request_id"]) for entry in started}
    doubled = sum(count - 1 for count in starts.values())
    refused = [answer for answer in answers if answer.status == 503]
    again_s = min(a.at for a in answers if a.status == 202 and a.at > promoted_at) - promoted_at
    with capsys.disabled():
        print(  # noqa: T201 - the figures are what one wants to see
            f"\n{len(taken)} acknowledged, no call taken for {longest_gap_s(answers):.1f} s, "
            f"{again_s:.1f} s of them after the standby was promoted, {len(refused)} answers 503; "
            f"lost {CALLS - len(starts)}, {doubled} started twice, {len(doubted)} attempts in "
            f"doubt; all delivered {delivered_s:.1f} s after the last call"
        )
    assert {f"CRM_ID={number}" for number in taken} == set(starts)
    assert len(taken) == CALLS
    assert doubled == len(arrived), "every second start must come of an attempt in doubt"
    assert again_s < GOES_ON_WITHIN_S
    assert delivered_s < POLL_S / 2, "the worker is told of what is due by the new server"
    assert readiness == (503, "unavailable")
    assert all(answer.retry_after for answer in refused)
    assert max(answer.took_s for answer in answers) < 6
    assert not [answer for answer in answers if answer.status is None]


def asked(bridge: Process) -> tuple[int, str]:
    answer = httpx.get(f"{bridge.url}/readyz", trust_env=False, timeout=10)
    return answer.status_code, answer.json()["status"]


async def until_taken(answers: list[Answer], count: int) -> None:
    async with asyncio.timeout(LIMIT_S):
        while len(answers) < count:  # noqa: ASYNC110 - of other processes
            await asyncio.sleep(0.05)


async def until_refused(answers: list[Answer]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not any(answer.status == 503 for answer in answers):  # noqa: ASYNC110
            await asyncio.sleep(0.05)

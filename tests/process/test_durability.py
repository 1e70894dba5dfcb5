"""Killed at random moments: nothing that was acknowledged is lost, and what started twice was in
doubt and is recorded as such."""

import asyncio
import contextlib
import sqlite3
from collections import Counter
from pathlib import Path
from random import Random

import httpx
import pytest

from tests.support.processes import BEARER, Pair, a_pair

CALLS = 2000
KILLS = 10
CALLERS = 24
LIMIT_S = 90.0


@pytest.mark.timeout(240)
async def test_no_acknowledged_call_is_lost_when_the_bridge_is_killed_again_and_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = Random(20260101)
    with a_pair(tmp_path) as pair:
        calls = asyncio.create_task(make_calls(pair))
        for _ in range(KILLS):
            await asyncio.to_thread(killed_after, pair, rng.uniform(0.15, 0.9))
        acknowledged = await asyncio.wait_for(calls, LIMIT_S)
        await until_delivered(pair)
        pair.bridge.stop()

        received = [entry for entry in pair.received() if entry["started"]]
        doubted = in_doubt(pair.store)

    starts = Counter(str(entry["person"]) for entry in received)
    arrived = doubted & {str(entry["request_id"]) for entry in received}
    doubled = sum(count - 1 for count in starts.values())
    with capsys.disabled():
        print(  # noqa: T201 - the figures are what one wants to see
            f"\n{len(acknowledged)} acknowledged, {KILLS} kills, {doubled} started twice, "
            f"{len(doubted)} attempts in doubt, {len(arrived)} of them had arrived"
        )
    assert len(acknowledged) == CALLS
    assert {f"CRM_ID={number}" for number in acknowledged} == set(starts)
    assert doubled == len(arrived), "every second start must come of an attempt in doubt"


def killed_after(pair: Pair, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        asyncio.run(asyncio.wait_for(asyncio.Event().wait(), seconds))
    pair.bridge.kill()
    pair.bridge.start()


async def make_calls(pair: Pair) -> list[int]:
    """Each call is made until it is acknowledged, as a patient caller does."""
    numbers = iter(range(CALLS))
    acknowledged: list[int] = []

    async def caller(client: httpx.AsyncClient) -> None:
        for number in numbers:
            while not await is_taken(client, number):  # noqa: ASYNC110 - as a caller does
                await asyncio.sleep(0.02)  # a caller's pause, not a wait for a fact
            acknowledged.append(number)

    async with httpx.AsyncClient(base_url=pair.bridge.url, trust_env=False, timeout=5) as client:
        await asyncio.gather(*(caller(client) for _ in range(CALLERS)))
    return acknowledged


async def is_taken(client: httpx.AsyncClient, number: int) -> bool:
    try:
        answer = await client.post("/hooks/forms", json={"crm_id": number}, headers=BEARER)
    except httpx.HTTPError:
        return False
    assert answer.status_code in (202, 503), answer.text
    return answer.status_code == 202


async def until_delivered(pair: Pair) -> None:
    async with asyncio.timeout(LIMIT_S):
        while await asyncio.to_thread(undelivered, pair.store):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)


def undelivered(store: Path) -> int:
    with contextlib.closing(sqlite3.connect(store)) as connection:
        counted = connection.execute("SELECT count(*) FROM delivery WHERE state <> 'done'")
        return int(counted.fetchone()[0])


def in_doubt(store: Path) -> set[str]:
    """The attempts in doubt, by the names that the platform knows them by."""
    with contextlib.closing(sqlite3.connect(store)) as connection:
        rows = connection.execute(
            "SELECT delivery_id, in_doubt FROM attempt ORDER BY delivery_id, id"
        ).fetchall()
    names: set[str] = set()
    made: Counter[str] = Counter()
    for delivery_id, doubted in rows:
        made[delivery_id] += 1
        if doubted:
            names.add(f"{delivery_id}-{made[delivery_id]}")
    return names

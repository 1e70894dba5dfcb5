"""Calls to a cluster while things happen to it, and what became of them."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

import httpx

from tests.support.clusters import Cluster
from tests.support.processes import BEARER

CALLERS = 12
LIMIT_S = 120.0


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` is None where the connection broke. `at` is when it came, monotonic."""

    status: int | None
    at: float
    took_s: float
    retry_after: str | None = None


async def make_calls(
    cluster: Cluster,
    numbers: Sequence[int],
    *,
    slowly: bool = False,
    answers: list[Answer] | None = None,
) -> list[int]:
    """Each call is made until it is acknowledged, by one of the ways in or the other. `answers`
    gets all that came."""
    left, rng = iter(numbers), Random(1)
    acknowledged: list[int] = []
    noted = [] if answers is None else answers

    async def caller(client: httpx.AsyncClient) -> None:
        for number in left:
            while not await is_taken(client, rng.choice(cluster.ways_in), number, noted):  # noqa: ASYNC110
                await asyncio.sleep(0.05)  # a caller's pause, not a wait for a fact
            acknowledged.append(number)
            if slowly:
                await asyncio.sleep(rng.random() * 0.2)

    async with httpx.AsyncClient(trust_env=False, timeout=8) as client:
        await asyncio.gather(*(caller(client) for _ in range(CALLERS)))
    return acknowledged


async def is_taken(client: httpx.AsyncClient, url: str, number: int, answers: list[Answer]) -> bool:
    began = time.monotonic()
    try:
        answer = await client.post(f"{url}/hooks/forms", json={"crm_id": number}, headers=BEARER)
    except httpx.HTTPError:
        answers.append(Answer(None, time.monotonic(), time.monotonic() - began))
        return False
    assert answer.status_code in (202, 503), answer.text
    took_s = time.monotonic() - began
    retry_after = answer.headers.get("Retry-After")
    answers.append(Answer(answer.status_code, time.monotonic(), took_s, retry_after))
    return answer.status_code == 202


def longest_gap_s(answers: Sequence[Answer]) -> float:
    """Between two calls that were taken."""
    taken = sorted(answer.at for answer in answers if answer.status == 202)
    return max(later - earlier for earlier, later in pairwise(taken))


async def until_delivered(cluster: Cluster) -> None:
    async with asyncio.timeout(LIMIT_S):
        while await undelivered(cluster):  # noqa: ASYNC110 - other processes
            await asyncio.sleep(0.1)


async def undelivered(cluster: Cluster) -> int:
    [row] = await cluster.rows("SELECT count(*) FROM delivery WHERE state <> 'done'")
    return int(row[0])


async def in_doubt(cluster: Cluster) -> set[str]:
    """The attempts in doubt, by the names that the platform knows them by."""
    rows = await cluster.rows("SELECT delivery_id, in_doubt FROM attempt ORDER BY delivery_id, id")
    names: set[str] = set()
    made: Counter[str] = Counter()
    for delivery_id, doubted in rows:
        made[delivery_id] += 1
        if doubted:
            names.add(f"{delivery_id}-{made[delivery_id]}")
    return names

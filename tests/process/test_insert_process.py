"""The process that writes for a bridge under load: what happens to either loses no call."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.support.processes import BEARER, Pair, a_pair

CALLERS = 40
LIMIT_S = 60.0


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with a_pair(tmp_path_factory.mktemp("pair")) as running:
        yield running


@contextlib.asynccontextmanager
async def calling(pair: Pair, acknowledged: list[int], name: str) -> AsyncIterator[None]:
    """Many at once, each with a number of its own, until the end of the block."""
    numbers, is_over = iter(range(1_000_000)), asyncio.Event()

    async def caller(client: httpx.AsyncClient) -> None:
        while not is_over.is_set():
            number = next(numbers)
            with contextlib.suppress(httpx.HTTPError):
                body = {"crm_id": f"{name}{number}"}
                answer = await client.post("/hooks/forms", json=body, headers=BEARER)
                assert answer.status_code in (202, 503), answer.text
                if answer.status_code == 202:
                    acknowledged.append(number)

    async with httpx.AsyncClient(base_url=pair.bridge.url, trust_env=False, timeout=10) as client:
        callers = asyncio.gather(*(caller(client) for _ in range(CALLERS)))
        try:
            yield
        finally:
            is_over.set()
            await callers


async def the_process(pair: Pair, *, other_than: int = 0) -> psutil.Process:
    """Under the calls that come meanwhile."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            for one in inserters(pair):
                if one.pid != other_than:
                    return one
            await asyncio.sleep(0.05)  # another process


def inserters(pair: Pair) -> list[psutil.Process]:
    found = []
    for one in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if any("inserter.py" in word for word in one.cmdline()) and pair.store in map(
                Path, (file.path for file in one.open_files())
            ):
                found.append(one)
    return found


def stored(pair: Pair) -> set[str]:
    with contextlib.closing(sqlite3.connect(pair.store)) as store:
        return {key for (key,) in store.execute("SELECT key FROM dedup")}


@pytest.mark.timeout(180)
async def test_killed_under_load_it_costs_some_calls_a_503_and_none_that_was_acknowledged(
    pair: Pair,
) -> None:
    acknowledged: list[int] = []
    async with calling(pair, acknowledged, "a"):
        first = await the_process(pair)
        first.kill()
        before = len(acknowledged)
        await the_process(pair, other_than=first.pid)

    assert len(acknowledged) > before
    assert {f"a{number}" for number in acknowledged} <= stored(pair)
    assert "store.process_ended" in pair.bridge.log.read_text()


@pytest.mark.timeout(180)
async def test_it_ends_with_the_bridge_also_where_that_is_killed(pair: Pair) -> None:
    acknowledged: list[int] = []
    async with calling(pair, acknowledged, "b"):
        process = await the_process(pair)
        pair.bridge.kill()
    await asyncio.to_thread(process.wait, LIMIT_S)

    assert {f"b{number}" for number in acknowledged} <= stored(pair)
    pair.bridge.start()

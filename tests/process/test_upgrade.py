"""An upgrade while the old version runs, with the old version as it was: its program of that
commit, on the libraries of today."""

import asyncio
import subprocess
import tarfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import httpx
import pytest

from tests.support.processes import (
    BEARER,
    CONFIG,
    ROOT,
    Process,
    a_bridge,
    a_sandbox_process,
    received,
)

# By the number of the last migration that they know.
OLD = {
    "0002": "dd0df6c0fac8204f3362dae6c0e2511c7eebc437",
    "0004": "65a9150dc4d60a773a85b477ac06e219b3e4731c",
}
LIMIT_S = 60.0


@pytest.fixture(params=OLD)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The folder of the old program."""
    commit, folder = OLD[request.param], tmp_path / "old"
    given = ["git", "archive", commit, "app"]
    archived = subprocess.run(given, cwd=ROOT, capture_output=True, check=False)
    if archived.returncode != 0:
        pytest.skip(f"the history is not here, or not so far back: no commit {commit[:7]}")
    with tarfile.open(fileobj=BytesIO(archived.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.mark.timeout(240)
async def test_old_and_new_work_beside_each_other_on_the_new_tables(
    old: Path, url: str, tmp_path: Path
) -> None:
    sandbox = a_sandbox_process(tmp_path)
    (tmp_path / "bridge.yaml").write_text(CONFIG.format(sandbox=sandbox.url))
    before = a_version(tmp_path, url, "before", program=old)
    after = a_version(tmp_path, url, "after", role="ingest")
    started = [sandbox, before, after]
    try:
        for process in (sandbox, before):
            await asyncio.to_thread(process.start)
        await call(before, range(20))
        await until_started(tmp_path, 20)

        # Brings the tables up to date while the old one has connections and statements of before.
        await asyncio.to_thread(after.start)
        await call(before, range(20, 40))
        await call(after, range(40, 60))
        # The old one claims and settles what either stored.
        await until_started(tmp_path, 60)

        # It records what it has started: nothing is in doubt.
        before.stop()
        started += [
            taking := a_version(tmp_path, url, "taking", role="ingest", program=old),
            working := a_version(tmp_path, url, "working", role="worker"),
        ]
        await asyncio.to_thread(taking.start)
        await call(taking, range(60, 80))
        await asyncio.to_thread(working.start)
        await until_started(tmp_path, 80)
    finally:
        for process in started:
            process.kill()

    assert sorted(people(tmp_path)) == sorted(f"CRM_ID={number}" for number in range(80))
    assert failures(tmp_path) == []


def a_version(
    folder: Path, url: str, name: str, *, role: str = "all", program: Path = ROOT
) -> Process:
    made = a_bridge(folder, role=role, store=url, name=name)
    made.program = program
    return made


async def call(bridge: Process, numbers: Sequence[int]) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        for number in numbers:
            body = {"crm_id": number}
            answer = await client.post(f"{bridge.url}/hooks/forms", json=body, headers=BEARER)
            assert answer.status_code == 202, answer.text


async def until_started(folder: Path, count: int) -> None:
    async with asyncio.timeout(LIMIT_S):
        while len(people(folder)) < count:  # noqa: ASYNC110 - other processes
            await asyncio.sleep(0.1)


def people(folder: Path) -> list[str]:
    return [str(entry["person"]) for entry in received(folder) if entry["started"]]


def failures(folder: Path) -> list[str]:
    """What a process calls an error or did not do."""
    words = ('"error"', '"critical"', "unavailable", "not_recorded", "Traceback")
    lines = [line for log in folder.glob("*.log") for line in log.read_text().splitlines()]
    return [line for line in lines if any(word in line for word in words)]

"""Several processes of a bridge on one PostgreSQL."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.support.processes import Process, a_bridge, a_sandbox_process, received

CONFIG = """\
version: 1
delivery: {{lease: 4s, poll: {poll}, grace: 5s}}
destinations:
  main:
    url: {sandbox}
    token: {{env: TEST_ALTCRAFT_TOKEN}}
    rate: {rate}/s
    timeout: 2s
    retry: {{tries: 50, base: 50ms, cap: 500ms}}
sources:
  forms:
    auth: {{bearer: {{env: TEST_FORMS_TOKEN}}}}
    dedup: string(body.crm_id)
rules:
  - {{name: welcome, scenario: 3}}
"""


@dataclass(frozen=True, slots=True)
class Cluster:
    """`server` is the folder with the socket of the database that is looked at."""

    server: str
    sandbox: Process
    processes: Mapping[str, Process]
    folder: Path

    @property
    def ways_in(self) -> list[str]:
        return [one.url for name, one in self.processes.items() if name.startswith("ingest")]

    def received(self) -> list[dict[str, object]]:
        return received(self.folder)

    async def rows(self, query: str) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(user="postgres", database="postgres", host=self.server)
        try:
            found: list[asyncpg.Record] = await connection.fetch(query)
            return found
        finally:
            await connection.close()


@contextlib.contextmanager
def a_cluster(
    folder: Path,
    *,
    server: str,
    store: str,
    ingest: int,
    workers: int,
    rate: int,
    poll: str = "200ms",
) -> Iterator[Cluster]:
    """All running; whatever of them still runs at the end is killed."""
    sandbox = a_sandbox_process(folder)
    (folder / "bridge.yaml").write_text(CONFIG.format(sandbox=sandbox.url, rate=rate, poll=poll))
    names = [f"ingest{n}" for n in range(ingest)] + [f"worker{n}" for n in range(workers)]
    processes = {
        name: a_bridge(folder, role=name.rstrip("0123456789"), store=store, name=name)
        for name in names
    }
    try:
        sandbox.start()
        for process in processes.values():
            process.start()
        yield Cluster(server, sandbox, processes, folder)
    finally:
        for process in [*processes.values(), sandbox]:
            process.kill()

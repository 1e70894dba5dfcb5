"""Prints what a call and its start cost on PostgreSQL: processor, log, disk. What `bench.capacity`
works with."""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from app.cli.tables import say, show, table
from bench import servers
from bench.load import load, write_script
from bench.postgres import postgres
from bench.servers import Server

_TABLES = ("event", "delivery", "attempt", "person", "dedup")
_LIMIT_S = 120.0


@dataclass(frozen=True, slots=True)
class Meter:
    """What was used so far: seconds of the processor by the bridge and by the server, bytes of its
    log."""

    bridge_s: float
    server_s: float
    log_bytes: int


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=options.folder) as name:
        folder = Path(name).resolve()
        with postgres(folder) as store:
            calls, taking = _taking(folder, store, options.seconds)
            starts, delivering = _delivering(folder, store, options.starts)
            stored = asyncio.run(_size(folder)) / calls
    rows = [
        ("a call, the process that takes it", taking.bridge_s, calls, "us"),
        ("a call, PostgreSQL", taking.server_s, calls, "us"),
        ("a start, the worker", delivering.bridge_s, starts, "us"),
        ("a start, PostgreSQL", delivering.server_s, starts, "us"),
    ]
    shown = [(what, f"{used / count * 1e6:.0f}", unit) for what, used, count, unit in rows]
    shown += [
        ("a call, log of PostgreSQL", f"{taking.log_bytes / calls:.0f}", "bytes"),
        ("a start, log of PostgreSQL", f"{delivering.log_bytes / starts:.0f}", "bytes"),
        ("a call with what follows, on disk", f"{stored:.0f}", "bytes"),
    ]
    show(table(("what", "cost", ""), shown))
    say(f"{calls:,} calls with a body of {len(servers.BODY)} bytes, {starts:,} starts")


def _taking(folder: Path, store: tuple[str, int], seconds: int) -> tuple[int, Meter]:
    script = write_script(folder / "post.lua", servers.signed_headers(), servers.BODY)
    with servers.bridge(folder, source="bench", store=store) as server:
        load(server.url, script, connections=64, seconds=1)
        before = _meter(folder, server.processes[0], store[1])
        found = load(server.url, script, connections=64, seconds=seconds)
        return found.calls, _used(before, _meter(folder, server.processes[0], store[1]))


def _delivering(folder: Path, store: tuple[str, int], starts: int) -> tuple[int, Meter]:
    """Of a backlog, until `starts` of it are done."""
    with servers.sandbox() as sandbox, _worker(folder, store[0], sandbox) as process:
        first = asyncio.run(_done(folder))
        before = _meter(folder, process, store[1])
        end = time.monotonic() + _LIMIT_S
        while (made := asyncio.run(_done(folder)) - first) < starts and time.monotonic() < end:
            time.sleep(0.2)
        return made, _used(before, _meter(folder, process, store[1]))


@contextmanager
def _worker(folder: Path, store: str, sandbox: str) -> Iterator[int]:
    config, port = folder / "worker.yaml", servers.free_port()
    config.write_text(servers.CONFIG.replace("http://127.0.0.1:9", sandbox))
    environ = {
        "BENCH_TOKEN": "sandbox-token",
        "BENCH_SECRET": servers.SECRET,
        "BRIDGE_DATABASE_URL": store,
        "BRIDGE_LOG_LEVEL": "error",
    }
    command = [sys.executable, "-m", "app", "serve", "--role", "worker", "--port", str(port)]
    url = f"http://127.0.0.1:{port}/healthz"
    with servers.running([*command, "--config", str(config)], environ, url) as process:
        yield process


def _meter(folder: Path, bridge: int, server: int) -> Meter:
    return Meter(
        Server("", (bridge,)).cpu_s(), Server("", (server,)).cpu_s(), asyncio.run(_logged(folder))
    )


def _used(before: Meter, after: Meter) -> Meter:
    return Meter(
        after.bridge_s - before.bridge_s,
        after.server_s - before.server_s,
        after.log_bytes - before.log_bytes,
    )


async def _logged(folder: Path) -> int:
    return await _value(folder, "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")


async def _done(folder: Path) -> int:
    return await _value(folder, "SELECT count(*) FROM delivery WHERE state = 'done'")


async def _size(folder: Path) -> int:
    whole = " + ".join(f"pg_total_relation_size('{name}')" for name in _TABLES)
    return await _value(folder, f"SELECT {whole}")


async def _value(folder: Path, query: str) -> int:
    connection = await asyncpg.connect(user="postgres", host=str(folder / "pg"))
    try:
        return int(await connection.fetchval(query))
    finally:
        await connection.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.costs", description=__doc__)
    parser.add_argument("--seconds", type=int, default=5, help="of calls")
    parser.add_argument("--starts", type=int, default=4000)
    parser.add_argument("--folder", default=".", help="where the database is made")
    return parser.parse_args()


if __name__ == "__main__":
    main()

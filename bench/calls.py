"""How many calls a second are taken durably, beside a plain handler and other programs.

The servers take turns under the same load, round after round. A machine that does other things as
well is slow for some seconds and fast for some: so the plain handler stays up, is called for a
second before each of them and after the last, and a ratio is to the mean of the seconds around it.
"""

import contextlib
import statistics
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import orjson

from bench import peers, servers
from bench.load import Figures, load
from bench.postgres import postgres
from bench.servers import Server

PLAIN = "plain FastAPI handler"
SQLITE = "bridge on SQLite"
POSTGRESQL = "bridge on PostgreSQL"
_COUNTED_S = 2

Start = Callable[[], AbstractContextManager[Server]]


@dataclass(frozen=True, slots=True)
class Load:
    script: Path
    connections: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Round:
    figures: Figures
    cpu_us: float
    """Of all its processes, a call."""
    ratio: float


@dataclass(frozen=True, slots=True)
class Written:
    """What the store was sent."""

    statements_per_event: float
    commits_per_1000: float


@contextlib.contextmanager
def stores(folder: Path) -> Iterator[dict[str, tuple[str, int] | None]]:
    with postgres(folder) as server:
        yield {SQLITE: None, POSTGRESQL: server}


def starts(folder: Path, known: dict[str, tuple[str, int] | None]) -> dict[str, Start]:
    found: dict[str, Start] = {
        "bare ASGI reply": lambda: servers.uvicorn_app("bench.bare:app"),
        PLAIN: lambda: servers.uvicorn_app("bench.plain:app"),
        f"{PLAIN}, 2 processes": lambda: servers.uvicorn_app("bench.plain:app", workers=2),
        SQLITE: lambda: servers.bridge(folder, source="bench"),
        f"{SQLITE}, 2 processes": lambda: servers.bridge(folder, source="bench", workers=2),
        POSTGRESQL: lambda: servers.bridge(folder, source="bench", store=known[POSTGRESQL]),
        "webhook": lambda: peers.webhook(folder, stores=True),
        "webhook, stores nothing": lambda: peers.webhook(folder, stores=False),
        "node-red": lambda: peers.node_red(folder, stores=True),
        "node-red, stores nothing": lambda: peers.node_red(folder, stores=False),
    }
    missing = tuple(peers.missing())
    return {name: start for name, start in found.items() if not name.startswith(missing)}


def measure(given: dict[str, Start], rounds: int, how: Load) -> dict[str, list[Round]]:
    found: dict[str, list[Round]] = {name: [] for name in given}
    with servers.uvicorn_app("bench.plain:app") as plain:
        beside = [_loaded(plain, how, 1).per_s for _ in range(2)][1:]
        measured: list[tuple[str, Figures, float]] = []
        for _ in range(rounds):
            for name, start in given.items():
                with start() as server:
                    measured.append((name, *_measured(server, how)))
                # What it started and did not wait for has ended, or is its own affair.
                beside.append(_loaded(plain, how, 1).per_s)
    for (name, figures, cpu_us), around in zip(measured, pairwise(beside), strict=True):
        found[name].append(Round(figures, cpu_us, figures.per_s / statistics.mean(around)))
    return found


def _measured(server: Server, how: Load) -> tuple[Figures, float]:
    server.wait_until_idle()
    _loaded(server, how, 1)
    before = server.cpu_s()
    figures = _loaded(server, how, how.seconds)
    return figures, (server.cpu_s() - before) / max(1, figures.calls) * 1e6


def _loaded(server: Server, how: Load, seconds: int) -> Figures:
    return load(server.url, how.script, connections=how.connections, seconds=seconds)


def written(folder: Path, store: tuple[str, int] | None, how: Load) -> Written:
    """Counted in a run of its own, that the count may not slow the others."""
    counts = folder / "counts.json"
    with servers.bridge(folder, source="bench", store=store, counts=counts) as server:
        figures = load(server.url, how.script, connections=how.connections, seconds=_COUNTED_S)
    statements, commits = orjson.loads(counts.read_bytes())
    return Written(statements / figures.calls, 1000 * commits / figures.calls)


def row(name: str, rounds: list[Round], known: Written | None) -> list[object]:
    figures = [one.figures for one in rounds]
    ratios = [one.ratio for one in rounds]
    return [
        name,
        f"{statistics.median(one.per_s for one in figures):,.0f}",
        f"{statistics.median(one.p50_ms for one in figures):.1f}",
        f"{statistics.median(one.p99_ms for one in figures):.1f}",
        sum(one.failed for one in figures),
        f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
        f"{statistics.median(one.cpu_us for one in rounds):.0f}",
        f"{known.statements_per_event:.2f}" if known else "",
        f"{known.commits_per_1000:.0f}" if known else "",
    ]

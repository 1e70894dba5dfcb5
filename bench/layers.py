"""What each layer of a call costs, in instructions of the interpreter: a figure that does not move
with what else the machine does. The processor's own time, the least of many rounds, stands beside.

    python -m bench.layers
"""

import asyncio
import logging
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

import structlog
import uvicorn
from uvicorn.server import ServerState

from app.cli.tables import show, table
from app.ingest.accept import Acceptor
from app.ingest.calls import CallMaker
from app.ingest.intake import Intake
from app.ingest.short_way import ShortWay
from app.ingest.unkept import Unkept
from app.kit.clock import SystemClock
from app.observe.counts import Counts
from app.outbox import Outbox
from app.revision import Revision, read_revision
from app.web.asgi import App, Receive, Scope, Send
from app.web.one_write import OneWriteProtocol
from app.web.short_way import by_short_way
from bench import plain, servers

_CONNECTIONS = 32
_ROUNDS = 300
_LIMIT_S = 60.0
_LAYERS = (
    *("app/web", "app/ingest", "app/sources/auth", "app/sources/decode", "app/sources"),
    *("app/expressions", "app/rules", "app/model", "app/outbox", "app/kit"),
    *("uvicorn", "starlette", "fastapi", "pydantic", "sqlalchemy", "structlog"),
)
_REQUEST = "\r\n".join(
    [
        "POST /hooks/bench HTTP/1.1",
        "Host: 127.0.0.1",
        *(f"{name}: {text}" for name, text in servers.signed_headers().items()),
        f"Content-Length: {len(servers.BODY)}\r\n\r\n{servers.BODY}",
    ]
).encode()


class _Transport:
    """Takes the answers; there is no socket."""

    def __init__(self, answered: Callable[[], None]) -> None:
        self._answered = answered

    def write(self, part: bytes) -> None:
        if part.startswith(b"HTTP/1.1 202"):
            self._answered()

    def get_extra_info(self, name: str) -> tuple[str, int] | None:
        return ("127.0.0.1", 1) if name in ("peername", "sockname") else None

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        """Stays."""


class _Calls:
    """A call on each of many connections, until all are answered."""

    def __init__(self, app: App, protocol: type[OneWriteProtocol]) -> None:
        config = uvicorn.Config(app, http=protocol, lifespan="off", access_log=False)
        config.load()
        self._protocols = [protocol(config, ServerState(), {}) for _ in range(_CONNECTIONS)]
        for made in self._protocols:
            made.connection_made(_Transport(self._answered))  # type: ignore[arg-type]
        self._left = 0
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def make(self) -> None:
        self._left = _CONNECTIONS
        self._done = asyncio.get_running_loop().create_future()
        for made in self._protocols:
            made.data_received(_REQUEST)
        await asyncio.wait_for(self._done, _LIMIT_S)

    def _answered(self) -> None:
        self._left -= 1
        if not self._left:
            self._done.set_result(None)


class _Instructions:
    """Counts them by thread and layer. What asyncio itself does, in a loop that is compiled when
    it is served, is left out."""

    def __init__(self) -> None:
        self.found: Counter[tuple[bool, str]] = Counter()
        self._is_on = False

    async def of(self, make: Callable[[], Awaitable[None]]) -> None:
        self._is_on = True
        sys.settrace(self.trace)
        await make()
        sys.settrace(None)
        self._is_on = False

    def trace(self, frame: FrameType, what: str, _: Any) -> Any:
        # Migrations, too, run in the writer's thread, and would take minutes.
        if not self._is_on:
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        if what == "opcode" and not _is_left_out(frame):
            is_loop = threading.current_thread() is threading.main_thread()
            self.found[is_loop, _layer(frame)] += 1
        return self.trace


def _is_left_out(frame: FrameType) -> bool:
    path = frame.f_code.co_filename
    return "/asyncio/" in path or path == __file__


def _layer(frame: FrameType) -> str:
    # What a dataclass is made by has no file: it belongs to whoever makes it.
    if frame.f_code.co_filename == "<string>" and frame.f_back is not None:
        return _layer(frame.f_back)
    path = frame.f_code.co_filename
    return next((layer for layer in _LAYERS if f"/{layer}/" in path), "other")


async def _main(folder: Path) -> None:
    (folder / "bridge.yaml").write_text(servers.CONFIG)
    environ = {"BENCH_TOKEN": "t", "BENCH_SECRET": servers.SECRET}
    revision = await asyncio.to_thread(read_revision, folder / "bridge.yaml", environ)
    counted = _Instructions()
    # Before the writer's thread starts.
    threading.settrace(counted.trace)
    clock = SystemClock()
    async with Outbox.open(f"sqlite+aiosqlite:///{folder}/bridge.db", clock=clock) as outbox:
        threading.settrace(None)
        await _report("bridge", _Calls(_nothing, _short(revision, outbox)), counted)
    await _report("plain FastAPI handler", _Calls(plain.app, OneWriteProtocol), _Instructions())


def _short(revision: Revision, outbox: Outbox) -> type[OneWriteProtocol]:
    acceptor, clock = Acceptor(outbox), SystemClock()
    counts = Counts()
    # As a service does: what has no name in it is counted at a place that is looked for each time.
    counts.use(revision.sources, [rule.name for rule in revision.rules.all], [])
    unkept = Unkept(outbox, clock, Random())  # noqa: S311
    intake = Intake(lambda: revision, acceptor, unkept, counts)
    way = ShortWay(intake, acceptor, CallMaker(), clock)
    made = by_short_way(way)
    assert issubclass(made, OneWriteProtocol)  # noqa: S101
    return made


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Nothing comes by ASGI."""


async def _report(name: str, calls: _Calls, counted: _Instructions) -> None:
    for _ in range(5):
        await calls.make()
    await counted.of(calls.make)
    least = min([await _timed(calls) for _ in range(_ROUNDS)])
    rows: list[list[object]] = [
        ["loop" if is_loop else "writer's thread", layer, f"{count / _CONNECTIONS:,.0f}"]
        for (is_loop, layer), count in sorted(
            counted.found.items(), key=lambda one: (not one[0][0], -one[1])
        )
    ]
    every = sum(counted.found.values()) / _CONNECTIONS
    rows.append(["all", "", f"{every:,.0f}"])
    rows.append(["loop, microseconds", "", f"{least:.0f}"])
    show(table((name, "layer", "instructions a call"), rows))


async def _timed(calls: _Calls) -> float:
    before = time.thread_time()
    await calls.make()
    return (time.thread_time() - before) / _CONNECTIONS * 1e6


if __name__ == "__main__":
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        cache_logger_on_first_use=True,
    )
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=".") as name:
        asyncio.run(_main(Path(name).resolve()))

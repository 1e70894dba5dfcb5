"""The stand-in for Altcraft as a test holds it: told to misbehave, asked what it started."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from app.kit.clock import Clock, SystemClock
from app.sandbox import Entry, Fault, FaultKind, Journal, World, example_world, served
from app.sandbox.faults import Faults
from tests.support.processes import Process, free_port
from tests.support.sandboxes import TOKEN


class RunningSandbox:
    """`async with RunningSandbox() as sandbox:` runs it in the test's own loop, on a free port.

    It can be stopped (then its port refuses connections) and started again at the same address,
    with what it knows, its faults and its journal.
    """

    token = TOKEN

    def __init__(
        self,
        *,
        world: World | None = None,
        knows_everybody: bool = False,
        clock: Clock | None = None,
        journal: Path | None = None,
    ) -> None:
        self.world = world or example_world(knows_everybody=knows_everybody)
        self.url = ""
        self._clock = clock or SystemClock()
        self.journal = Journal(journal)
        self.faults = Faults(self._clock, Random(1))
        self._running = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()
        self.journal.close()

    async def start(self) -> None:
        port = urlsplit(self.url).port or 0
        running = served(self.world, self.journal, self.faults, self._clock, port=port)
        self.url = await self._running.enter_async_context(running)

    async def stop(self) -> None:
        await self._running.aclose()

    @property
    def started(self) -> list[str]:
        """For whom scenarios started, as the caller named them."""
        return [(entry.person or "").partition("=")[2] for entry in self.journal.starts]

    @property
    def starts(self) -> list[Entry]:
        return self.journal.starts

    @property
    def received(self) -> list[Entry]:
        return self.journal.after(0, 100_000)

    async def wait_for_starts(self, count: int, limit_s: float = 10) -> list[Entry]:
        return await self.journal.wait_for_starts(count, limit_s=limit_s)

    async def wait_for_requests(self, count: int, limit_s: float = 10) -> list[Entry]:
        return await self.journal.wait_for_requests(count, limit_s=limit_s)

    def add(self, kind: FaultKind, **limits: Any) -> None:
        """After those in force. `limits` are `times`, `scenario`, `method`, `probability`."""
        self.faults.add(Fault(kind=kind, **limits))

    def clear_faults(self) -> None:
        self.faults.put([])

    def refuse(self, **limits: Any) -> None:
        self.add(FaultKind.REFUSE, **limits)

    def cut_after_reading(self, *, started: bool = True, **limits: Any) -> None:
        self.add(FaultKind.CUT_AFTER_READING, started=started, **limits)

    def cut_in_reply(self, *, started: bool = True, **limits: Any) -> None:
        self.add(FaultKind.CUT_IN_REPLY, started=started, **limits)

    def delay(self, seconds: float, **limits: Any) -> None:
        self.add(FaultKind.DELAY, seconds=seconds, **limits)

    def answer_error(self, code: int, text: str, **limits: Any) -> None:
        self.add(FaultKind.ERROR, code=code, text=text, **limits)

    def answer_status(self, status: int, **limits: Any) -> None:
        self.add(FaultKind.HTTP_STATUS, status=status, **limits)

    def answer_html(self, **limits: Any) -> None:
        self.add(FaultKind.HTML, **limits)

    def rate_limit(self, per_second: float, *, retry_after: int = 1, **limits: Any) -> None:
        self.add(FaultKind.RATE_LIMIT, per_second=per_second, retry_after=retry_after, **limits)


@contextlib.contextmanager
def a_sandbox_process(folder: Path, *, knows_everybody: bool = True) -> Iterator[Process]:
    """`bridge sandbox` as a process of its own; its journal is `folder/journal.jsonl`."""
    port = free_port()
    arguments = ["sandbox", "--port", str(port), "--journal", str(folder / "journal.jsonl")]
    process = Process(
        arguments + (["--everybody"] if knows_everybody else []),
        f"http://127.0.0.1:{port}",
        "/_sandbox/health",
        folder / "sandbox.log",
    )
    try:
        process.start()
        yield process
    finally:
        process.kill()

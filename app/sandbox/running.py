"""The stand-in, running on a socket of its own."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from app.kit.clock import Clock
from app.sandbox.connection import CuttableProtocol
from app.sandbox.faults import Fault, Faults
from app.sandbox.journal import Journal
from app.sandbox.people import World
from app.sandbox.server import SandboxApp
from app.web.server import address, listen, serving


@dataclass(frozen=True, slots=True)
class RunningSandbox:
    url: str
    journal: Journal
    faults: Faults

    def put(self, *faults: Fault) -> None:
        self.faults.put(faults)


@contextlib.asynccontextmanager
async def sandbox(
    world: World,
    clock: Clock,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    journal: Path | None = None,
    seed: int = 1,
) -> AsyncIterator[RunningSandbox]:
    """Port 0 takes a free one. Raises CannotListen and JournalRefused."""
    written = Journal(journal)
    faults = Faults(clock, Random(seed))  # noqa: S311 - chance for faults, no secret
    try:
        async with served(world, written, faults, clock, host=host, port=port) as url:
            yield RunningSandbox(url, written, faults)
    finally:
        written.close()


@contextlib.asynccontextmanager
async def served(
    world: World,
    journal: Journal,
    faults: Faults,
    clock: Clock,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
) -> AsyncIterator[str]:
    """The address, of parts that outlive it: what comes after them is a platform restarted."""
    app = SandboxApp(world, journal, faults, clock)
    with contextlib.closing(listen(host, port)) as sock:
        async with serving(app, sock, http=CuttableProtocol):
            try:
                yield address(sock)
            finally:
                app.stop()

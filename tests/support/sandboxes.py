"""A stand-in for Altcraft within the test's own loop, and platforms that break by hand."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine

from app.kit.clock import SystemClock
from app.sandbox import RunningSandbox, example_world, sandbox

TOKEN = "sandbox-token"


@contextlib.asynccontextmanager
async def a_sandbox(*, knows_everybody: bool = False) -> AsyncIterator[RunningSandbox]:
    world = example_world(knows_everybody=knows_everybody)
    async with sandbox(world, SystemClock()) as running:
        yield running


Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]


@contextlib.asynccontextmanager
async def a_platform(behave: Peer) -> AsyncIterator[str]:
    """A socket that treats each connection as `behave` does; yields its address."""

    over = asyncio.Event()
    treated: list[asyncio.Task[None]] = []

    async def treat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behaving = asyncio.ensure_future(behave(reader, writer))
        ending = asyncio.ensure_future(over.wait())
        await asyncio.wait([behaving, ending], return_when=asyncio.FIRST_COMPLETED)
        behaving.cancel()
        ending.cancel()
        await asyncio.gather(behaving, ending, return_exceptions=True)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    def taken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        treated.append(asyncio.ensure_future(treat(reader, writer)))

    server = await asyncio.start_server(taken, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        over.set()
        await asyncio.gather(*treated)
        server.close()


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """The whole request."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length")
    )
    return head + await reader.readexactly(length)

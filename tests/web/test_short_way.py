"""Requests that are answered without ASGI, over a socket, beside those that are."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from app.web.asgi import Receive, Scope, Send, respond
from app.web.heads import head_of
from app.web.server import listen, serving
from app.web.short_way import Exchange, ShortWayProtocol

HEAD = b"POST /short HTTP/1.1\r\nHost: a\r\n"
ONE = HEAD + b"Content-Length: 1\r\n\r\n"
ORDINARY = b"POST /long HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"
LAST = HEAD + b"Connection: close\r\nContent-Length: 1\r\n\r\n"


class Echo:
    """Answers with the way and the body. While `is_held`, only when `let_go` is called."""

    prefix = b"/short"

    def __init__(self) -> None:
        self.is_held = False
        self.under_way = 0
        self.begun = asyncio.Event()
        self.taken = asyncio.Event()
        self.closed = asyncio.Event()
        self._held: list[Callable[[], None]] = []

    def begin(self, exchange: "Exchange[None]") -> bool:
        exchange.limit_bytes = 8
        if exchange.headers.get("x-way") == "long":
            return False
        self.under_way += 1
        self.begun.set()
        return True

    def take(self, exchange: "Exchange[None]") -> None:
        body = exchange.body
        self._held.append(lambda: exchange.answer(head_of(200, "text/plain"), b"short " + body))
        self.taken.set()
        if not self.is_held:
            self.let_go()

    def slow(self, exchange: "Exchange[None]") -> None:
        exchange.answer(head_of(408, "text/plain"), b"slow")

    def close(self, exchange: "Exchange[None]") -> None:
        self.under_way -= 1
        self.closed.set()

    def let_go(self) -> None:
        held, self._held = self._held, []
        for answer in held:
            answer()


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    body, more = b"", True
    while more:
        part = await receive()
        body += part.get("body", b"")
        more = part.get("more_body", False)
    await respond(send, 200, b"text/plain", b"long " + body)


class Server:
    def __init__(self, port: int, echo: Echo) -> None:
        self.port = port
        self.echo = echo

    @asynccontextmanager
    async def connected(
        self,
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield reader, writer
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def exchange(self, *pieces: bytes) -> list[bytes]:
        """The bodies of the answers, until the connection is closed."""
        async with asyncio.timeout(10), self.connected() as (reader, writer):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                # Each a read of its own at the server.
                await asyncio.sleep(0.01)
            found = await reader.read()
        return [part.partition(b"\r\n\r\n")[2] for part in found.split(b"HTTP/1.1 ")[1:]]


@asynccontextmanager
async def a_server(*, read_limit_s: float = 30.0, keep_alive_s: int = 30) -> AsyncIterator[Server]:
    class Protocol(ShortWayProtocol):
        short = Echo()

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self.timeout_keep_alive = keep_alive_s

    Protocol.read_limit_s = read_limit_s
    sock = listen("127.0.0.1", 0)
    async with serving(app, sock, http=Protocol):
        yield Server(sock.getsockname()[1], Protocol.short)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with a_server() as running:
        yield running


async def test_what_is_sent_at_once_is_answered_in_turn_by_either_way(server: Server) -> None:
    found = await server.exchange(ONE + b"1" + ORDINARY + b"2" + ONE + b"3" + LAST + b"4")

    assert [body[-1:] for body in found] == [b"1", b"2", b"3", b"4"]
    assert found[0] == b"short 1"


async def test_what_comes_while_an_answer_is_due_waits_for_it(server: Server) -> None:
    server.echo.is_held = True
    exchange = asyncio.create_task(server.exchange(ONE + b"1", ORDINARY + b"2", LAST + b"3"))
    await asyncio.wait_for(server.echo.taken.wait(), 10)

    server.echo.is_held = False
    server.echo.let_go()

    assert [body[-1:] for body in await exchange] == [b"1", b"2", b"3"]
    assert server.echo.under_way == 0


async def test_a_connection_takes_one_call_after_the_other(server: Server) -> None:
    assert await server.exchange(ONE + b"1", ONE + b"2", LAST + b"3") == [
        b"short 1",
        b"short 2",
        b"short 3",
    ]


async def test_a_body_may_come_in_pieces(server: Server) -> None:
    whole = HEAD + b"Connection: close\r\nContent-Length: 4\r\n\r\nbody"

    found = await server.exchange(*[whole[i : i + 20] for i in range(0, len(whole), 20)])

    assert found == [b"short body"]


async def test_a_body_may_come_in_chunks(server: Server) -> None:
    head = HEAD + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"

    found = await server.exchange(head, b"2\r\nbo\r\n", b"2\r\ndy\r\n0\r\n\r\n")

    assert found == [b"short body"]


async def test_bodies_of_one_byte_a_piece_stay_apart(server: Server) -> None:
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    pieces = b"".join(b"1\r\n%c\r\n" % byte for byte in b"in bytes") + b"0\r\n\r\n"

    found = await server.exchange(chunked + pieces, chunked + pieces, LAST + b"1")

    assert found == [b"short in bytes", b"short in bytes", b"short 1"]


async def test_a_body_past_the_limit_goes_the_ordinary_way_whole(server: Server) -> None:
    head = HEAD + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"

    found = await server.exchange(head, b"7\r\nseven +\r\n", b"6\r\n six =\r\n", b"0\r\n\r\n")

    assert found == [b"long seven + six ="]
    assert server.echo.under_way == 0


async def test_what_is_not_taken_goes_the_ordinary_way(server: Server) -> None:
    found = await server.exchange(HEAD + b"X-Way: long\r\nContent-Length: 1\r\n\r\n1", LAST + b"2")

    assert found == [b"long 1", b"short 2"]


async def test_who_asks_before_sending_the_body_is_told_to_go_on(server: Server) -> None:
    head = HEAD + b"Connection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"

    assert await server.exchange(head, b"hi") == [b"", b"long hi"]


async def test_a_caller_of_old_is_answered_and_hung_up_on(server: Server) -> None:
    old = HEAD.replace(b"1.1", b"1.0") + b"Content-Length: 1\r\n\r\n1"

    assert await server.exchange(old) == [b"long 1"]


async def test_a_body_that_does_not_come_is_answered_when_its_time_is_over() -> None:
    async with (
        asyncio.timeout(10),
        a_server(read_limit_s=0.05) as server,
        server.connected() as (reader, writer),
    ):
        writer.write(ONE)
        found = await reader.readuntil(b"slow")

    assert found.startswith(b"HTTP/1.1 408 ")
    assert server.echo.under_way == 0


async def test_a_caller_that_hangs_up_in_its_body_is_under_way_no_more(server: Server) -> None:
    async with asyncio.timeout(10):
        async with server.connected() as (_, writer):
            writer.write(HEAD + b"Content-Length: 4\r\n\r\nbo")
            await server.echo.begun.wait()
        await server.echo.closed.wait()

    assert server.echo.under_way == 0


async def test_an_answer_to_a_caller_that_has_gone_is_dropped(server: Server) -> None:
    server.echo.is_held = True
    async with asyncio.timeout(10), server.connected() as (_, writer):
        writer.write(ONE + b"1")
        await server.echo.taken.wait()
    server.echo.let_go()

    assert server.echo.under_way == 0


async def test_a_stop_waits_for_the_answer_that_is_due_and_hangs_up_then() -> None:
    async with asyncio.timeout(20), contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(a_server())
        server.echo.is_held = True
        # Left in the order of the stack: the connection first, so the server is left by hand.
        stop = stack.pop_all()
        async with server.connected() as (reader, writer):
            writer.write(ONE + b"1")
            await server.echo.taken.wait()
            stopping = asyncio.create_task(stop.aclose())
            asyncio.get_running_loop().call_later(0.2, server.echo.let_go)
            found = await reader.read()
        await stopping

    assert b"connection: close\r\n" in found
    assert found.endswith(b"\r\n\r\nshort 1")


async def test_a_connection_that_is_idle_is_closed() -> None:
    async with (
        asyncio.timeout(10),
        a_server(keep_alive_s=1) as server,
        server.connected() as (reader, writer),
    ):
        writer.write(ONE + b"1")
        found = await reader.read()

    assert found.endswith(b"short 1")

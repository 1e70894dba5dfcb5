"""Heads that do not end: who sends them is hung up on, and others are not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.ingest.short_way import _known_path, _path_of
from app.web.asgi import Receive, Scope, Send, respond
from app.web.bounded_head import BoundedHeadProtocol
from app.web.heads import _known_name, headers_of
from app.web.server import listen, serving
from app.web.short_way import Exchange, ShortWayProtocol

HEAD = b"POST /any HTTP/1.1\r\nHost: a\r\n"


class Never:
    """Takes nothing: all goes the ordinary way."""

    prefix = b"/never"

    def begin(self, exchange: "Exchange[None]") -> bool:
        raise NotImplementedError

    take = slow = close = begin


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body", False):
        pass
    await respond(send, 200, b"text/plain", b"taken")


@pytest.fixture(params=[BoundedHeadProtocol, ShortWayProtocol])
def protocol(request: pytest.FixtureRequest) -> type[BoundedHeadProtocol]:
    return type("Bounded", (request.param,), {"short": Never(), "head_limit_s": 0.1})


@asynccontextmanager
async def connected(
    protocol: type[BoundedHeadProtocol],
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    sock = listen("127.0.0.1", 0)
    async with serving(app, sock, http=protocol), asyncio.timeout(20):
        reader, writer = await asyncio.open_connection(*sock.getsockname())
        try:
            yield reader, writer
        finally:
            writer.close()


async def test_one_that_grows_without_an_end_is_refused(
    protocol: type[BoundedHeadProtocol],
) -> None:
    protocol.head_limit_s = 20.0
    async with connected(protocol) as (reader, writer):
        writer.write(HEAD)
        found = asyncio.ensure_future(reader.read())
        while not found.done():
            writer.write(b"X-More: " + b"x" * 8000 + b"\r\n")
            await asyncio.wait({found}, timeout=0.01)

    assert found.result().startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("begun", [b"", HEAD, HEAD + b"X-More: "])
async def test_one_that_does_not_come_is_waited_for_no_longer(
    protocol: type[BoundedHeadProtocol], begun: bytes
) -> None:
    async with connected(protocol) as (reader, writer):
        writer.write(begun)

        assert await reader.read() == b""


async def test_a_large_one_is_taken_and_the_next_begins_anew(
    protocol: type[BoundedHeadProtocol],
) -> None:
    large = HEAD + b"Content-Length: 0\r\n" + b"X-More: %b\r\n" % (b"x" * 8000) * 5 + b"\r\n"
    async with connected(protocol) as (reader, writer):
        for _ in range(3):
            for start in range(0, len(large), 10_000):
                writer.write(large[start : start + 10_000])
                await writer.drain()
            assert await reader.readuntil(b"taken")


async def test_the_time_of_the_head_is_over_when_the_body_begins(
    protocol: type[BoundedHeadProtocol],
) -> None:
    async with connected(protocol) as (reader, writer):
        writer.write(HEAD + b"Content-Length: 2\r\n\r\n1")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 2 * protocol.head_limit_s)
        writer.write(b"2")

        assert await reader.readuntil(b"taken")


def test_what_is_long_is_not_kept() -> None:
    known = _known_name.cache_info().currsize, _known_path.cache_info().currsize

    assert headers_of([(b"X" * 65, b"1")]) == {"x" * 65: "1"}
    assert _path_of(b"/hooks/" + b"a" * 300 + b"?b=c") == "a" * 300

    assert (_known_name.cache_info().currsize, _known_path.cache_info().currsize) == known

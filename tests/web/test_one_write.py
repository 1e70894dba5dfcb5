"""Answers as they leave through the real server, over a socket."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from app.web.asgi import Receive, Scope, Send, respond
from app.web.server import listen, serving


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    body = b""
    more = True
    while more:
        part = await receive()
        body += part["body"]
        more = part.get("more_body", False)
    if scope["path"] == "/streamed":
        start = {"type": "http.response.start", "status": 200, "headers": []}
        await send(start)
        # The second looks like the head of an answer: it is part of the body all the same.
        for text in (b"one ", b"HTTP/1.1 200 OK\r\n\r\n"):
            await send({"type": "http.response.body", "body": text, "more_body": True})
            await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b""})
        return
    await respond(send, 200, b"text/plain", body)


@pytest.fixture
async def port() -> AsyncIterator[int]:
    sock = listen("127.0.0.1", 0)
    port: int = sock.getsockname()[1]
    async with serving(app, sock):
        yield port


async def exchange(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(10):
        writer.write(request)
        found = await reader.read()
        writer.close()
    return found


async def test_an_answer_is_whole_before_the_connection_is_closed(port: int) -> None:
    found = await exchange(
        port, b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"
    )

    head, _, body = found.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert body == b"hi"


async def test_an_answer_in_parts_keeps_its_order(port: int) -> None:
    found = await exchange(port, b"GET /streamed HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")

    _, _, body = found.partition(b"\r\n\r\n")
    assert body == b"4\r\none \r\n13\r\nHTTP/1.1 200 OK\r\n\r\n\r\n0\r\n\r\n"


async def test_requests_sent_at_once_are_answered_in_turn(port: int) -> None:
    one = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"
    last = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1\r\n\r\n3"

    found = await exchange(port, one + b"1" + one + b"2" + last)

    assert [part.partition(b"\r\n\r\n")[2][:1] for part in found.split(b"HTTP/1.1 ")[1:]] == [
        b"1",
        b"2",
        b"3",
    ]


async def test_whoever_asks_before_sending_the_body_is_told_to_go_on(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(10):
        writer.write(
            b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        )
        told = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"hi")
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(2)
        writer.close()

    assert told == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert body == b"hi"


async def test_head_and_body_come_in_one_piece(port: int) -> None:
    loop = asyncio.get_running_loop()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
        raw.setblocking(False)
        pieces = []
        for _ in range(20):
            await loop.sock_sendall(
                raw, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"
            )
            pieces.append(await loop.sock_recv(raw, 65536))

    assert all(piece.endswith(b"\r\n\r\nbody") for piece in pieces)

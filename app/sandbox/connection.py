"""Hold of the connection below the answer, to break it as hosts and networks do."""

import asyncio
import socket
import struct

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.web.asgi import Receive, Scope, Send

_KEY = "sandbox.connection"
_RESET = struct.pack("ii", 1, 0)


class CuttableProtocol(HttpToolsProtocol):
    """Lets the application get at the connection."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope[_KEY] = self.transport  # type: ignore[literal-required]  # a key of our own


async def reset(scope: Scope, receive: Receive) -> None:
    """As a host that dies: nothing more is read or sent, the caller sees a reset."""
    connection: asyncio.Transport = scope[_KEY]
    sock = connection.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    connection.abort()
    await _is_gone(receive)


async def cut_in_reply(
    scope: Scope, receive: Receive, send: Send, content_type: bytes, body: bytes
) -> None:
    """The headers promise the whole body; half of it comes, then the end of the connection."""
    headers = [(b"content-type", content_type), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    half = body[: len(body) // 2]
    await send({"type": "http.response.body", "body": half, "more_body": True})
    # Not a reset: it could overtake what was just written.
    connection: asyncio.Transport = scope[_KEY]
    connection.close()
    await _is_gone(receive)


async def _is_gone(receive: Receive) -> None:
    """uvicorn takes a return without an answer for an error until it knows of the end."""
    while (await receive())["type"] != "http.disconnect":
        pass

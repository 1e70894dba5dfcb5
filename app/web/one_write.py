"""An answer as one write: uvicorn makes two of it, its head and its body, and each would be a
call of the system here and a read of its own at the caller."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class OneWriteProtocol(HttpToolsProtocol):
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._gathering = _Gathering(transport, self.loop)
        super().connection_made(self._gathering)  # type: ignore[arg-type]

    def write_whole(self, answer: bytes) -> None:
        """At once, after what is gathered."""
        self._gathering.write_whole(answer)


class _Gathering:
    """A transport that sends what is written within one turn of the loop together."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        # Asked several times for each call.
        self.is_closing = transport.is_closing
        self._loop = loop
        self._parts: list[bytes] = []

    def write(self, part: bytes) -> None:
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(part)

    def write_whole(self, answer: bytes) -> None:
        if self._parts:
            self._flush()
        self._transport.write(answer)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._parts:
            together, self._parts = b"".join(self._parts), []
            self._transport.write(together)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

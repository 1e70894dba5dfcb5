"""Heads of requests have an end: in size, and the first of a connection in time. uvicorn waits for
one for ever, and keeps what comes of it meanwhile."""

import asyncio
from typing import ClassVar

from app.web.one_write import OneWriteProtocol

_MOST_HEAD_BYTES = 64 * 1024
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class BoundedHeadProtocol(OneWriteProtocol):
    """What comes in one read is taken whole, so a head may be larger by that."""

    head_limit_s: ClassVar[float] = 30.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.is_in_head = True
        self._head_bytes = 0
        self.first_head_limit: asyncio.TimerHandle | None = self.loop.call_later(
            self.head_limit_s, self._has_no_head
        )

    def connection_lost(self, exc: Exception | None) -> None:
        self.stop_first_head_limit()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.is_in_head:
            self._head_bytes += len(data)
            if self._head_bytes > _MOST_HEAD_BYTES and not self.transport.is_closing():
                self._refuse_head()

    def on_message_begin(self) -> None:
        self.is_in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self.head_is_whole()
        super().on_headers_complete()

    def head_is_whole(self) -> None:
        self.is_in_head = False
        self._head_bytes = 0
        if self.first_head_limit is not None:
            self.stop_first_head_limit()

    def stop_first_head_limit(self) -> None:
        if self.first_head_limit is not None:
            self.first_head_limit.cancel()
            self.first_head_limit = None

    def is_free(self) -> bool:
        """No answer is due."""
        cycle: object = self.cycle  # None at first, whatever uvicorn says
        return cycle is None or self.cycle.response_complete

    def _refuse_head(self) -> None:
        if self.is_free():
            self.write_whole(_TOO_LARGE)
        self.transport.close()

    def _has_no_head(self) -> None:
        self.first_head_limit = None
        if not self.transport.is_closing():
            self.transport.close()

"""Requests that are answered without ASGI.

For each request uvicorn makes a scope, a cycle with its event, a task, and messages of dictionaries
there and back: more than a call of ours needs for all the rest. So what is asked at the paths of a
`Short` is read here from the parser and answered in one write. Whatever is unusual goes the
ordinary way, from its beginning: that is always right, and only slower.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.web.bounded_head import BoundedHeadProtocol
from app.web.heads import headers_of

_END = b"\r\n\r\n"
_LAST_END = b"\r\nconnection: close\r\n\r\n"


D = TypeVar("D")


class Short(Protocol):
    """What is answered this way."""

    prefix: bytes

    def begin(self, exchange: "Exchange[Any]") -> bool:
        """The head is read. False: it goes the ordinary way. True sets `limit_bytes` of the body
        (more goes the ordinary way), and `close` will be called."""

    def take(self, exchange: "Exchange[Any]") -> None:
        """The request is whole: `exchange.answer` is called, now or later. Raises nothing."""

    def slow(self, exchange: "Exchange[Any]") -> None:
        """The body is not whole in time: `exchange.answer` is called."""

    def close(self, exchange: "Exchange[Any]") -> None:
        """It is answered, goes the ordinary way, or the caller hung up."""


class _Nobody:
    def set(self) -> None:
        """Nobody waits for the messages of an exchange."""


class Exchange(Generic[D]):
    """The request of a connection that is under way, and its answer. It is made once for each
    connection, and stands in the place of uvicorn's cycle. `door` is whatever `begin` found."""

    door: D

    message_event: ClassVar = _Nobody()

    def __init__(self, protocol: "ShortWayProtocol") -> None:
        self.client = protocol.client
        self.scheme: str = protocol.scheme or "http"
        self.method = b""
        self.target = b""
        self.headers: Mapping[str, str] = {}
        self.body = b""
        self.limit_bytes = 0
        self.began_s = 0.0
        self.keep_alive = True
        self.disconnected = False
        self.is_reading = False
        self.response_complete = True
        self.answer = protocol.answer


class ShortWayProtocol(BoundedHeadProtocol):
    """A subclass says which way is short."""

    short: ClassVar[Short]
    read_limit_s: ClassVar[float] = 30.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._exchange: Exchange[Any] = Exchange(self)
        self._reading_limit: asyncio.TimerHandle | None = None
        self._idle_since = 0.0
        # Of a body that comes in pieces all but the first: to put each to what is there already
        # would copy that as often as there are pieces, and a caller may send one byte in each.
        self._rest = bytearray()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_limit()
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
        exchange = self._exchange
        if exchange.is_reading:
            exchange.is_reading = False
            self.short.close(exchange)
        exchange.disconnected = True
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._exchange.is_reading and self._reading_limit is None:
            self._reading_limit = self.loop.call_later(self.read_limit_s, self._slow)

    def on_message_begin(self) -> None:
        """As uvicorn's, without the scope."""
        self.is_in_head = True
        self.url = b""
        self.expect_100_continue = False
        self.headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self.head_is_whole()
        if not self.transport.is_closing() and not self._begins_short():
            self._go_ordinary()

    def _begins_short(self) -> bool:
        exchange, parser = self._exchange, self.parser
        if not self.url.startswith(self.short.prefix):
            return False
        if not self.is_free() or parser.should_upgrade():
            return False
        # A caller that reads no answers waits there, and the answers not in memory.
        if parser.get_http_version() != "1.1" or self.flow.write_paused:
            return False
        exchange.method, exchange.target = parser.get_method(), self.url
        exchange.headers, exchange.body = headers_of(self.headers), b""
        self._rest.clear()
        if "expect" in exchange.headers or not self.short.begin(exchange):
            return False
        exchange.keep_alive = parser.should_keep_alive()
        exchange.is_reading, exchange.response_complete = True, False
        self.cycle = exchange  # type: ignore[assignment]  # in its place
        return True

    def on_body(self, body: bytes) -> None:
        exchange = self._exchange
        if not exchange.is_reading:
            super().on_body(body)
            return
        if exchange.body:
            self._rest += body
        else:
            exchange.body = body
        if len(exchange.body) + len(self._rest) > exchange.limit_bytes:
            self._give_up()

    def on_message_complete(self) -> None:
        exchange = self._exchange
        if exchange.is_reading:
            exchange.is_reading = False
            if self._reading_limit is not None:
                self._stop_limit()
            if self._rest:
                self._put_together()
            self.short.take(exchange)
        else:
            super().on_message_complete()

    def _put_together(self) -> None:
        self._exchange.body += self._rest
        self._rest.clear()

    def _give_up(self) -> None:
        """The request goes the ordinary way after all, with what was read of its body."""
        self._put_together()
        exchange = self._exchange
        exchange.is_reading, exchange.response_complete = False, True
        self._stop_limit()
        self.short.close(exchange)
        self._go_ordinary()
        # A stop that came meanwhile.
        self.cycle.keep_alive = self.cycle.keep_alive and exchange.keep_alive
        if exchange.body:
            super().on_body(exchange.body)
            exchange.body = b""

    def _go_ordinary(self) -> None:
        url, headers = self.url, self.headers
        HttpToolsProtocol.on_message_begin(self)
        self.url = url
        for name, value in headers:
            HttpToolsProtocol.on_header(self, name, value)
        HttpToolsProtocol.on_headers_complete(self)

    def answer(self, head: bytes, body: bytes) -> None:
        """`head` is that of `head_of`."""
        exchange = self._exchange
        exchange.is_reading, exchange.response_complete = False, True
        exchange.body = b""
        if self._reading_limit is not None:
            self._stop_limit()
        self.short.close(exchange)
        if exchange.disconnected or self.transport.is_closing():
            return
        end = _END if exchange.keep_alive else _LAST_END
        self.write_whole(b"%b%d%b%b" % (head, len(body), end, body))
        if not exchange.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def on_response_complete(self) -> None:
        """As uvicorn's, with one timer for all the requests of the connection."""
        if self.pipeline or self.transport.is_closing():
            super().on_response_complete()
            return
        self.server_state.total_requests += 1
        if self.flow.read_paused:
            self.flow.resume_reading()
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._look_later(self.timeout_keep_alive)

    def _unset_keepalive_if_required(self) -> None:
        """What comes in is no reason to stop the timer: it looks who is idle."""

    def _look_later(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(
            seconds, self.timeout_keep_alive_handler
        )

    def timeout_keep_alive_handler(self) -> None:
        self.timeout_keep_alive_task = None
        if not self.is_free():
            return
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left <= 0:
            super().timeout_keep_alive_handler()
        else:
            self._look_later(left)

    def _slow(self) -> None:
        self._reading_limit = None
        if self._exchange.is_reading:
            self.short.slow(self._exchange)

    def _stop_limit(self) -> None:
        if self._reading_limit is not None:
            self._reading_limit.cancel()
            self._reading_limit = None


def by_short_way(short: Short) -> type[asyncio.Protocol]:
    return type("ShortWay", (ShortWayProtocol,), {"short": short})

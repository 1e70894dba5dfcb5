"""A collector on a real socket, that decodes what it is sent."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.support.sandboxes import a_platform, read_request

_OK = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


@dataclass(slots=True)
class Collector:
    """`answer`: what it says to each request, after it has read it."""

    answer: bytes = _OK
    url: str = ""
    heads: list[str] = field(default_factory=list)
    requests: list[ExportTraceServiceRequest] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def spans(self) -> list[Span]:
        return [
            span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    async def received(self, count: int) -> list[Span]:
        """As soon as there are so many spans."""
        async with asyncio.timeout(30):
            while len(self.spans) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.spans

    async def behave(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head, _, body = (await read_request(reader)).partition(b"\r\n\r\n")
                self.heads.append(head.decode())
                self.requests.append(ExportTraceServiceRequest.FromString(body))
                self._changed.set()
                writer.write(self.answer)
                await writer.drain()


@contextlib.asynccontextmanager
async def a_collector(answer: bytes = _OK) -> AsyncIterator[Collector]:
    collector = Collector(answer)
    async with a_platform(collector.behave) as url:
        collector.url = url
        yield collector

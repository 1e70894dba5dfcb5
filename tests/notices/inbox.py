"""A server that stands for Slack, for Telegram, or for whoever is told: on a real socket."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import orjson


@dataclass(slots=True)
class Inbox:
    """`answers` are statuses, the next of them first; without any: 200. 0 never answers."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    got: list[tuple[str, Any]] = field(default_factory=list)
    """Path and body of each request."""

    @property
    def bodies(self) -> list[Any]:
        return [body for _, body in self.got]


@contextlib.asynccontextmanager
async def an_inbox() -> AsyncIterator[Inbox]:
    inbox, over = Inbox(), asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(
                int(line.split(":")[1])
                for line in head.splitlines()
                if line.lower().startswith("content-length")
            )
            inbox.got.append((head.split(" ")[1], orjson.loads(await reader.readexactly(length))))
            status = inbox.answers.pop(0) if inbox.answers else 200
            if status == 0:
                await over.wait()
            lines = "".join(f"{name}: {text}\r\n" for name, text in inbox.headers.items())
            told = f"HTTP/1.1 {status} -\r\nContent-Length: 2\r\n{lines}Connection: close\r\n\r\nok"
            writer.write(told.encode())
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    inbox.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield inbox
    finally:
        over.set()
        server.close()

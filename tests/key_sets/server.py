"""An address on the network where keys stand: TLS on a real socket."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.support.certificates import a_certificate, as_pem


@dataclass(slots=True)
class Answers:
    """What is answered; `None` never answers. `asked` counts requests."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = b"{}"
    asked: int = 0
    url: str = ""
    trusting: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    _is_asked: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self) -> None:
        self.asked += 1
        self._is_asked.set()

    async def next_request(self, *, limit_s: float = 10) -> None:
        """Until the next one, or until the limit is over."""
        self._is_asked.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._is_asked.wait()


@cache
def _certificate() -> tuple[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    made = a_certificate("localhost", key, at=datetime.now(UTC), is_ca=False)  # noqa: TID251
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return as_pem(made), pem


@contextlib.asynccontextmanager
async def a_key_server(folder: Path) -> AsyncIterator[Answers]:
    certificate, key = _certificate()
    (folder / "server.pem").write_text(certificate + key, encoding="utf-8")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    answers = Answers(trusting=ssl.create_default_context(cadata=certificate))
    over = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            answers.note()
            if answers.body is None:
                await over.wait()
                return
            lines = [f"{name}: {text}" for name, text in answers.headers.items()]
            head = "\r\n".join(
                [f"HTTP/1.1 {answers.status} -", f"Content-Length: {len(answers.body)}", *lines]
            )
            writer.write(f"{head}\r\nConnection: close\r\n\r\n".encode() + answers.body)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "localhost", 0, family=2, ssl=context)
    answers.url = f"https://localhost:{server.sockets[0].getsockname()[1]}/keys"
    try:
        yield answers
    finally:
        over.set()
        server.close()

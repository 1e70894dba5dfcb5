"""One request of Altcraft's API, read and decoded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.sandbox import methods
from app.web.asgi import Receive, Scope, Send

_MAX_BODY_BYTES = 10_000_000  # Altcraft: 10 MB by default
_MAX_NOTED_BYTES = 64 * 1024
_JSON = b"application/json"


@dataclass(slots=True)
class Exchange:
    """`refusal` says why `body` is not one."""

    method: str
    scope: Scope
    receive: Receive
    send: Send
    headers: Mapping[bytes, bytes]
    body: Mapping[str, Any] = field(default_factory=dict)
    refusal: str | None = None
    is_large: bool = False

    @property
    def bearer(self) -> str | None:
        given = self.headers.get(b"authorization", b"").decode("latin-1")
        kind, _, token = given.partition(" ")
        return token.strip() if kind.lower() == "bearer" else None

    @property
    def request_id(self) -> str:
        return self.headers.get(b"x-request-id", b"").decode("latin-1")

    @property
    def trace(self) -> Mapping[str, str]:
        names = (b"traceparent", b"tracestate")
        given = {name: self.headers[name] for name in names if name in self.headers}
        return {name.decode(): text.decode("latin-1") for name, text in given.items()}

    @property
    def scenario(self) -> int | None:
        return methods.scenario_of(self.body)

    def shown(self) -> Mapping[str, Any]:
        """The body as it may be kept and shown: no token, nothing huge."""
        if self.is_large:
            return {"not kept": "a large body"}
        return {**self.body, "token": "***"} if "token" in self.body else self.body

    def decode(self, raw: bytes) -> None:
        self.is_large = len(raw) > _MAX_NOTED_BYTES
        media = self.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if len(raw) > _MAX_BODY_BYTES:
            self.refusal = "the body is larger than 10 MB"
        elif media != _JSON:
            self.refusal = "Content-Type must be application/json"
        else:
            self._decode_json(raw)

    def _decode_json(self, raw: bytes) -> None:
        try:
            body = orjson.loads(raw)
        except orjson.JSONDecodeError:
            self.refusal = "the body is no JSON"
            return
        if isinstance(body, dict):
            self.body = body
        else:
            self.refusal = "the body must be a JSON object"


async def read(receive: Receive) -> bytes | None:
    """The body, of a too large one its beginning; None when the caller went away before the
    end. All of it is read in any case: a caller that is still writing may not see the answer."""
    body = bytearray()
    more = True
    while more:
        part = await receive()
        if part["type"] == "http.disconnect":
            return None
        room = _MAX_BODY_BYTES + 1 - len(body)
        body += part.get("body", b"")[:room]
        more = part.get("more_body", False)
    return bytes(body)

"""Reads a body, never more of it than the source allows."""

import asyncio
from typing import TypeAlias

from app.kit.deadline import Deadline, Limits
from app.kit.errors import BridgeError
from app.web.asgi import Receive, Scope

_READ_LIMIT_S = 30.0
# A caller that is refused in the middle of sending should still read why, so some of the rest is
# taken and thrown away before the answer; more than this is not worth the courtesy.
_DRAIN_BYTES = 8 * 1024**2
_DRAIN_LIMIT_S = 5.0

Headers: TypeAlias = dict[str, str]


class BodyTooLarge(BridgeError):
    slug = "too_large"


class BodyTooSlow(BridgeError):
    slug = "request_timeout"


class CallerGone(BridgeError):
    """The caller hung up before its body was whole; there is nobody to answer."""

    slug = "bad_request"


async def read_body(scope: Scope, receive: Receive, limits: Limits, *, limit_bytes: int) -> bytes:
    """Raises BodyTooLarge as soon as the limit is passed, BodyTooSlow, CallerGone."""
    if _stated_length(scope) > limit_bytes:
        await _drain(receive)
        raise BodyTooLarge(f"the body may have {limit_bytes} bytes")
    try:
        with Deadline(limits, _READ_LIMIT_S):
            return await _read(receive, limit_bytes)
    except TimeoutError:
        raise BodyTooSlow(f"the body must be sent within {_READ_LIMIT_S:.0f} s") from None


async def _read(receive: Receive, limit_bytes: int) -> bytes:
    first = await receive()
    if first["type"] == "http.disconnect":
        raise CallerGone("the caller hung up")
    body: bytes = first.get("body", b"")
    if not first.get("more_body", False) and len(body) <= limit_bytes:
        return body
    chunks, size, more = [body], len(body), first.get("more_body", False)
    while more and size <= limit_bytes:
        part = await receive()
        if part["type"] == "http.disconnect":
            raise CallerGone("the caller hung up")
        chunks.append(part.get("body", b""))
        size += len(chunks[-1])
        more = part.get("more_body", False)
    if size > limit_bytes:
        del chunks
        if more:
            await _drain(receive)
        raise BodyTooLarge(f"the body may have {limit_bytes} bytes")
    return b"".join(chunks)


def _stated_length(scope: Scope) -> int:
    for name, text in scope["headers"]:
        if name == b"content-length":
            return int(text) if text.isdigit() else 0
    return 0


async def _drain(receive: Receive) -> None:
    taken = 0
    try:
        async with asyncio.timeout(_DRAIN_LIMIT_S):
            while taken < _DRAIN_BYTES:
                part = await receive()
                taken += len(part.get("body", b""))
                if part["type"] == "http.disconnect" or not part.get("more_body", False):
                    return
    except TimeoutError:
        return

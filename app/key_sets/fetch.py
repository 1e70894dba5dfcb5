"""One look at what stands at an address."""

import asyncio
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

MAX_BYTES = 256 * 1024
_HEADERS = {
    "User-Agent": "altcraft-scenario-bridge",
    "Accept": "application/json, application/x-pem-file, */*;q=0.1",
    "Accept-Encoding": "identity",
}
_MAX_AGE = re.compile(r'(?:^|[\s,])max-age="?([0-9]{1,10})', re.IGNORECASE)
_NOT_KEPT = re.compile(r"(?:^|[\s,])no-(?:cache|store)\b", re.IGNORECASE)


class NotFetched(Exception):
    """`why` holds nothing of the address or the answer."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Found:
    """`fresh_s` is how long it may be used by the word of the other side, if it said so."""

    text: str
    fresh_s: float | None


async def fetch(url: str, *, tls: ssl.SSLContext, limit_s: float) -> Found:
    """Raises NotFetched for whatever the network and the other side do."""
    try:
        async with asyncio.timeout(limit_s):
            return await _fetch(url, tls, limit_s)
    except TimeoutError:
        raise NotFetched(f"no answer within {limit_s:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise NotFetched(type(error).__name__) from None


async def _fetch(url: str, tls: ssl.SSLContext, limit_s: float) -> Found:
    # A client each time: an address is asked once an hour, no connection would live that long.
    async with (
        httpx.AsyncClient(
            verify=tls, trust_env=False, follow_redirects=False, timeout=limit_s
        ) as client,
        client.stream("GET", url, headers=_HEADERS) as answer,
    ):
        if answer.status_code != httpx.codes.OK:
            raise NotFetched(f"status {answer.status_code}")
        # Unpacked here, a few bytes may become any number.
        if answer.headers.get("content-encoding", "identity").lower() != "identity":
            raise NotFetched("packed, though not asked for")
        return Found(await _text(answer), fresh_s(answer.headers))


async def _text(answer: httpx.Response) -> str:
    raw = b""
    async for part in answer.aiter_raw():
        raw += part
        if len(raw) > MAX_BYTES:
            raise NotFetched(f"more than {MAX_BYTES} bytes")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise NotFetched("no text") from None


def fresh_s(headers: Mapping[str, str]) -> float | None:
    """What is left of `max-age` once the time in caches on the way is taken off (RFC 9111)."""
    said = headers.get("cache-control", "")
    if _NOT_KEPT.search(said):
        return 0.0
    found = _MAX_AGE.search(said)
    if found is None:
        return None
    age = headers.get("age", "")
    in_caches_s = int(age) if age.isascii() and age.isdigit() and len(age) <= 10 else 0
    return float(max(0, int(found[1]) - in_caches_s))

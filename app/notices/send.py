"""Posts one message."""

import asyncio
import ssl

import httpx
import orjson

from app.model.json import JsonObject
from app.revision.channels import Channel

_LIMIT_S = 10.0
_HEADERS = {"Content-Type": "application/json", "User-Agent": "altcraft-scenario-bridge"}
_MOST_WAIT_S = 3600.0


class NotSent(Exception):
    """`why` holds nothing of the address or the answer. `wait_s`: as long as the other side asks
    to wait."""

    def __init__(self, why: str, wait_s: float = 0.0) -> None:
        self.why = why
        self.wait_s = wait_s
        super().__init__(why)


async def send(channel: Channel, body: JsonObject, *, limit_s: float = _LIMIT_S) -> None:
    """Raises NotSent for whatever the network and the other side do."""
    try:
        async with asyncio.timeout(limit_s):
            await _send(channel.url.reveal(), orjson.dumps(body), limit_s)
    except TimeoutError:
        raise NotSent(f"no answer within {limit_s:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        # Their texts quote the address, which is a secret.
        raise NotSent(type(error).__name__) from None


async def _send(url: str, body: bytes, limit_s: float) -> None:
    # Reads files: some milliseconds.
    tls = await asyncio.to_thread(ssl.create_default_context)
    # A client each time: there are hours between two notices.
    async with (
        httpx.AsyncClient(
            verify=tls, trust_env=True, follow_redirects=False, timeout=limit_s
        ) as client,
        client.stream("POST", url, content=body, headers=_HEADERS) as answer,
    ):
        if not answer.is_success:
            raise NotSent(f"status {answer.status_code}", _wait_s(answer))


def _wait_s(answer: httpx.Response) -> float:
    given = answer.headers.get("retry-after", "")
    return min(float(given), _MOST_WAIT_S) if given.isascii() and given.isdigit() else 0.0

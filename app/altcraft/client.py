"""Sends requests to one Altcraft platform, and says of each what became of it."""

import asyncio
import contextlib
import ssl
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace

import aiohttp
import httpx
import orjson
import structlog
from httpx_aiohttp import AiohttpTransport

from app.altcraft.progress import Progress
from app.altcraft.replies import Answer, Meaning, judge
from app.altcraft.requests import START, method_url, start_body
from app.kit.clock import Clock
from app.kit.errors import raised_at
from app.kit.secret import Secret
from app.model.outcome import Outcome, OutcomeKind
from app.model.start import Match, ScenarioStart

_log = structlog.get_logger()
_MAX_ANSWER_BYTES = 1024**2
_HEADERS = {
    "User-Agent": "altcraft-scenario-bridge",
    "Content-Type": "application/json",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
}
_READ_HEADERS = ("content-type", "retry-after")
# Below what servers and proxies usually keep idle connections for (60 s and more): a connection
# that the other side closes while we write to it leaves a start in doubt.
_KEEP_ALIVE_S = 15.0


# Tracing hooks run in the task of the request, which is how they find its progress.
_progress: ContextVar[Progress] = ContextVar("progress")


@dataclass(frozen=True, slots=True)
class Address:
    """One platform. `timeout_s` is the limit of a whole request; `connections` at once at most."""

    url: str
    token: Secret = field(repr=False)
    timeout_s: float = 15.0
    connections: int = 16


class AltcraftClient:
    def __init__(self, address: Address, known: tuple[Meaning, ...], clock: Clock) -> None:
        self._address = address
        self._known = known
        self._clock = clock
        # Parsed once: by each request it costs as much as the sending.
        self._url = httpx.URL(method_url(address.url, START))
        self._limits = {"timeout": httpx.Timeout(address.timeout_s).as_dict()}
        self._http = httpx.AsyncClient(
            transport=AiohttpTransport(verify=_tls(), client=self._session),
            trust_env=False,
            follow_redirects=False,
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def start(
        self,
        start: ScenarioStart,
        match: Match,
        *,
        request_id: str,
        progress: Progress | None = None,
    ) -> Outcome:
        """Never raises for what the other side or the network does: that is an Outcome. Whoever
        cancels it learns from `progress` whether the start may have been sent."""
        progress = progress or Progress()
        _progress.set(progress)
        token = self._address.token.reveal()
        try:
            # In the body, as documented for every version; the header came later.
            body = orjson.dumps({"token": token, **start_body(start, match)})
            async with asyncio.timeout(self._address.timeout_s):
                answer = await self._post(body, request_id)
            return judge(answer, self._known, self._clock.now(), hidden=token)
        except TimeoutError:
            what = "answer" if progress.was_written else "connection"
            return _broken(progress, f"no {what} within {self._address.timeout_s:g} s")
        except (httpx.HTTPError, aiohttp.ClientError) as error:
            return _broken(progress, _cause(error))
        except Exception as error:  # noqa: BLE001 - whatever it was, the start may have been sent
            _log.error(
                "altcraft.client_failed",
                kind=type(error).__name__,
                at=raised_at(error),
                request_id=request_id,
            )
            return _broken(progress, type(error).__name__)

    async def _post(self, body: bytes, request_id: str) -> Answer:
        headers = {**_HEADERS, "X-Request-Id": request_id}
        request = httpx.Request(
            "POST", self._url, headers=headers, content=body, extensions=self._limits
        )
        reply = await self._http.send(request, stream=True)
        async with contextlib.aclosing(reply):
            raw, is_cut = b"", False
            try:
                async for part in reply.aiter_bytes():
                    raw += part
                    if len(raw) > _MAX_ANSWER_BYTES:
                        is_cut = True
                        break
            except (httpx.HTTPError, aiohttp.ClientError):
                is_cut = True
            said = {name: reply.headers.get(name, "") for name in _READ_HEADERS}
            return Answer(reply.status_code, said, raw, is_cut)

    def _session(self) -> aiohttp.ClientSession:
        trace = aiohttp.TraceConfig()
        trace.on_request_headers_sent.append(_note_written)
        connector = aiohttp.TCPConnector(
            limit=self._address.connections,
            keepalive_timeout=_KEEP_ALIVE_S,
            ssl=_tls(),
            ttl_dns_cache=30,
        )
        return aiohttp.ClientSession(
            connector=connector,
            trace_configs=[trace],
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )


@cache
def _tls() -> ssl.SSLContext:
    """The machine's own certificate authorities, so that a company's own is known. Once: reading
    them takes milliseconds."""
    return ssl.create_default_context()


async def _note_written(
    _: aiohttp.ClientSession,
    __: SimpleNamespace,
    ___: aiohttp.TraceRequestHeadersSentParams,
) -> None:
    _progress.get().was_written = True


def _broken(progress: Progress, why: str) -> Outcome:
    """What broke before the first byte was written did not start anything; after it, nobody
    knows. The classes of exceptions don't tell: httpx-aiohttp has a connection that broke in the
    middle of the answer as `ConnectTimeout`."""
    if progress.was_written:
        return Outcome(OutcomeKind.IN_DOUBT, text=f"after it was sent: {why}", in_doubt=True)
    return Outcome(OutcomeKind.NOT_SENT, text=f"not sent: {why}")


def _cause(error: httpx.HTTPError | aiohttp.ClientError) -> str:
    """The class of what broke, and the system's word for it; never the text, which may hold
    the address with what is in it."""
    cause = error.__cause__ or error
    system = cause.__cause__ if isinstance(cause.__cause__, OSError) else cause
    why = system.strerror if isinstance(system, OSError) and system.strerror else ""
    return f"{type(cause).__name__} ({why})" if why else type(cause).__name__

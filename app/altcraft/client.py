"""Sends requests to one Altcraft platform, and says of each what became of it."""

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import cache
from types import SimpleNamespace

import aiohttp
import httpx
import orjson
import structlog
from httpx_aiohttp import AiohttpTransport

from app.altcraft.batches import Asked, judge_batch
from app.altcraft.listing import LIST_METHOD, Listed, ListRequest, page_of
from app.altcraft.progress import Progress
from app.altcraft.replies import Answer, Meaning, judge
from app.altcraft.requests import (
    LARGEST_BYTES,
    Body,
    Item,
    batch_body,
    batch_method,
    method_of,
    method_url,
    start_body,
)
from app.kit.clock import Clock
from app.kit.errors import raised_at
from app.kit.secret import Secret
from app.model.outcome import Outcome, OutcomeKind
from app.model.start import Match, ScenarioStart

_log = structlog.get_logger()
# A batch of 10,000 answers for each.
_MAX_ANSWER_BYTES = 16 * 1024**2
_TOO_LARGE = "not sent: the request is larger than 10 MB"
_HEADERS = {
    "User-Agent": "altcraft-scenario-bridge",
    "Content-Type": "application/json",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
}
_READ_HEADERS = ("content-type", "retry-after")
_NO_HEADERS: Mapping[str, str] = {}
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
        self._urls: dict[str, httpx.URL] = {}
        self._limits = {"timeout": httpx.Timeout(address.timeout_s).as_dict()}
        # The transport itself: the client around it would only add cookies, redirects and
        # authentication, which are not wanted, at the price of half a request.
        self._http = AiohttpTransport(verify=_tls(), client=self._session)

    async def close(self) -> None:
        await self._http.aclose()

    async def start(
        self,
        start: ScenarioStart,
        match: Match,
        *,
        imports: bool = False,
        request_id: str,
        progress: Progress | None = None,
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> Outcome:
        """Never raises for what the other side or the network does: that is an Outcome. Whoever
        cancels it learns from `progress` whether the start may have been sent. `headers` go with
        the request beside its own."""
        found = await self._exchange(
            method_of(start, imports=imports),
            lambda: start_body(start, match, imports=imports),
            {"X-Request-Id": request_id, **headers},
            progress or Progress(),
        )
        if isinstance(found, Outcome):
            return found
        return judge(found, self._known, self._clock.now(), hidden=self._token)

    async def start_batch(
        self,
        items: Sequence[Item],
        *,
        as_task: bool,
        request_id: str,
        progress: Progress | None = None,
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> list[Outcome]:
        """As `start`, for many of one target in one request: an outcome for each, in order."""
        found = await self._exchange(
            batch_method(items[0], as_task=as_task),
            lambda: batch_body(items),
            {"X-Request-Id": request_id, **headers},
            progress or Progress(),
        )
        if isinstance(found, Outcome):
            return [replace(found, is_of_all=True)] * len(items)
        asked = Asked(len(items), as_task=as_task)
        return judge_batch(found, asked, self._known, self._clock.now(), hidden=self._token)

    async def list_scenarios(self, from_id: int, limit: int, *, request_id: str) -> Listed:
        """A page of them. As `start`, it never raises for what the other side does."""
        body: ListRequest = {"from_id": from_id, "limit": limit}
        found = await self._exchange(
            LIST_METHOD, lambda: body, {"X-Request-Id": request_id}, Progress()
        )
        if isinstance(found, Outcome):
            return found
        outcome = judge(found, self._known, self._clock.now(), hidden=self._token)
        if outcome.kind is not OutcomeKind.ACCEPTED:
            return outcome
        return page_of(found.body) or replace(outcome, kind=OutcomeKind.UNREADABLE)

    @property
    def _token(self) -> str:
        return self._address.token.reveal()

    async def _exchange(
        self,
        method: str,
        build: Callable[[], Body | ListRequest],
        headers: Mapping[str, str],
        progress: Progress,
    ) -> Answer | Outcome:
        """The answer, or what became of the request where there is none."""
        _progress.set(progress)
        try:
            # In the body, as documented for every version; the header came later.
            content = orjson.dumps({"token": self._token, **build()})
            if len(content) > LARGEST_BYTES:
                return Outcome(OutcomeKind.MALFORMED, text=_TOO_LARGE)
            async with asyncio.timeout(self._address.timeout_s):
                return await self._post(self._url(method), content, headers)
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
                request_id=headers["X-Request-Id"],
            )
            return _broken(progress, type(error).__name__)

    def _url(self, method: str) -> httpx.URL:
        # Parsed once: by each request it costs as much as the sending.
        url = self._urls.get(method)
        if url is None:
            url = self._urls[method] = httpx.URL(method_url(self._address.url, method))
        return url

    async def _post(self, url: httpx.URL, content: bytes, headers: Mapping[str, str]) -> Answer:
        headers = {**_HEADERS, **headers}
        # As a stream that is read at once: what `content` adds to the headers aiohttp adds anyway.
        body = httpx.ByteStream(content)
        request = httpx.Request("POST", url, headers=headers, stream=body, extensions=self._limits)
        request.read()
        reply = await self._http.handle_async_request(request)
        raw, is_cut = bytearray(), False
        try:
            async for part in reply.aiter_raw():
                raw += part
                if len(raw) > _MAX_ANSWER_BYTES:
                    is_cut = True
                    break
        except (httpx.HTTPError, aiohttp.ClientError):
            is_cut = True
        finally:
            await reply.aclose()
        said = {name: reply.headers.get(name, "") for name in _READ_HEADERS}
        return Answer(reply.status_code, said, bytes(raw), is_cut)

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

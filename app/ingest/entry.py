"""The way in: `/hooks/{source}` and `/hooks/{source}/{anything}`.

An ASGI callable of its own, outside the framework's machinery: this route takes most of the
traffic, and what a call needs is here. `app/ingest/reference.py` describes it for OpenAPI.
"""

from collections.abc import Callable, Mapping
from urllib.parse import parse_qs

import orjson
import structlog

from app.ingest.accept import Acceptor, Taking, accepted_shapes
from app.ingest.body import BodyTooLarge, BodyTooSlow, CallerGone, read_body
from app.ingest.calls import CallMaker
from app.ingest.unkept import Unkept
from app.ingest.wait import Outcomes
from app.kit.clock import Clock
from app.kit.deadline import Limits
from app.kit.light import light
from app.model.unkept import ANSWERED, DUPLICATE
from app.observe.counts import TAKEN, Counts
from app.outbox import StoreUnavailable
from app.revision import Revision
from app.sources.call import Call
from app.sources.receive import Answered, Refused, Taken, receive
from app.sources.replies import HttpReply, Summary, build_reply
from app.sources.source import Source
from app.web.asgi import Receive, Scope, Send, respond
from app.web.problems import CONTENT_TYPE, Problem

_log = structlog.get_logger()

PREFIX = "/hooks/"
_METHODS = frozenset({"POST", "PUT", "GET", "OPTIONS", "HEAD"})
_ALLOW = {"Allow": "POST, PUT, GET"}
_WRONG_METHOD = Problem("method_not_allowed", "use POST, PUT or GET", _ALLOW)
_JSON = b"application/json"
_ACCEPT_LIMIT_S = 5.0
_WAIT_AT_MOST_S = 30.0
# Bodies of calls under way are held in memory: so many at most.
_CALLS_AT_ONCE = 2000


class Entry:
    """`revision` yields the configuration in use at the moment of the call. Made within the loop
    that it serves."""

    def __init__(
        self,
        revision: Callable[[], Revision],
        acceptor: Acceptor,
        outcomes: Outcomes,
        maker: CallMaker,
        clock: Clock,
        unkept: Unkept,
        counts: Counts | None = None,
    ) -> None:
        self._revision = revision
        self._acceptor = acceptor
        self._outcomes = outcomes
        self._maker = maker
        self._clock = clock
        self._counts = counts or Counts()
        self._unkept = unkept
        self._limits = Limits()
        self._under_way = 0
        self._is_open = True

    def close(self) -> None:
        """Take no more calls; those under way are finished."""
        self._is_open = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._under_way += 1
        began = self._clock.monotonic()
        try:
            answer = await self._answer(scope, receive)
        except CallerGone:
            return
        except Exception:  # noqa: BLE001 - a fault of ours must not reach a caller as a traceback
            _log.exception("call.failed")
            answer = Problem("internal", "the call was not taken; call again")
        finally:
            self._under_way -= 1
        said, result = _told(answer)
        self._counts.call(_parts(scope)[0], result, self._clock.monotonic() - began)
        await _send(send, said, is_head=scope["method"] == "HEAD")

    async def _answer(self, scope: Scope, receive_: Receive) -> "Problem | _Replied":
        if not self._is_open:
            return Problem("stopping", "call again in a moment", {"Retry-After": "2"})
        if self._under_way > _CALLS_AT_ONCE:
            return Problem("busy", "call again in a moment", {"Retry-After": "1"})
        name, path = _parts(scope)
        revision = self._revision()
        source = revision.sources.get(name)
        if source is None:
            return Problem("unknown_source", "check the address: /hooks/NAME")
        if scope["method"] not in _METHODS:
            return self._refuse(_WRONG_METHOD, source, self._unread(scope, name, path))
        try:
            body = await read_body(scope, receive_, self._limits, limit_bytes=source.body_limit)
            call = self._maker.make(scope, name, path, body, self._clock.now())
        except (BodyTooLarge, BodyTooSlow) as error:
            unread = self._unread(scope, name, path)
            return self._refuse(Problem(error.slug, str(error)), source, unread)
        except ValueError:
            return self._refuse(Problem("bad_request", "too many query parameters"), source)
        return await self._take(revision, source, call)

    async def _take(self, revision: Revision, source: Source, call: Call) -> "Problem | _Replied":
        found = receive(source, call, revision.scope)
        if isinstance(found, Refused):
            return self._refuse(_problem(found), source, call, found.why)
        if isinstance(found, Answered):
            self._unkept.note(source, call, ANSWERED, found.name)
            _log.info("call.answered", source=source.name, handshake=found.name)
            return _Replied(found.reply, "answered")
        if call.method in ("OPTIONS", "HEAD"):
            return self._refuse(_WRONG_METHOD, source, call)
        return await self._accept(revision, source, call, found)

    async def _accept(
        self, revision: Revision, source: Source, call: Call, taken: Taken
    ) -> "Problem | _Replied":
        limit_s = source.reply_within_s or _ACCEPT_LIMIT_S
        try:
            takings = await self._acceptor.accept(revision, source, call, taken, limit_s=limit_s)
        except StoreUnavailable as error:
            wait = {"Retry-After": str(error.retry_after_s)}
            return self._refuse(Problem(error.slug, "call again later", wait), source)
        if takings[0].status == DUPLICATE:
            self._unkept.note(source, call, DUPLICATE, takings[0].event_id)
        if source.strict and all(taking.status == "ignored" for taking in takings):
            ids: list[str] = [taking.event_id for taking in takings]
            return Problem("unmatched", "the call is kept and starts nothing", more={"events": ids})
        for taking in takings:
            for delivery in taking.deliveries:
                self._counts.rule(delivery.start.rule)
        reply = await self._reply(revision, source, call, taken, takings)
        return _Replied(reply, _result(takings))

    async def _reply(
        self,
        revision: Revision,
        source: Source,
        call: Call,
        taken: Taken,
        takings: list[Taking],
    ) -> HttpReply:
        if source.reply is not None:
            own = build_reply(source, taken, _summary(takings), revision.scope)
            if own is not None:
                return own
        wait_s = _wait_s(call)
        if wait_s > 0:
            known = await self._outcomes.wait(takings, wait_s)
            if known is not None:
                return _json(200, known if taken.is_batch else known[0])
        shapes = list(accepted_shapes(takings))
        return _json(202, {"events": shapes} if taken.is_batch else shapes[0])

    def _refuse(
        self, problem: Problem, source: Source, call: Call | None = None, why: str | None = None
    ) -> Problem:
        _log.warning("call.refused", source=source.name, problem=problem.slug, why=why)
        self._unkept.note(source, call, problem.slug, why)
        return problem

    def _unread(self, scope: Scope, name: str, path: str) -> Call | None:
        """What is known of a call without its body."""
        try:
            return self._maker.make(scope, name, path, b"", self._clock.now())
        except ValueError:
            return None


@light
class _Replied:
    """`result` is what it is counted as."""

    reply: HttpReply
    result: str


def _told(answer: "Problem | _Replied") -> "tuple[Problem | HttpReply, str]":
    """What the caller is told, and what that is counted as."""
    if isinstance(answer, Problem):
        return answer, answer.slug
    return answer.reply, answer.result


def _parts(scope: Scope) -> tuple[str, str]:
    """The name of a source, and what follows it."""
    name, _, path = scope["path"].removeprefix(PREFIX).partition("/")
    return name, path


def _result(takings: list[Taking]) -> str:
    """Of one call: the best of what its events were."""
    if len(takings) == 1:
        return takings[0].status
    found = {taking.status for taking in takings}
    return next(status for status in TAKEN if status in found)


def _problem(refused: Refused) -> Problem:
    headers: dict[str, str] = {}
    if refused.challenge:
        headers["WWW-Authenticate"] = refused.challenge
    if refused.retry_after_s is not None:
        headers["Retry-After"] = str(refused.retry_after_s)
    return Problem(refused.slug, refused.detail, headers)


def _summary(takings: list[Taking]) -> Summary:
    return Summary(tuple((taking.event_id, taking.status) for taking in takings))


def _wait_s(call: Call) -> float:
    if "wait=" not in call.raw_query:
        return 0.0
    try:
        asked = float(parse_qs(call.raw_query).get("wait", ["0"])[0])
    except ValueError:
        return 0.0
    return asked if 0 < asked <= _WAIT_AT_MOST_S else min(max(asked, 0.0), _WAIT_AT_MOST_S)


def _json(status: int, shape: object) -> HttpReply:
    return HttpReply(status, {}, orjson.dumps(shape), "application/json")


async def _send(send: Send, answer: "Problem | HttpReply", *, is_head: bool) -> None:
    body = answer.body() if isinstance(answer, Problem) else answer.body
    kind = CONTENT_TYPE if isinstance(answer, Problem) else answer.content_type
    await respond(
        send, answer.status, kind.encode(), b"" if is_head else body, _raw(answer.headers)
    )


def _raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), text.encode("latin-1")) for name, text in headers.items()]

"""The way in: `/hooks/{source}` and `/hooks/{source}/{anything}`.

An ASGI callable of its own, outside the framework's machinery; most calls come even shorter
(`short_way.py`). `app/ingest/reference.py` describes it for OpenAPI.
"""

import asyncio
from collections.abc import Mapping
from urllib.parse import parse_qs

from app.ingest.accept import Acceptor, Taking
from app.ingest.body import BodyTooLarge, BodyTooSlow, CallerGone, read_body
from app.ingest.calls import CallMaker
from app.ingest.intake import (
    METHODS,
    PREFIX,
    WRONG_METHOD,
    Answer,
    Door,
    Intake,
    Pending,
    failed,
    json_reply,
    usual_answer,
)
from app.ingest.wait import Outcomes
from app.kit.clock import Clock
from app.kit.deadline import Limits
from app.outbox import StoreUnavailable
from app.sources.call import Call
from app.web.asgi import Receive, Scope, Send, respond
from app.web.problems import CONTENT_TYPE, Problem

_WAIT_AT_MOST_S = 30.0


class Entry:
    """Made within the loop that it serves."""

    def __init__(
        self,
        intake: Intake,
        acceptor: Acceptor,
        outcomes: Outcomes,
        maker: CallMaker,
        clock: Clock,
    ) -> None:
        self._intake = intake
        self._acceptor = acceptor
        self._outcomes = outcomes
        self._maker = maker
        self._clock = clock
        self._limits = Limits()

    def close(self) -> None:
        """Take no more calls; those under way are finished."""
        self._intake.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._intake.begin()
        began = self._clock.monotonic()
        path = scope["path"].removeprefix(PREFIX)
        try:
            answer = await self._answer(scope, path, receive)
        except CallerGone:
            return
        except Exception:  # noqa: BLE001 - as `failed` says
            answer = failed()
        finally:
            self._intake.end()
        self._intake.count(path.partition("/")[0], answer, self._clock.monotonic() - began)
        await _send(send, answer, is_head=scope["method"] == "HEAD")

    async def _answer(self, scope: Scope, path: str, receive: Receive) -> Answer:
        door = self._intake.find(path)
        if isinstance(door, Problem):
            return door
        if scope["method"] not in METHODS:
            return self._intake.refuse(WRONG_METHOD, door.source, self._unread(door, scope))
        call = await self._call(door, scope, receive)
        if isinstance(call, Problem):
            return self._intake.refuse(call, door.source, self._unread(door, scope))
        decided = self._intake.decide(door, call)
        return await self._accept(decided) if isinstance(decided, Pending) else decided

    async def _call(self, door: Door, scope: Scope, receive: Receive) -> Call | Problem:
        limit_bytes = door.source.body_limit
        try:
            body = await read_body(scope, receive, self._limits, limit_bytes=limit_bytes)
            return self._maker.of_scope(scope, door, body, self._clock.now())
        except (BodyTooLarge, BodyTooSlow) as error:
            return Problem(error.slug, str(error))
        except ValueError:
            return Problem("bad_request", "too many query parameters")

    def _unread(self, door: Door, scope: Scope) -> Call | None:
        """What is known of a call without its body."""
        try:
            return self._maker.of_scope(scope, door, b"", self._clock.now())
        except ValueError:
            return None

    async def _accept(self, pending: Pending) -> Answer:
        try:
            takings = await self._acceptor.accept(pending.acceptances, limit_s=pending.limit_s)
        except StoreUnavailable as error:
            return self._intake.unstored(pending, error)
        own = self._intake.stored(pending, takings)
        return own or await self._known(pending, takings) or usual_answer(pending, takings)

    async def _known(self, pending: Pending, takings: list[Taking]) -> Answer | None:
        """The outcome, for a caller that waits for it. None: it is not known in time, or can't be
        looked up now; the call is taken all the same."""
        wait_s = _wait_s(pending.call)
        if wait_s <= 0:
            return None
        try:
            async with asyncio.timeout(wait_s):
                known = await self._outcomes.wait(takings, wait_s)
        except (StoreUnavailable, TimeoutError):
            return None
        except Exception:  # noqa: BLE001 - it is stored: nobody is to call again
            self._intake.reply_failed()
            return None
        if known is None:
            return None
        return json_reply(200, known if pending.taken.is_batch else known[0], takings)


def _wait_s(call: Call) -> float:
    if "wait=" not in call.raw_query:
        return 0.0
    try:
        asked = float(parse_qs(call.raw_query).get("wait", ["0"])[0])
    except ValueError:
        return 0.0
    return asked if 0 < asked <= _WAIT_AT_MOST_S else min(max(asked, 0.0), _WAIT_AT_MOST_S)


async def _send(send: Send, answer: Answer, *, is_head: bool) -> None:
    if isinstance(answer, Problem):
        status, kind, body, headers = answer.status, CONTENT_TYPE, answer.body(), answer.headers
    else:
        reply = answer.reply
        status, kind, body, headers = reply.status, reply.content_type, reply.body, reply.headers
    await respond(send, status, kind.encode(), b"" if is_head else body, _raw(headers))


def _raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), text.encode("latin-1")) for name, text in headers.items()]

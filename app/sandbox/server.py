"""The stand-in over HTTP: a plain ASGI callable, quick enough to be no one's bottleneck."""

import asyncio
from copy import deepcopy
from dataclasses import replace

import orjson

from app.kit.clock import Clock
from app.sandbox import connection, methods
from app.sandbox.answer import Answer
from app.sandbox.control import control
from app.sandbox.exchange import Exchange, read
from app.sandbox.faults import Fault, FaultKind, Faults
from app.sandbox.journal import Journal
from app.sandbox.page import CONTENT_POLICY, page
from app.sandbox.people import World
from app.web.asgi import RawHeaders, Receive, Scope, Send, respond

_API = "/api/v1.1/"
_JSON = b"application/json"
_TEXT = b"text/plain; charset=utf-8"
_HTML = b"text/html; charset=utf-8"
_INSTEAD = (FaultKind.HTTP_STATUS, FaultKind.HTML, FaultKind.RATE_LIMIT)


class SandboxApp:
    def __init__(self, world: World, journal: Journal, faults: Faults, clock: Clock) -> None:
        self._world = world
        self._journal = journal
        self._faults = faults
        self._clock = clock
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Ends the delays under way: those requests get no answer and start nothing."""
        self._stopping.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if path.startswith(_API):
            await self._api(path.removeprefix(_API).rstrip("/"), scope, receive, send)
        elif path.startswith("/_sandbox/"):
            await self._control(scope, receive, send)
        elif path == "/":
            shown = page(self._world, self._journal, self._faults)
            await respond(send, 200, _HTML, shown, [CONTENT_POLICY])
        else:
            await respond(send, 404, _TEXT, b"Altcraft's methods are under /api/v1.1/\n")

    async def _control(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await read(receive)
        status, shape = control(
            scope["path"],
            scope["method"],
            scope["query_string"],
            body or b"",
            self._journal,
            self._faults,
        )
        await respond(send, status, _JSON, shape)

    async def _api(self, method: str, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(method, scope, receive, send, dict(scope["headers"]))
        if not methods.knows(method) or scope["method"] != "POST":
            await self._no_such_method(exchange)
            return
        refusal = self._faults.refusal(method)
        if refusal is not None:
            await self._cut(exchange, refusal)
            return
        raw = await read(receive)
        if raw is None:
            return  # the caller went away in the middle of its request
        exchange.decode(raw)
        hits = self._faults.next(method, exchange.scenario)
        others = [fault for fault in hits if fault.kind is not FaultKind.DELAY]
        fault = next(iter([*others, *hits]), None)
        delay_s = sum(fault.seconds for fault in hits if fault.kind is FaultKind.DELAY)
        # A caller that gives up waiting starts the scenario all the same: that is its doubt.
        if delay_s and fault and not await self._waited(delay_s):
            await self._cut(exchange, fault)
            return
        await self._answer(exchange, fault)

    async def _no_such_method(self, exchange: Exchange) -> None:
        """Not as an `error` of Altcraft's: whether it has one for this is not known."""
        is_known = methods.knows(exchange.method)
        await self._note(exchange, None, 405 if is_known else 404)
        if is_known:
            await respond(exchange.send, 405, _TEXT, b"use POST\n", [(b"allow", b"POST")])
        else:
            await respond(exchange.send, 404, _TEXT, b"the stand-in has no such method\n")

    async def _waited(self, seconds: float) -> bool:
        """False when the stand-in stops before."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return True
        return False

    async def _answer(self, exchange: Exchange, fault: Fault | None) -> None:
        answer = self._answer_of(exchange, fault)
        if fault and fault.kind is FaultKind.CUT_AFTER_READING:
            await self._cut(exchange, fault, answer)
            return
        shape = orjson.dumps(answer.shape())
        if fault and fault.kind is FaultKind.CUT_IN_REPLY:
            await self._note(exchange, fault, None, answer)
            await connection.cut_in_reply(
                exchange.scope, exchange.receive, exchange.send, _JSON, shape
            )
        elif fault and fault.kind in _INSTEAD:
            status, content_type, text, headers = _instead(fault)
            await self._note(exchange, fault, status, answer)
            await respond(exchange.send, status, content_type, text, headers)
        else:
            await self._note(exchange, fault, 200, answer)
            await respond(exchange.send, 200, _JSON, shape)

    def _answer_of(self, exchange: Exchange, fault: Fault | None) -> Answer:
        """What Altcraft does of the request, whether or not the caller gets to know."""
        lets_pass = (FaultKind.DELAY, FaultKind.REFUSE_BATCH, FaultKind.SHORT_LIST)
        is_let_pass = fault is None or fault.kind in lets_pass
        if fault and not is_let_pass and not fault.starts:
            is_error = fault.kind is FaultKind.ERROR
            code, text = (fault.code, fault.text) if is_error else (0, "")
            return Answer(code, text, scenario=exchange.scenario)
        if exchange.refusal is not None:
            return Answer(400, f"Incorrect request: {exchange.refusal}")
        if fault and fault.kind is FaultKind.REFUSE_BATCH and self._has_malformed(exchange):
            return Answer(400, "Incorrect request: a profile is wrong", scenario=exchange.scenario)
        answer = methods.call(self._world, exchange.method, exchange.body, exchange.bearer)
        if fault and fault.kind is FaultKind.SHORT_LIST and "data" in answer.more:
            return replace(answer, more={**answer.more, "data": answer.more["data"][:-1]})
        if fault and fault.kind is FaultKind.ERROR:
            return replace(answer, error=fault.code, text=fault.text, more={})
        return answer

    def _has_malformed(self, exchange: Exchange) -> bool:
        """Tried on a copy: who is refused has changed nothing."""
        world = deepcopy(self._world)
        tried = methods.call(world, exchange.method, exchange.body, exchange.bearer)
        return any(member.error == 400 for member in tried.members)

    async def _cut(self, exchange: Exchange, fault: Fault, answer: Answer | None = None) -> None:
        await self._note(exchange, fault, None, answer)
        await connection.reset(exchange.scope, exchange.receive)

    async def _note(
        self,
        exchange: Exchange,
        fault: Fault | None,
        status: int | None,
        answer: Answer | None = None,
    ) -> None:
        """Before the answer leaves: who has it finds it in the journal."""
        is_said = answer is not None and status is not None
        is_said = is_said and not (fault and fault.kind in _INSTEAD)
        members = answer.members if answer else ()
        items = exchange.body.get("data", ()) if members else ()
        of_all = {
            "at": self._clock.now().isoformat(),
            "method": exchange.method,
            "request_id": exchange.request_id,
            "fault": fault.kind.value if fault else None,
            "status": status,
            **exchange.trace,
        }
        for number, one in enumerate(members or (answer,)):
            self._journal.write(
                **of_all,
                is_request=number == 0,
                body=items[number] if members else exchange.shown(),
                person=one.person if one else None,
                scenario=one.scenario if one else None,
                target=one.target if one else "scenario",
                started=one.started if one else False,
                error=one.error if one and is_said else None,
                error_text=one.text if one and is_said else None,
                profile_id=one.more.get("profile_id") if one else None,
            )
        await self._journal.tell()


def _instead(fault: Fault) -> tuple[int, bytes, bytes, RawHeaders]:
    """What stands where Altcraft's answer should: status, content type, body, headers."""
    if fault.kind is FaultKind.HTML:
        page_text = fault.body or "<html><body><h1>Maintenance</h1></body></html>"
        return 200, _HTML, page_text.encode(), ()
    if fault.kind is FaultKind.RATE_LIMIT:
        wait_s = 1 if fault.retry_after is None else fault.retry_after
        return 429, _TEXT, b"too many requests\n", _retry_after(wait_s)
    return fault.status, _TEXT, fault.body.encode(), _retry_after(fault.retry_after)


def _retry_after(wait_s: int | None) -> RawHeaders:
    return () if wait_s is None else [(b"retry-after", b"%d" % wait_s)]

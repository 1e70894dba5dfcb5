"""A span for each call at /hooks, and its trace with each delivery that the call makes."""

from collections.abc import Callable, MutableMapping, Sequence
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, Protocol, TypeAlias

from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer
from opentelemetry.util.types import AttributeValue
from structlog.contextvars import bound_contextvars

from app.model.trace import TraceContext
from app.outbox import Acceptance, Accepted, Duplicate
from app.tracing.contexts import caller_context, kept
from app.web.asgi import App, Receive, Scope, Send

_ROUTE = "/hooks/{source}"
_METHODS = frozenset({"POST", "PUT", "GET", "OPTIONS", "HEAD", "DELETE", "PATCH"})
_NAMED_AT_MOST = 128

_call: ContextVar[Span | None] = ContextVar("traced call", default=None)


Results: TypeAlias = list[Accepted | Duplicate]
Told: TypeAlias = Callable[[Results | Exception], None]


class Accepting(Protocol):
    async def accept(self, acceptances: Sequence[Acceptance], *, limit_s: float) -> Results: ...

    def put(self, acceptances: Sequence[Acceptance], told: Told, *, limit_s: float) -> None: ...


class TracedEntry:
    """Around the entry, which knows nothing of it. `is_source` says whether a name is one that is
    configured: what a caller makes up is in no span."""

    def __init__(self, entry: App, tracer: Tracer, is_source: Callable[[str], bool]) -> None:
        self._entry = entry
        self._tracer = tracer
        self._is_source = is_source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        span = self._begin(scope)
        trace = kept(span)
        _call.set(span)  # the server runs each call in a context of its own
        try:
            with bound_contextvars(**({} if trace is None else {"trace_id": trace.trace_id})):
                await self._entry(scope, receive, _told(send, span))
        finally:
            span.end()

    def _begin(self, scope: Scope) -> Span:
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        attributes: dict[str, AttributeValue] = {
            "http.request.method": method,
            "http.route": _ROUTE,
        }
        source = scope["path"].removeprefix("/hooks/").partition("/")[0]
        if self._is_source(source):
            attributes["bridge.source"] = source
        name = f"{'HTTP' if method == '_OTHER' else method} {_ROUTE}"
        context = caller_context(scope["headers"])
        return self._tracer.start_span(name, context, SpanKind.SERVER, attributes)


def _told(send: Send, span: Span) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            status: int = message["status"]
            span.set_attribute("http.response.status_code", status)
            if status >= 500:
                span.set_attribute("error.type", str(status))
                span.set_status(StatusCode.ERROR)
        await send(message)

    return sending


class TracedStore:
    """Around what takes the acceptances of a call."""

    def __init__(self, store: Accepting) -> None:
        self._store = store

    def put(self, acceptances: Sequence[Acceptance], told: Told, *, limit_s: float) -> None:
        """Of the way that has no span."""
        self._store.put(acceptances, told, limit_s=limit_s)

    async def accept(self, acceptances: Sequence[Acceptance], *, limit_s: float) -> Results:
        span = _call.get()
        trace = None if span is None else kept(span)
        if span is None or trace is None:
            return await self._store.accept(acceptances, limit_s=limit_s)
        traced = [_traced(one, trace) for one in acceptances]
        results = await self._store.accept(traced, limit_s=limit_s)
        span.set_attributes(_what_became(acceptances, results))
        return results


def _traced(acceptance: Acceptance, trace: TraceContext) -> Acceptance:
    deliveries = tuple(replace(one, trace=trace) for one in acceptance.deliveries)
    return replace(acceptance, deliveries=deliveries)


def _what_became(
    acceptances: Sequence[Acceptance], results: Sequence[Accepted | Duplicate]
) -> dict[str, AttributeValue]:
    pairs = list(zip(acceptances, results, strict=True))[:_NAMED_AT_MOST]
    starts = [delivery.start for one, _ in pairs for delivery in one.deliveries]
    return {
        "bridge.event.id": _one_or_all([_event_id(*pair) for pair in pairs]),
        "bridge.outcome": _one_or_all(sorted({_outcome(*pair) for pair in pairs})),
        "bridge.rule": sorted({start.rule for start in starts}),
    }


def _event_id(acceptance: Acceptance, result: Accepted | Duplicate) -> str:
    return result.event_id if isinstance(result, Duplicate) else acceptance.event.id


def _outcome(acceptance: Acceptance, result: Accepted | Duplicate) -> str:
    return "duplicate" if isinstance(result, Duplicate) else acceptance.event.status.value


def _one_or_all(texts: Sequence[str]) -> str | Sequence[str]:
    return texts[0] if len(texts) == 1 else texts

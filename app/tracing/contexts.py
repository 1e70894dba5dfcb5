"""A trace between its forms: headers, what is stored, OpenTelemetry's own.

Only W3C's two headers: `baggage` may hold anything about anybody, and is neither kept nor sent.
"""

from collections.abc import Iterable, Mapping

from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, get_current_span, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import Attributes

from app.model.trace import TraceContext

_W3C = TraceContextTextMapPropagator()
ROOT = Context()
_NAMES = {b"traceparent": "traceparent", b"tracestate": "tracestate"}


def caller_context(headers: Iterable[tuple[bytes, bytes]]) -> Context:
    """The caller's, or none where it gives none that can be read. Two `traceparent` are none."""
    given: dict[str, list[str]] = {}
    for raw_name, raw_text in headers:
        name = _NAMES.get(raw_name)
        if name is not None:
            given.setdefault(name, []).append(raw_text.decode("latin-1"))
    if len(given.get("traceparent", ())) != 1:
        return ROOT
    return _W3C.extract(given, ROOT)


def headers_of(span: Span) -> Mapping[str, str]:
    given: dict[str, str] = {}
    _W3C.inject(given, set_span_in_context(span, ROOT))
    return given


def kept(span: Span) -> TraceContext | None:
    """As it is stored. None of what nobody records: it would only cost the store."""
    if not span.get_span_context().trace_flags.sampled:
        return None
    given = headers_of(span)
    return TraceContext(given["traceparent"], given.get("tracestate", ""))


def parent_of(trace: TraceContext) -> Context:
    given = {"traceparent": trace.parent}
    if trace.state:
        given["tracestate"] = trace.state
    return _W3C.extract(given, ROOT)


def link_to(trace: TraceContext, attributes: Attributes = None) -> Link:
    return Link(get_current_span(parent_of(trace)).get_span_context(), attributes)

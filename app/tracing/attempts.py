"""A span for each request to Altcraft, however long after the call that caused it."""

from collections.abc import Mapping, Sequence

from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanKind, StatusCode, Tracer
from opentelemetry.util.types import AttributeValue

from app.model.delivery import Delivery
from app.model.outcome import Outcome, OutcomeKind
from app.model.trace import TraceContext
from app.tracing.contexts import ROOT, headers_of, link_to, parent_of

_LINKS_AT_MOST = 128
# A match that finds nobody is what the next match is for.
_NO_ERRORS = (OutcomeKind.ACCEPTED, OutcomeKind.UNKNOWN_PROFILE)

Traced = tuple[Delivery, TraceContext]


class TracedAttempts:
    """A start alone goes on with the trace of its call; a replay, and a request that many share,
    has one of its own that points to those of the calls."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def begin(self, destination: str, group: Sequence[Delivery]) -> "AttemptSpan | None":
        """None of what no traced call made."""
        traced = [(one, one.trace) for one in group if one.trace is not None]
        if not traced:
            return None
        context, links = _origin(traced, is_alone=len(group) == 1)
        attributes = _attributes(destination, group)
        name = f"start {group[0].start.target.value}"
        span = self._tracer.start_span(name, context, SpanKind.CLIENT, attributes, links)
        return AttemptSpan(span)


class AttemptSpan:
    def __init__(self, span: Span) -> None:
        self._span = span
        self.headers: Mapping[str, str] = headers_of(span)

    def end(self, outcomes: Sequence[Outcome]) -> None:
        """`outcomes` of all that shared the request; none where it was cut off."""
        kinds = sorted({outcome.kind.value for outcome in outcomes}) or ["cut_off"]
        status = next((one.http_status for one in outcomes if one.http_status is not None), None)
        self._span.set_attribute("bridge.outcome", kinds[0] if len(kinds) == 1 else kinds)
        if status is not None:
            self._span.set_attribute("http.response.status_code", status)
        if wrong := [kind for kind in kinds if kind not in _NO_ERRORS]:
            self._span.set_attribute("error.type", wrong[0])
            self._span.set_status(StatusCode.ERROR)
        self._span.end()


def _origin(traced: Sequence[Traced], *, is_alone: bool) -> tuple[Context, list[Link]]:
    [(delivery, trace), *_] = traced
    if is_alone and not trace.is_linked:
        return parent_of(trace), []
    if is_alone:
        return ROOT, [link_to(trace, _ids(delivery))]
    return ROOT, [link_to(trace, _ids(one)) for one, trace in traced[:_LINKS_AT_MOST]]


def _ids(delivery: Delivery) -> dict[str, AttributeValue]:
    return {
        "bridge.event.id": delivery.event_id,
        "bridge.delivery.id": delivery.id,
        "bridge.source": delivery.source,
        "bridge.rule": delivery.start.rule,
    }


def _attributes(destination: str, group: Sequence[Delivery]) -> dict[str, AttributeValue]:
    first = group[0]
    of_all: dict[str, AttributeValue] = {
        "http.request.method": "POST",
        "bridge.destination": destination,
        f"bridge.{first.start.target.value}": first.start.scenario,
        "bridge.attempt": first.attempts + 1,
    }
    if len(group) > 1:
        return {**of_all, "bridge.together": len(group)}
    again: dict[str, AttributeValue] = (
        {"http.request.resend_count": first.attempts} if first.attempts else {}
    )
    return {**of_all, **_ids(first), **again}

"""To which trace the request of one, of many and of a repeated start belongs."""

from dataclasses import replace

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from app.model.delivery import Delivery
from app.model.new_delivery import repeated_delivery
from app.model.outcome import Outcome, OutcomeKind
from app.model.trace import TraceContext
from app.tracing.attempts import TracedAttempts
from tests.support.values import AT, a_delivery
from tests.tracing.spans import SPAN, TRACE, given, trace_id

ACCEPTED = Outcome(OutcomeKind.ACCEPTED, http_status=200, altcraft_error=0)
OTHER = "7" * 32


def of_trace(number: str) -> Delivery:
    return replace(a_delivery(), trace=TraceContext(f"00-{number}-{SPAN}-01"))


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def attempts(exporter: InMemorySpanExporter) -> TracedAttempts:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return TracedAttempts(provider.get_tracer("tests"))


def test_those_of_a_batch_share_a_span_that_points_to_each_call(
    attempts: TracedAttempts, exporter: InMemorySpanExporter
) -> None:
    one, untraced, other = of_trace(TRACE), a_delivery(), of_trace(OTHER)

    span = attempts.begin("main", [one, untraced, other])
    assert span is not None
    span.end([ACCEPTED, ACCEPTED, Outcome(OutcomeKind.MALFORMED)])

    [made] = exporter.get_finished_spans()
    assert made.parent is None
    assert [f"{link.context.trace_id:032x}" for link in made.links] == [TRACE, OTHER]
    assert [(link.attributes or {})["bridge.delivery.id"] for link in made.links] == [
        one.id,
        other.id,
    ]
    assert given(made)["bridge.together"] == 3
    assert given(made)["bridge.outcome"] == ("accepted", "malformed")


def test_a_batch_of_ten_thousand_names_a_bounded_number(
    attempts: TracedAttempts, exporter: InMemorySpanExporter
) -> None:
    span = attempts.begin("main", [of_trace(TRACE)] * 10_000)
    assert span is not None
    span.end([ACCEPTED] * 10_000)

    [made] = exporter.get_finished_spans()
    assert len(made.links) == 128


def test_a_replay_has_a_trace_of_its_own_that_points_to_the_original(
    attempts: TracedAttempts, exporter: InMemorySpanExporter
) -> None:
    fresh = repeated_delivery(of_trace(TRACE), AT, "act")

    span = attempts.begin("main", [fresh])
    assert span is not None
    span.end([ACCEPTED])

    [made] = exporter.get_finished_spans()
    assert made.parent is None
    assert trace_id(made) != TRACE
    assert [f"{link.context.trace_id:032x}" for link in made.links] == [TRACE]
    assert span.headers["traceparent"].split("-")[1] == trace_id(made)


def test_the_replay_of_a_replay_points_to_the_original(attempts: TracedAttempts) -> None:
    again = repeated_delivery(repeated_delivery(of_trace(TRACE), AT, "one"), AT, "two")

    assert again.trace == TraceContext(f"00-{TRACE}-{SPAN}-01", is_linked=True)


def test_what_no_traced_call_made_has_no_span(attempts: TracedAttempts) -> None:
    assert attempts.begin("main", [a_delivery(), a_delivery()]) is None


def test_what_was_cut_off_says_so(attempts: TracedAttempts, exporter: InMemorySpanExporter) -> None:
    span = attempts.begin("main", [of_trace(TRACE)])
    assert span is not None
    span.end(())

    [made] = exporter.get_finished_spans()
    assert given(made)["error.type"] == "cut_off"

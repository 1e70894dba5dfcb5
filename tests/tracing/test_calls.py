"""A trace goes from the caller through the store to Altcraft."""

from pathlib import Path

import pytest
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased
from opentelemetry.trace import StatusCode

from app.outbox import DeliveryFilter
from app.sandbox.faults import Fault, FaultKind
from tests.tracing.spans import (
    CALLER,
    SPAN,
    TRACE,
    a_traced_bridge,
    given,
    parent_id,
    span_id,
    trace_id,
)


async def test_the_trace_of_a_caller_reaches_altcraft(tmp_path: Path) -> None:
    async with a_traced_bridge(tmp_path) as traced:
        answer = await traced.call({"crm_id": "1"}, **CALLER, tracestate="shop=a1,crm=b2")
        [call], [attempt] = traced.calls, traced.attempts
        [received] = traced.sandbox.journal.starts

    assert (trace_id(call), parent_id(call)) == (TRACE, SPAN)
    assert (trace_id(attempt), parent_id(attempt)) == (TRACE, span_id(call))
    assert received.traceparent == f"00-{TRACE}-{span_id(attempt)}-01"
    assert received.tracestate == "shop=a1,crm=b2"
    assert given(call)["bridge.event.id"] == answer["event_id"]


async def test_a_caller_without_a_trace_begins_one(tmp_path: Path) -> None:
    async with a_traced_bridge(tmp_path) as traced:
        await traced.call({"crm_id": "1"})
        [call], [attempt] = traced.calls, traced.attempts

    assert call.parent is None
    assert (trace_id(attempt), parent_id(attempt)) == (trace_id(call), span_id(call))


@pytest.mark.parametrize("wrong", ["", "00-zz-00-01", f"00-{TRACE}-{SPAN}-01" * 9, "\xff"])
async def test_what_is_no_trace_begins_one_and_the_call_is_taken(
    tmp_path: Path, wrong: str
) -> None:
    async with a_traced_bridge(tmp_path) as traced:
        answer = await traced.call({"crm_id": "1"}, traceparent=wrong.encode("latin-1"))  # type: ignore[arg-type]  # as it may come in
        [call] = traced.calls

    assert answer["status"] == "accepted"
    assert call.parent is None


async def test_a_span_says_what_became_of_it_and_nothing_of_anybody(tmp_path: Path) -> None:
    async with a_traced_bridge(tmp_path) as traced:
        await traced.call({"email": "ivan@example.com"}, **CALLER, baggage="who=ivan@example.com")
        [call], [attempt] = traced.calls, traced.attempts
        [delivery] = await traced.bridge.parts.outbox.deliveries(DeliveryFilter(), limit=2)

    assert given(call) == {
        "http.request.method": "POST",
        "http.route": "/hooks/{source}",
        "http.response.status_code": 200,
        "bridge.source": "forms",
        "bridge.event.id": delivery.event_id,
        "bridge.outcome": "accepted",
        "bridge.rule": ("welcome",),
    }
    assert given(attempt) == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "bridge.source": "forms",
        "bridge.rule": "welcome",
        "bridge.destination": "main",
        "bridge.scenario": 3,
        "bridge.outcome": "accepted",
        "bridge.event.id": delivery.event_id,
        "bridge.delivery.id": delivery.id,
        "bridge.attempt": 1,
    }


async def test_each_attempt_is_a_span_of_the_same_trace(tmp_path: Path) -> None:
    async with a_traced_bridge(tmp_path) as traced:
        traced.sandbox.put(Fault(kind=FaultKind.HTTP_STATUS, status=503, times=2))
        await traced.call({"crm_id": "1"}, **CALLER)
        attempts = traced.attempts

    assert [given(one)["bridge.attempt"] for one in attempts] == [1, 2, 3]
    assert {trace_id(one) for one in attempts} == {TRACE}
    assert [one.status.status_code for one in attempts] == [
        StatusCode.ERROR,
        StatusCode.ERROR,
        StatusCode.UNSET,
    ]
    assert [given(one)["bridge.outcome"] for one in attempts] == ["temporary"] * 2 + ["accepted"]
    assert all(not one.events for one in attempts)


async def test_a_refused_call_has_a_span_that_names_no_source_it_made_up(tmp_path: Path) -> None:
    async with a_traced_bridge(tmp_path) as traced:
        await traced.bridge.client.post("/hooks/ivan@example.com/secret?key=secret", json={})
        await traced.bridge.client.post("/hooks/forms", json={})
        unknown, refused = traced.calls

    assert given(unknown)["http.response.status_code"] == 404
    assert "bridge.source" not in given(unknown)
    assert given(refused)["http.response.status_code"] == 401
    assert "secret" not in repr(given(unknown))
    assert "ivan" not in repr(given(unknown))


async def test_what_nobody_records_is_not_kept_and_not_sent(tmp_path: Path) -> None:
    sampler = ParentBased(ALWAYS_OFF)
    async with a_traced_bridge(tmp_path, sampler=sampler) as traced:
        await traced.call({"crm_id": "1"})
        await traced.call({"crm_id": "2"}, **CALLER)
        recorded, plain = await traced.bridge.parts.outbox.deliveries(DeliveryFilter(), limit=3)
        sent = [one.traceparent for one in traced.sandbox.journal.starts]

    assert plain.trace is None
    assert recorded.trace is not None
    assert recorded.trace.trace_id == TRACE
    assert sent[0] is None
    assert len(traced.calls) == len(traced.attempts) == 1

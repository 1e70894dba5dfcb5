"""A bridge that is traced into memory, against a stand-in for Altcraft."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import Sampler
from opentelemetry.trace import SpanKind

from app.sandbox import RunningSandbox
from app.service.roles import Role
from app.tracing.tracing import tracing_of
from tests.support.bridges import BEARER, RunningBridge, a_running_bridge
from tests.support.sandboxes import a_sandbox

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
CALLER = {"traceparent": f"00-{TRACE}-{SPAN}-01"}
CONFIG = """\
version: 1
delivery: {{poll: 100ms}}
destinations:
  main:
    url: {sandbox}
    token: {{env: ALTCRAFT_TOKEN}}
    retry: {{base: 10ms, cap: 20ms}}
sources:
  forms: {{auth: {{bearer: {{env: FORMS_TOKEN}}}}}}
rules:
  - {{name: welcome, source: forms, scenario: 3}}
"""


@dataclass(frozen=True, slots=True)
class Traced:
    bridge: RunningBridge
    sandbox: RunningSandbox
    exporter: InMemorySpanExporter

    async def call(self, body: object, **headers: str) -> dict[str, str]:
        """The answer, when what it started is over."""
        answer = await self.bridge.client.post(
            "/hooks/forms?wait=15", json=body, headers={**BEARER, **headers}
        )
        shape: dict[str, str] = answer.json()
        return shape

    def spans(self, kind: SpanKind) -> list[ReadableSpan]:
        return [span for span in self.exporter.get_finished_spans() if span.kind is kind]

    @property
    def calls(self) -> list[ReadableSpan]:
        return self.spans(SpanKind.SERVER)

    @property
    def attempts(self) -> list[ReadableSpan]:
        return self.spans(SpanKind.CLIENT)


@contextlib.asynccontextmanager
async def a_traced_bridge(folder: Path, *, sampler: Sampler | None = None) -> AsyncIterator[Traced]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    async with a_sandbox(knows_everybody=True) as sandbox:
        config = CONFIG.format(sandbox=sandbox.url)
        tracing = tracing_of(provider)
        async with a_running_bridge(folder, config, role=Role.ALL, tracing=tracing) as bridge:
            yield Traced(bridge, sandbox, exporter)


def given(span: ReadableSpan) -> Mapping[str, object]:
    return dict(span.attributes or {})


def trace_id(span: ReadableSpan) -> str:
    return f"{span.context.trace_id:032x}" if span.context else ""


def parent_id(span: ReadableSpan) -> str | None:
    return f"{span.parent.span_id:016x}" if span.parent else None


def span_id(span: ReadableSpan) -> str:
    return f"{span.context.span_id:016x}" if span.context else ""

"""Where spans go: by OTLP over HTTP, in the background, some of them lost rather than waited for.

The queue is bounded and each export has a time limit: OpenTelemetry's own, by its variables.
"""

import logging
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import requests
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from app.kit.clock import SystemClock
from app.tracing.trouble import LibraryLines, Trouble

_PATH = "/v1/traces"
_NAME = "altcraft-scenario-bridge"


def make_provider(endpoint: str) -> TracerProvider:
    """`endpoint` is the collector's address without a path. Raises ValueError for a variable of
    OpenTelemetry that can't be used."""
    trouble = Trouble(SystemClock())
    _keep_to_ourselves(trouble)
    session = NotingSession()
    exporter = OTLPSpanExporter(endpoint=endpoint + _PATH, session=session)
    # Not at the exit of the process: it is closed before, within a limit.
    provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(ToldExporter(exporter, session, trouble)))
    return provider


def _resource() -> Resource:
    try:
        ours = {"service.name": _NAME, "service.version": version(_NAME)}
    except PackageNotFoundError:
        ours = {"service.name": _NAME}
    return Resource.create(ours).merge(OTELResourceDetector().detect())


def _keep_to_ourselves(trouble: Trouble) -> None:
    """The library's lines may quote headers and answers, and come with each failure."""
    logger = logging.getLogger("opentelemetry")
    logger.propagate = False
    logger.handlers = [LibraryLines(trouble)]


class NotingSession(requests.Session):
    """`cause`: how the last request failed, without what either side said in it."""

    cause = "unknown"

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        try:
            answer = super().request(*args, **kwargs)
        except requests.RequestException as error:
            self.cause = type(error).__name__
            raise
        self.cause = f"HTTP {answer.status_code}"
        return answer


class ToldExporter(SpanExporter):
    """Says once that the traces do not go out, and once that they do again."""

    def __init__(self, exporter: SpanExporter, session: NotingSession, trouble: Trouble) -> None:
        self._exporter = exporter
        self._session = session
        self._trouble = trouble

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        if result is SpanExportResult.SUCCESS:
            self._trouble.is_over()
        else:
            self._trouble.not_exported(self._session.cause)
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)

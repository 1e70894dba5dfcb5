"""What makes the spans of one process, put together."""

from collections.abc import Callable
from dataclasses import dataclass

from opentelemetry.trace import Tracer, TracerProvider

from app.tracing.attempts import TracedAttempts
from app.tracing.calls import Accepting, TracedEntry, TracedStore
from app.web.asgi import App


@dataclass(frozen=True, slots=True)
class Tracing:
    tracer: Tracer
    attempts: TracedAttempts

    def entry(self, entry: App, is_source: Callable[[str], bool]) -> TracedEntry:
        return TracedEntry(entry, self.tracer, is_source)

    def store(self, store: Accepting) -> TracedStore:
        return TracedStore(store)


def tracing_of(provider: TracerProvider) -> Tracing:
    tracer = provider.get_tracer("altcraft-scenario-bridge")
    return Tracing(tracer, TracedAttempts(tracer))

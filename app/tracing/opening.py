"""Traces as the environment asks for them: none, unless it names where they go."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from app.config.faults import ConfigRefused, Fault
from app.kit.errors import raised_at

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

    from app.tracing.tracing import Tracing

_FLUSH_LIMIT_S = 5.0
_MISSING = 'the packages for traces are not installed: install the extra "otel"'
_HINT = (
    'pip install "altcraft-scenario-bridge[otel]", or the image with LOCK=deploy/locks/otel.lock'
)


@contextlib.asynccontextmanager
async def open_tracing(endpoint: str | None) -> AsyncIterator["Tracing | None"]:
    """None without `endpoint`, and then nothing of OpenTelemetry is imported. At the end what was
    not exported yet is, within seconds. Raises ConfigRefused."""
    if endpoint is None:
        yield None
        return
    tracing, provider = _opened(endpoint)
    try:
        yield tracing
    finally:
        await _close(provider)


def _opened(endpoint: str) -> "tuple[Tracing, TracerProvider]":
    try:
        from app.tracing.provider import make_provider
        from app.tracing.tracing import tracing_of
    except ImportError:
        fault = Fault("BRIDGE_OTLP_ENDPOINT", _MISSING, hint=_HINT)
        raise ConfigRefused("environment", [fault]) from None
    try:
        provider = make_provider(endpoint)
    except ValueError as error:
        # Its text may quote what stands in the variable.
        fault = Fault("OTEL_*", f"one of these variables can't be used ({raised_at(error)})")
        raise ConfigRefused("environment", [fault]) from None
    return tracing_of(provider), provider


async def _close(provider: "TracerProvider") -> None:
    """In a thread of its own that ends with the process: a collector that hangs must not hold up
    the stop, as a thread of the pool would."""
    loop, over = asyncio.get_running_loop(), asyncio.Event()

    def close() -> None:
        provider.shutdown()
        with contextlib.suppress(RuntimeError):  # the loop is gone: nobody waits any more
            loop.call_soon_threadsafe(over.set)

    threading.Thread(target=close, name="flush traces", daemon=True).start()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_FLUSH_LIMIT_S):
            await over.wait()

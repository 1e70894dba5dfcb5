"""How log lines look: for people on a terminal, JSON otherwise."""

import io
import logging
import sys
from contextlib import suppress
from typing import TextIO, cast

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from app.kit.log_choice import LogFormat, LogLevel


class _Losing(io.TextIOBase):
    """A line that can't be written is lost, and nothing else: below the log there may be the disk
    that is full, and a call that is stored must not be refused for what is said of it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


def configure_logs(how: LogFormat, level: LogLevel, *, to: TextIO | None = None) -> None:
    """Send our lines and those of the libraries to `to` (default stderr), one shape for all."""
    stream = to or sys.stderr
    is_human = how is LogFormat.HUMAN or (how is LogFormat.AUTO and stream.isatty())
    renderer: Processor = (
        # The prettier tracebacks show local variables: calls, tokens, people.
        structlog.dev.ConsoleRenderer(
            colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
        if is_human
        else _as_json
    )
    lines = cast("TextIO", _Losing(stream))
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info if not is_human else _nothing,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(lines),
        cache_logger_on_first_use=True,
    )
    _route_libraries(lines, shared, renderer, number)


def _route_libraries(
    stream: TextIO, shared: list[Processor], renderer: Processor, number: int
) -> None:
    lines = logging.StreamHandler(stream)
    lines.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [lines]
    # A library's debug lines may hold requests with their bodies: never, whatever our level.
    root.setLevel(max(number, logging.WARNING))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "alembic", "aiosqlite"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True


def _as_json(_: WrappedLogger, __: str, event: EventDict) -> str:
    return orjson.dumps(event, default=str).decode()


def _nothing(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return event

"""What goes wrong with traces, told so that it floods no log and gives nothing away."""

import logging

import structlog

from app.kit.clock import Clock

_log = structlog.get_logger()
_AGAIN_AFTER_S = 3600.0
_CAUSES_AT_MOST = 100


class Trouble:
    """Each cause once, and again after an hour at the earliest."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told_at: dict[str, float] = {}
        self._is_told = False

    def not_exported(self, cause: str) -> None:
        if self._is_news(cause):
            self._is_told = True
            _log.warning("traces.not_exported", cause=cause)

    def is_over(self) -> None:
        if self._is_told:
            self._is_told = False
            _log.info("traces.exported_again")

    def said(self, line: str) -> None:
        """A line of the library, without what it fills in."""
        if self._is_news(line):
            _log.warning("traces.trouble", cause=line)

    def _is_news(self, cause: str) -> bool:
        now, told_at = self._clock.monotonic(), self._told_at.get(cause)
        if told_at is not None and now - told_at < _AGAIN_AFTER_S:
            return False
        if told_at is None and len(self._told_at) >= _CAUSES_AT_MOST:
            return False
        self._told_at[cause] = now
        return True


class LibraryLines(logging.Handler):
    def __init__(self, trouble: Trouble) -> None:
        super().__init__(logging.WARNING)
        self._trouble = trouble

    def emit(self, record: logging.LogRecord) -> None:
        # Failed exports are told with their cause, by ourselves.
        if not record.name.startswith("opentelemetry.exporter."):
            self._trouble.said(str(record.msg))

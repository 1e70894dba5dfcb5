"""The time at which a caller says it signed, and whether that is near enough."""

import math
from dataclasses import dataclass
from datetime import datetime

from app.config.schema.place import TimestampUnit
from app.sources.auth.refusal import Why

_LONGEST_NUMBER = 16
_LONGEST_DATE = 40


@dataclass(frozen=True, slots=True)
class Window:
    """`past_s` and `future_s` are the furthest that a time may be away, themselves included."""

    past_s: float
    future_s: float

    def judge(self, at_s: float | None, now: datetime) -> Why | None:
        if at_s is None:
            return Why.NO_TIME
        ahead_s = at_s - now.timestamp()
        if ahead_s < -self.past_s:
            return Why.TOO_OLD
        return Why.TOO_EARLY if ahead_s > self.future_s else None


def seconds_of(text: str, unit: TimestampUnit) -> float | None:
    """Seconds since 1970; None when `text` is no time, or a date without its zone."""
    if unit is TimestampUnit.ISO:
        return _seconds_of_date(text)
    if not text.isascii() or not text.isdigit() or len(text) > _LONGEST_NUMBER:
        return None
    return int(text) / 1000 if unit is TimestampUnit.MILLISECONDS else float(int(text))


def _seconds_of_date(text: str) -> float | None:
    if len(text) > _LONGEST_DATE:
        return None
    try:
        at = datetime.fromisoformat(text)
        return at.timestamp() if at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def timestamp_text(now: datetime, unit: TimestampUnit) -> str:
    if unit is TimestampUnit.ISO:
        return now.isoformat(timespec="seconds").replace("+00:00", "Z")
    scale = 1000 if unit is TimestampUnit.MILLISECONDS else 1
    return str(math.floor(now.timestamp() * scale))

"""What is counted for operators over days: calls, rules that held, attempts, endings."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.kit.light import light


class TallyKind(StrEnum):
    CALL = "call"
    """Name: a source. Label: `accepted`, `ignored`, `duplicate`, `answered` or a problem."""
    RULE = "rule"
    """Name: a rule. Label: `held`."""
    ATTEMPT = "attempt"
    """Name: a destination. Label: an outcome."""
    ENDED = "ended"
    """Name: a destination. Label: the last outcome, or the ending."""


@dataclass(frozen=True, slots=True)
class Tally:
    """`count` more of it."""

    kind: TallyKind
    name: str
    label: str
    count: int


@light
class TallySum:
    """Of a step that begins at `at`, or of all that was asked for. `last_at`: the start of the
    last minute in which it was counted, of the hour where that is long ago."""

    kind: TallyKind
    name: str
    label: str
    count: int
    at: datetime
    last_at: datetime

"""How far a request got, known also where it was cut off before there was an outcome."""

from dataclasses import dataclass


@dataclass(slots=True)
class Progress:
    """`was_written` turns true before the first byte leaves, never after it."""

    was_written: bool = False

"""What is wrong with a configuration, said so that it can be mended."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.kit.errors import BridgeError


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Fault:
    """One error of a configuration. `key` is a path such as `rules[2].when`; `line` counts
    from 1; `hint` says what was meant or what to do."""

    key: str
    reason: str
    line: int | None = None
    hint: str | None = None
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return f"{self.key}: {self.reason}" + (f"; {self.hint}" if self.hint else "")


class ConfigRefused(BridgeError):
    """The configuration can't be used. Holds all its faults, in the order of the file."""

    slug = "configuration"

    def __init__(self, file: str, faults: Sequence[Fault]) -> None:
        self.file = file
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line or 0))
        super().__init__("\n".join(self.lines()))

    def lines(self) -> list[str]:
        """`bridge.yaml:12: rules[2].when: reason; hint`, one a fault."""
        return [f"{self.file}:{fault.line or 1}: {fault}" for fault in self.faults]

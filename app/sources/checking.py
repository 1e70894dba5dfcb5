"""Gathers the faults of one source while its parts are compiled."""

from app.config.document import key_text
from app.config.faults import Fault, Severity
from app.expressions import Expression, ExpressionFault, compile_text


class Checking:
    """`base` is the key path of the source in the file."""

    def __init__(self, *base: str | int) -> None:
        self._base = base
        self.faults: list[Fault] = []

    @property
    def is_good(self) -> bool:
        return all(fault.severity is Severity.WARNING for fault in self.faults)

    def fault(self, reason: str, *path: str | int, hint: str | None = None) -> None:
        self.faults.append(Fault(key_text((*self._base, *path)), reason, hint=hint))

    def warn(self, reason: str, *path: str | int, hint: str | None = None) -> None:
        key = key_text((*self._base, *path))
        self.faults.append(Fault(key, reason, hint=hint, severity=Severity.WARNING))

    def compile(self, text: str, *path: str | int) -> Expression | None:
        try:
            return compile_text(text)
        except ExpressionFault as fault:
            self.fault(fault.reason, *path, hint=fault.hint)
            return None

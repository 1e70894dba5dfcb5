"""Further fields of the request to Altcraft, by its names."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from app.expressions import Expression, ExpressionFailed
from app.model.json import Json, JsonObject


class Kind(StrEnum):
    """What Altcraft takes (guides "Engage profile in scenario", "Import and engage ...")."""

    NUMBER = "a whole number"
    FILES = "a list of objects"
    OBJECT = "an object"
    FLAG = "true or false"


@dataclass(frozen=True, slots=True)
class CompiledField:
    """Of an object `parts` are what it is made of; of anything else `value`. `constants` need
    nothing of the call."""

    name: str
    kind: Kind
    value: Expression | None = None
    parts: tuple[tuple[str, Expression], ...] = ()
    constants: JsonObject = field(default_factory=dict)

    def expressions(self) -> Iterator[Expression]:
        if self.value is not None:
            yield self.value
        yield from (part for _, part in self.parts)


Evaluate = Callable[[str, Expression], Json]
"""The value of an expression; the text names its key in an ExpressionFailed."""


def fields_of(compiled: Iterable[CompiledField], evaluate: Evaluate) -> JsonObject:
    """Raises ExpressionFailed with the key and what Altcraft takes there, never the value."""
    return {one.name: _value(one, evaluate) for one in compiled}


def _value(compiled: CompiledField, evaluate: Evaluate) -> Json:
    if compiled.kind is Kind.FLAG:
        return compiled.constants[compiled.name]
    if compiled.kind is Kind.OBJECT:
        parts = {name: evaluate(f"{compiled.name}.{name}", part) for name, part in compiled.parts}
        return {**parts, **compiled.constants}
    if compiled.value is None:
        return None
    found = evaluate(compiled.name, compiled.value)
    if compiled.kind is Kind.NUMBER:
        found = _whole(found)
    if not _fits(compiled.kind, found):
        raise ExpressionFailed(f"{compiled.name} {compiled.value.text}: is not {compiled.kind}")
    return found


def _whole(found: Json) -> Json:
    """Callers by forms have numbers as texts."""
    if isinstance(found, str) and found.strip().isdecimal() and len(found) < 16:
        return int(found)
    return int(found) if isinstance(found, float) and found.is_integer() else found


def _fits(kind: Kind, found: Json) -> bool:
    if kind is Kind.NUMBER:
        return isinstance(found, int) and not isinstance(found, bool)
    return isinstance(found, list | tuple) and all(isinstance(one, Mapping) for one in found)

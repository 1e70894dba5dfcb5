"""Frozen values that cost little to make."""

from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, ParamSpec, TypeVar, dataclass_transform

P = ParamSpec("P")
T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def light(cls: type[T]) -> type[T]:
    """As `@dataclass(frozen=True, slots=True)`, for values that are made for every call: frozen
    by the type checker and not again by each assignment at run time, which quarters the cost of
    making one (ten fields: 0.24 instead of 1.0 microseconds)."""
    return dataclass(slots=True, unsafe_hash=True)(cls)


def maker(cls: Callable[P, T]) -> Callable[P, T]:
    """A function that makes what the `light` class of many fields does, called with their names.
    A class takes names by way of a dictionary: eleven fields 1.0 instead of 0.4 microseconds."""
    known: tuple[Field[Any], ...] = fields(cls)  # type: ignore[arg-type]  # a class of dataclasses
    if not all(one.init for one in known) or hasattr(cls, "__post_init__"):
        raise TypeError(f"{cls!r} does more than take values")
    head = ", ".join(f"{one.name}{_default(one)}" for one in known)
    body = "\n".join(f"    made.{one.name} = {_value(one)}" for one in known)
    text = f"def make({head}):\n    made = new(cls)\n{body}\n    return made"
    names: dict[str, Any] = {"new": object.__new__, "cls": cls, "missing": MISSING}
    names |= {f"default_{one.name}": one.default for one in known}
    names |= {f"new_{one.name}": one.default_factory for one in known}
    exec(text, names)  # noqa: S102 - of our own names, as dataclasses do
    made: Callable[P, T] = names["make"]
    return made


def _default(one: Field[Any]) -> str:
    if one.default_factory is not MISSING:
        return "=missing"
    return "" if one.default is MISSING else f"=default_{one.name}"


def _value(one: Field[Any]) -> str:
    if one.default_factory is MISSING:
        return one.name
    return f"new_{one.name}() if {one.name} is missing else {one.name}"

"""Values of a decoded body by their path."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from app.model.json import Json

_STEP = re.compile(r"[^.\[\]]+")
_MASK = "***"


@dataclass(frozen=True, slots=True)
class FieldPath:
    """`a.b`, `a[b]`, `a[0].b`; the step `*` stands for every item."""

    text: str
    steps: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "FieldPath":
        return cls(text, tuple(_STEP.findall(text)))

    def texts(self, body: Json) -> list[str] | None:
        """All values as texts; None when one of them is missing or is no text."""
        found = [text_of_value(value) for value in self._values(body)]
        known = [text for text in found if text is not None]
        return known if known and len(known) == len(found) else None

    def text_of(self, body: Json) -> str | None:
        """The one value as a text; None when there is none, or several."""
        found = self.texts(body)
        return found[0] if found and len(found) == 1 else None

    def _values(self, body: Json) -> Iterable[Json]:
        # A form's field may be named `a[b]` as a whole where nobody made an object of it.
        if isinstance(body, Mapping) and self.text in body:
            return (body[self.text],)
        return _walk(body, self.steps)


def _walk(value: Json, steps: tuple[str, ...]) -> Iterator[Json]:
    if not steps:
        yield value
        return
    step, rest = steps[0], steps[1:]
    if step == "*":
        for item in _items(value):
            yield from _walk(item, rest)
    else:
        yield from _walk(_inner(value, step), rest)


def _items(value: Json) -> Iterable[Json]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list) else (None,)


def _inner(value: Json, step: str) -> Json:
    if isinstance(value, Mapping):
        return value.get(step)
    if isinstance(value, list) and step.isdecimal() and len(step) < 6 and int(step) < len(value):
        found: Json = value[int(step)]
        return found
    return None


def text_of_value(value: Json) -> str | None:
    """A number with a fraction has none: how the caller wrote it is no longer known."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    return None


def without_fields(body: Json, paths: Iterable[FieldPath]) -> Json:
    """A copy in which what stands at `paths` is masked, for display."""
    for path in paths:
        if isinstance(body, Mapping) and path.text in body:
            body = {**body, path.text: _MASK}
        body = _masked(body, path.steps)
    return body


def _masked(value: Json, steps: tuple[str, ...]) -> Json:
    if not steps:
        return _MASK
    step, rest = steps[0], steps[1:]
    if isinstance(value, Mapping):
        return {
            name: _masked(inner, rest) if step in ("*", name) else inner
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [
            _masked(inner, rest) if step in ("*", str(index)) else inner
            for index, inner in enumerate(value)
        ]
    return value

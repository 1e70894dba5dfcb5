"""One place in a call where a text stands, to read it and, when we are the caller, to write it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias
from urllib.parse import parse_qs, quote_plus

import orjson

from app.config.schema.place import Place
from app.kit.errors import BridgeError
from app.model.json import Json
from app.sources.auth.fields import FieldPath
from app.sources.auth.places import SecretPlaces
from app.sources.call import Call

Fields: TypeAlias = Callable[[], Json]
"""Yields the decoded body, leniently: None when it can't be decoded, never an exception. Called
only by what reads fields; called again, it may answer from memory."""

Decoding: TypeAlias = Callable[[Call], Json]
"""The same for a call that is still being made."""


class CannotSign(BridgeError):
    """This bridge can't make that proof, as only the other side has the key for it."""

    slug = "invalid"


@dataclass(frozen=True, slots=True)
class Spot:
    """Exactly one of the three. `header` is in lower case."""

    header: str | None = None
    query: str | None = None
    field: FieldPath | None = None

    @classmethod
    def of(cls, place: Place) -> "Spot":
        header = place.header.lower() if place.header is not None else None
        field = FieldPath.of(place.field) if place.field is not None else None
        return cls(header, place.query, field)

    def read(self, call: Call, fields: Fields) -> str | None:
        """None when nothing stands there, or more than one thing."""
        if self.header is not None:
            return call.headers.get(self.header)
        if self.query is not None:
            found = call.query.get(self.query, ())
            return found[0] if len(found) == 1 else None
        return self.field.text_of(fields()) if self.field is not None else None

    def write(self, call: Call, text: str) -> Call:
        """Raises CannotSign when the body is no place for it."""
        if self.header is not None:
            return replace(call, headers={**call.headers, self.header: text})
        if self.query is not None:
            return _with_parameter(call, self.query, text)
        return call if self.field is None else _with_field(call, self.field, text)

    def secret_places(self) -> SecretPlaces:
        return SecretPlaces(
            headers=frozenset({self.header} if self.header else ()),
            query=frozenset({self.query} if self.query else ()),
            fields=(self.field,) if self.field else (),
        )


def wire(text: str) -> bytes:
    """The bytes that a text of a header stood for; other texts as UTF-8."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode(errors="replace")


def _with_parameter(call: Call, name: str, text: str) -> Call:
    pair = f"{quote_plus(name)}={quote_plus(text)}"
    raw = f"{call.raw_query}&{pair}" if call.raw_query else pair
    query = parse_qs(raw, keep_blank_values=True)
    return replace(call, raw_query=raw, query=query, url=call.url.partition("?")[0] + "?" + raw)


def _with_field(call: Call, path: FieldPath, text: str) -> Call:
    kind = call.content_type.partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        first, *rest = path.steps
        name = first + "".join(f"[{step}]" for step in rest)
        pair = f"{quote_plus(name)}={quote_plus(text)}".encode()
        return replace(call, body=call.body + b"&" + pair if call.body else pair)
    try:
        body = orjson.loads(call.body or b"{}")
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, Mapping):
        raise CannotSign(f"{path.text}: the body is neither a form nor a JSON object")
    return replace(call, body=orjson.dumps(_with_step(body, path.steps, text)))


def _with_step(value: Json, steps: tuple[str, ...], text: str) -> Json:
    if not steps:
        return text
    if steps[0] == "*":
        if not isinstance(value, list):
            raise CannotSign("the body has no list where every item is to hold the secret")
        return [_with_step(item, steps[1:], text) for item in value]
    inner = value if isinstance(value, Mapping) else {}
    return {**inner, steps[0]: _with_step(inner.get(steps[0]), steps[1:], text)}

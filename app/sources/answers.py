"""Answers to a caller as the file describes them: compiled at load, made per call."""

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from app.config.document import KeyPath
from app.config.schema.reply import Answer, OfEvent, ReplyValue
from app.config.schema.reply import Signed as SignedConfig
from app.expressions import Expression, ExpressionFailed, Reads, Scope, Variables
from app.kit.secret import Secret
from app.model.json import Json
from app.sources.checking import Checking
from app.sources.results import HttpReply, json_bytes

_TEXT = "text/plain; charset=utf-8"
_JSON = "application/json"
_WITHOUT_BODY = frozenset({204, 205, 304})


@dataclass(frozen=True, slots=True)
class Signed:
    """The hex HMAC-SHA256 of what `text` yields."""

    text: Expression
    key: Secret = field(repr=False)


Value: TypeAlias = Expression | Signed | OfEvent


@dataclass(frozen=True, slots=True)
class CompiledAnswer:
    """`body` is bytes where the file has it word for word. `reads` is what it reads of the call."""

    status: Expression | None
    headers: tuple[tuple[str, Expression], ...]
    body: bytes | Expression | tuple[tuple[str, Value], ...]
    content_type: str | None
    reads: Reads


@dataclass(frozen=True, slots=True)
class Seen:
    """What an answer is made of. `event` has `id` and `status` once there is an event."""

    given: Variables = field(repr=False)
    scope: Scope
    region: str | None
    event: Mapping[str, str] = field(default_factory=dict)


def render(answer: CompiledAnswer, seen: Seen) -> HttpReply:
    """Raises ExpressionFailed."""
    seen.scope.fill(seen.given, answer.reads, seen.region)
    status = 200 if answer.status is None else _status(answer.status.evaluate(seen.scope))
    body, natural_type = _body(answer, seen)
    headers = {name: _header(value.evaluate(seen.scope)) for name, value in answer.headers}
    # With its type fixed, what a caller wrote and reads again can't run in a browser.
    headers["X-Content-Type-Options"] = "nosniff"
    body = b"" if status in _WITHOUT_BODY else body
    return HttpReply(status, headers, body, answer.content_type or natural_type)


def _status(found: Json) -> int:
    if isinstance(found, bool) or not isinstance(found, int) or not 200 <= found <= 599:
        raise ExpressionFailed("the status is no number from 200 to 599")
    return found


def _header(found: Json) -> str:
    text = found if isinstance(found, str) else json_bytes(found).decode()
    # A line end in a value would let the caller write headers of ours.
    if not (text.isascii() and text.isprintable()) or len(text) > 4096:
        raise ExpressionFailed("the value can't stand in a header")
    return text


def _body(answer: CompiledAnswer, seen: Seen) -> tuple[bytes, str]:
    if isinstance(answer.body, bytes):
        return answer.body, _TEXT
    if isinstance(answer.body, tuple):
        fields = {name: _value(value, seen) for name, value in answer.body}
        return json_bytes(fields), _JSON
    found = answer.body.evaluate(seen.scope)
    return (found.encode(), _TEXT) if isinstance(found, str) else (json_bytes(found), _JSON)


def _value(value: Value, seen: Seen) -> Json:
    match value:
        case Signed():
            text = value.text.evaluate(seen.scope)
            if not isinstance(text, str):
                raise ExpressionFailed(f"{value.text.text}: only a text can be signed")
            key = value.key.reveal().encode()
            return hmac.new(key, text.encode(), "sha256").hexdigest()
        case OfEvent():
            return seen.event.get(value.event)
        case _:
            return value.evaluate(seen.scope)


def build_answer(
    given: Answer, checking: Checking, path: KeyPath, key: Secret | None, *, of_event: bool
) -> CompiledAnswer:
    """`key` signs, where the answer has something signed. `of_event`: there is an event whose
    id and status can be told. Parts with a fault are left out."""
    builder = _Builder(checking, path, key, of_event=of_event)
    return builder.build(given)


class _Builder:
    def __init__(
        self, checking: Checking, path: KeyPath, key: Secret | None, *, of_event: bool
    ) -> None:
        self._checking = checking
        self._path = path
        self._key = key
        self._of_event = of_event
        self._reads = Reads()

    def build(self, given: Answer) -> CompiledAnswer:
        status = None if given.status is None else self._status(given.status)
        headers = tuple(self._headers(given.headers))
        body = self._body(given)
        return CompiledAnswer(status, headers, body, given.content_type, self._reads)

    def _compile(self, text: str, *path: str | int) -> Expression | None:
        found = self._checking.compile(text, *self._path, *path)
        if found is not None:
            self._reads |= found.reads
        return found

    def _status(self, text: str) -> Expression | None:
        if text.isdecimal() and not 200 <= int(text) <= 599:
            self._checking.fault("expected a number from 200 to 599", *self._path, "status")
            return None
        return self._compile(text, "status")

    def _headers(self, headers: Mapping[str, str]) -> Iterator[tuple[str, Expression]]:
        for name, text in headers.items():
            found = self._compile(text, "headers", name)
            if found is not None:
                yield name, found

    def _body(self, given: Answer) -> bytes | Expression | tuple[tuple[str, Value], ...]:
        if given.body is None:
            return (given.text or "").encode()
        if isinstance(given.body, str):
            return self._compile(given.body, "body") or b""
        return tuple(self._fields(given.body))

    def _fields(self, fields: Mapping[str, ReplyValue]) -> Iterator[tuple[str, Value]]:
        for name, value in fields.items():
            found = self._field(value, "body", name)
            if found is not None:
                yield name, found

    def _field(self, value: ReplyValue, *path: str | int) -> Value | None:
        match value:
            case SignedConfig():
                text = self._compile(value.hmac_sha256_hex, *path, "hmac_sha256_hex")
                if self._key is None:
                    reason = "needs the secret of the source's `auth`, and there is none to sign by"
                    self._checking.fault(reason, *self._path, *path)
                return Signed(text, self._key) if text and self._key else None
            case OfEvent():
                if not self._of_event:
                    reason = "a handshake is not kept, so there is no event to tell of"
                    self._checking.fault(reason, *self._path, *path)
                return value
            case _:
                return self._compile(value, *path)

"""Makes the text that a signature is over, out of a call."""

import hashlib
import re
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import unquote_to_bytes, urlsplit

from app.config.schema.place import PortForm, UrlForm
from app.config.schema.template import Piece, Placeholder
from app.sources.auth.fields import FieldPath, text_of_value
from app.sources.auth.places import CallPart
from app.sources.auth.refusal import Why
from app.sources.auth.spot import Fields, Spot, wire
from app.sources.call import Call

FORM = "application/x-www-form-urlencoded"
_MAX_FORM_FIELDS = 5000
_DEFAULT_PORTS = {"https": "443", "http": "80"}


class Unfit(Exception):
    """The call can't be what was signed."""

    def __init__(self, why: Why) -> None:
        self.why = why
        super().__init__(why)


@dataclass(slots=True)
class Signing:
    """A call with what belongs to its proof. `signatures`, as written and without their prefix:
    any of them may be it. `url` is one of the forms that the caller may have meant."""

    call: Call
    fields: Fields
    timestamp: str = ""
    signatures: tuple[str, ...] = ()
    secret: bytes = field(default=b"", repr=False)
    url: str = ""


Step: TypeAlias = Callable[[Signing], bytes]


def _decoded_body(signing: Signing) -> bytes:
    return _unquoted(signing.call.body)


def _unquoted(raw: bytes) -> bytes:
    return unquote_to_bytes(raw.replace(b"+", b" "))


def _sorted_fields(signing: Signing) -> bytes:
    call = signing.call
    if call.content_type.partition(";")[0].strip().lower() != FORM:
        return b""
    pairs = [pair for pair in call.body.split(b"&", _MAX_FORM_FIELDS) if pair]
    if len(pairs) > _MAX_FORM_FIELDS:
        raise Unfit(Why.UNREADABLE)
    split = {(_unquoted(name), _unquoted(text)) for name, _, text in map(_cut, pairs)}
    return b"".join(name + text for name, text in sorted(split))


def _cut(pair: bytes) -> tuple[bytes, bytes, bytes]:
    return pair.partition(b"=")


def _body_with_secret(signing: Signing) -> bytes:
    signature = wire(signing.signatures[0]) if signing.signatures else b""
    if not signature or signing.call.body.count(signature) != 1:
        raise Unfit(Why.UNREADABLE)
    return signing.call.body.replace(signature, signing.secret)


def _path(signing: Signing) -> bytes:
    try:
        return wire(urlsplit(signing.call.url).path)
    except ValueError:
        raise Unfit(Why.UNREADABLE) from None


_STEPS: Mapping[str, Step] = {
    "body": lambda s: s.call.body,
    "body_decoded": _decoded_body,
    "body_or_query": lambda s: s.call.body or wire(s.call.raw_query),
    "body_crc32": lambda s: b"%d" % zlib.crc32(s.call.body),
    "body_md5": lambda s: hashlib.md5(s.call.body, usedforsecurity=False).hexdigest().encode(),
    "body_sha256": lambda s: hashlib.sha256(s.call.body).hexdigest().encode(),
    "body_with_secret": _body_with_secret,
    "fields_sorted": _sorted_fields,
    "method": lambda s: s.call.method.upper().encode(),
    "path": _path,
    "query": lambda s: wire(s.call.raw_query),
    "secret": lambda s: s.secret,
    "timestamp": lambda s: wire(s.timestamp),
    "url": lambda s: wire(s.url),
}

_COVERS: Mapping[str, frozenset[CallPart]] = {
    "body": frozenset({CallPart.BODY}),
    "body_decoded": frozenset({CallPart.BODY}),
    "body_or_query": frozenset({CallPart.BODY}),
    "body_md5": frozenset({CallPart.BODY}),
    "body_sha256": frozenset({CallPart.BODY}),
    "body_with_secret": frozenset({CallPart.BODY}),
    # Not body_crc32: another body with the same sum is made in no time.
    "fields_sorted": frozenset({CallPart.BODY}),
    "method": frozenset({CallPart.METHOD}),
    "path": frozenset({CallPart.PATH}),
    "query": frozenset({CallPart.QUERY}),
    "url": frozenset({CallPart.PATH, CallPart.QUERY}),
}


class SignedText:
    """A template, compiled. `names` are its placeholders."""

    def __init__(self, pieces: Iterable[Piece], values: Mapping[str, str]) -> None:
        known = tuple(pieces)
        self._steps = tuple(_step(piece, values) for piece in known)
        self.render = self._steps[0] if len(self._steps) == 1 else self._joined
        """Raises Unfit when the call lacks a part of the template."""
        plain = [p for p in known if isinstance(p, Placeholder) and p.argument is None]
        self.names = frozenset(p.name for p in plain)
        self.covers = frozenset[CallPart]().union(*(_COVERS.get(n, ()) for n in self.names))

    def _joined(self, signing: Signing) -> bytes:
        return b"".join([step(signing) for step in self._steps])


def _step(piece: Piece, values: Mapping[str, str]) -> Step:
    if isinstance(piece, str):
        return _fixed(piece)
    if piece.argument is None:
        return _STEPS[piece.name]
    if piece.name == "value":
        return _fixed(values[piece.argument])
    if piece.name == "fields_with":
        return _fields_with(piece.argument)
    return _part(piece.name, piece.argument, is_optional=piece.is_optional)


def _fixed(text: str) -> Step:
    raw = text.encode()
    return lambda _: raw


def _part(name: str, argument: str, *, is_optional: bool) -> Step:
    spot = {
        "header": lambda: Spot(header=argument.lower()),
        "query": lambda: Spot(query=argument),
        "field": lambda: Spot(field=FieldPath.of(argument)),
    }[name]()

    def step(signing: Signing) -> bytes:
        found = spot.read(signing.call, signing.fields)
        if found is not None:
            return wire(found) if spot.header else found.encode(errors="replace")
        if is_optional:
            return b""
        raise Unfit(Why.NOT_SIGNED_PART)

    return step


def _fields_with(prefix: str) -> Step:
    start = prefix.lower()

    def step(signing: Signing) -> bytes:
        body = signing.fields()
        fields = body if isinstance(body, Mapping) else {}
        names = sorted(name for name in fields if name.lower().startswith(start))
        return b"".join(_pair(name, text_of_value(fields[name])) for name in names)

    return step


def _pair(name: str, text: str | None) -> bytes:
    # Left out, what stands under such a name would be anyone's.
    if text is None:
        raise Unfit(Why.NOT_SIGNED_PART)
    return f":{name}={text}".encode(errors="replace")


@dataclass(frozen=True, slots=True)
class UrlReading:
    """The forms of a call's URL that a signature may be over."""

    has_any_port: bool
    unescaped: re.Pattern[str] | None

    @classmethod
    def of(cls, form: UrlForm) -> "UrlReading":
        codes = "|".join(f"%{ord(char):02X}" for char in form.unescape)
        pattern = re.compile(codes, re.IGNORECASE) if codes else None
        return cls(form.port is PortForm.ANY, pattern)

    def forms(self, url: str) -> tuple[str, ...]:
        if self.unescaped is not None:
            url = self.unescaped.sub(lambda found: chr(int(found[0][1:], 16)), url)
        return _with_and_without_port(url) if self.has_any_port else (url,)


def _with_and_without_port(url: str) -> tuple[str, ...]:
    scheme, mark, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    host = re.sub(r":\d*\Z", "", authority)
    after = rest[len(authority) :]
    port = _DEFAULT_PORTS.get(scheme.lower(), "")
    bare = f"{scheme}{mark}{host}{after}"
    return tuple(dict.fromkeys((url, bare, f"{scheme}{mark}{host}:{port}{after}")))

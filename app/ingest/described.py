"""What may be kept of a call that left no event: which parts it has, no secret and no value."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from urllib.parse import unquote_plus

from app.model.json import Json
from app.shown.outline import name_or_mask, outline
from app.sources.call import Call
from app.sources.decode import Undecodable, UnsupportedMedia, decode
from app.sources.source import Source

MOST_BODY_BYTES = 64 * 1024
_MOST_SHAPE_BYTES = 4096
_MOST_TEXT = 200
_MOST_PARTS = 20
_MOST_HEADERS = 60
_SECRET = "***"  # noqa: S105 - what is shown in its place
_HARMLESS = frozenset(
    {
        "accept",
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "host",
        "transfer-encoding",
        "user-agent",
    }
)
_SCHEMES = ("basic", "bearer", "digest", "token", "negotiate")


def described_path(call: Call, source: Source) -> str:
    """What follows `/hooks/{source}`, with the query: how many parts, names of parameters."""
    places = source.authenticator.secret_places
    parts = [_length(part) for part in call.path.split("/")[:_MOST_PARTS]] if call.path else []
    if parts and places.has_path:
        parts[0] = _SECRET
    path = "".join(f"/{part}" for part in parts)
    if not call.raw_query:
        return path
    pairs = [pair.partition("=") for pair in call.raw_query.split("&")[:_MOST_PARTS]]
    named = [(unquote_plus(name), sign, text) for name, sign, text in pairs]
    shown = [
        name_or_mask(name) + sign + (_SECRET if name in places.query else _length(text))
        for name, sign, text in named
    ]
    return f"{path}?{'&'.join(shown)}"


def described_headers(call: Call, source: Source) -> Mapping[str, str]:
    """Values only of those that say how it was sent."""
    clean = source.without_secrets(call).headers
    return {
        name_or_mask(name): _shown(name, text, is_secret=clean.get(name) != text)
        for name, text in islice(call.headers.items(), _MOST_HEADERS)
    }


def described_body(call: Call, source: Source) -> Json:
    """None where it can't be decoded."""
    most = min(MOST_BODY_BYTES, source.decoding.max_inflated_bytes)
    try:
        found = decode(call, replace(source.decoding, max_inflated_bytes=most))
    except (Undecodable, UnsupportedMedia):
        return None
    return outline(source.masked_body(found), most_bytes=_MOST_SHAPE_BYTES)


def _shown(name: str, text: str, *, is_secret: bool) -> str:
    scheme = text.partition(" ")[0]
    if name == "authorization":
        return f"{scheme} {_SECRET}" if scheme.lower() in _SCHEMES else _SECRET
    if is_secret:
        return _SECRET
    return text[:_MOST_TEXT] if name in _HARMLESS else _length(text)


def _length(text: str) -> str:
    return f"<text, {len(text)}>" if text else ""

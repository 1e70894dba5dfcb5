"""URL-encoded forms and queries."""

import codecs
import re
from binascii import unhexlify

from app.model.json import Json
from app.sources.decode.bounds import Limits
from app.sources.decode.brackets import Nest
from app.sources.decode.charset import as_utf8, is_wide, text_of
from app.sources.decode.errors import Undecodable

MAX_QUERY_PARAMETERS = 1000
# As fast as `urllib.parse.unquote_to_bytes`, which takes 30 times longer over a megabyte of "%".
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")


def decode_form(body: bytes, charset: str | None, limits: Limits) -> dict[str, Json]:
    """`a[b]=1&c=2` as an object of texts, objects and lists (see `brackets`)."""
    if is_wide(charset):
        body, charset = as_utf8(body, charset), None
    body = body.removeprefix(codecs.BOM_UTF8)
    limits.check_values(body.count(b"&"))
    nest, codec = Nest(limits), charset or "utf-8"
    for number, part in enumerate(body.split(b"&"), 1):
        if part:
            name, _, value = part.partition(b"=")
            nest.put(_text(name, codec, number), _text(value, codec, number))
    return nest.value()


def _text(raw: bytes, codec: str, number: int) -> str:
    raw = _plain(raw)
    return raw.decode() if raw.isascii() else text_of(raw, codec, f"parameter {number}")


def decode_query(raw_query: str) -> dict[str, Json]:
    """Each parameter's text, or the list of its texts when it is repeated; names as they stand,
    brackets too. What is no UTF-8 is shown by replacement characters: a query often carries
    marks of others that no rule reads. Raises Undecodable for more than 1000 parameters.
    """
    if not raw_query:
        return {}
    if raw_query.count("&") >= MAX_QUERY_PARAMETERS:
        raise Undecodable(f"more than {MAX_QUERY_PARAMETERS} query parameters")
    found: dict[str, list[str]] = {}
    for part in raw_query.encode(errors="replace").split(b"&"):
        if part:
            name, _, value = part.partition(b"=")
            found.setdefault(_readable(name), []).append(_readable(value))
    return {name: texts[0] if len(texts) == 1 else texts for name, texts in found.items()}


def _readable(raw: bytes) -> str:
    return _plain(raw).decode(errors="replace")


def _plain(raw: bytes) -> bytes:
    if b"+" in raw:
        raw = raw.replace(b"+", b" ")
    return _ESCAPE.sub(_escaped_byte, raw) if b"%" in raw else raw


def _escaped_byte(found: re.Match[bytes]) -> bytes:
    return unhexlify(found[1])

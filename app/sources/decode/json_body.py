"""JSON and NDJSON.

Of a name that stands twice the last one wins. NaN, infinities and lone surrogates are refused.
A whole number beyond 64 bits with its sign is kept as the text of its digits: as a float it
would be another number.
"""

import json

import orjson

from app.model.json import Json
from app.sources.decode.bounds import Limits
from app.sources.decode.charset import as_utf8, text_of
from app.sources.decode.errors import Undecodable

_AS_NINES = bytes(ord("9") if byte in b"0123456789" else byte for byte in range(256))
_LONG_NUMBER = b"9" * 19  # the shortest that may be beyond 64 bits
_SPACES = b" \t\r\n"


def decode_json(body: bytes, charset: str | None, limits: Limits) -> Json:
    return parse_json(as_utf8(body, charset), limits)


def decode_ndjson(body: bytes, charset: str | None, limits: Limits) -> list[Json]:
    """One JSON text a line, empty lines left out."""
    text = as_utf8(body, charset)
    limits.check_values(text.count(b"\n") + 1)
    lines = [(number, line) for number, line in enumerate(text.split(b"\n"), 1) if line.strip()]
    _check_size(text, limits, roots=len(lines) + 1)
    values = [_parse(line, limits, first_line=number) for number, line in lines]
    limits.check(values)
    return values


def parse_json(text: bytes, limits: Limits) -> Json:
    """`text` is UTF-8 without a byte order mark."""
    if len(text) >= limits.values:
        _check_size(text, limits, roots=1)
    return _parse(text, limits, first_line=1)


def _parse(text: bytes, limits: Limits, *, first_line: int) -> Json:
    try:
        value: Json = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        text_of(text, "utf-8")
        line, column = first_line + error.lineno - 1, error.colno
        raise Undecodable(f"not JSON at line {line} column {column}: {error.msg}") from None
    if text.count(b"[") + text.count(b"{") > limits.depth:
        limits.check(value)
    if _LONG_NUMBER in text.translate(_AS_NINES):
        return _parse_exactly(text)
    return value


def _parse_exactly(text: bytes) -> Json:
    """As before, but with whole numbers of any length. `text` is known to be good and shallow."""
    value: Json = json.loads(text, parse_int=_whole_number)
    return value


def _whole_number(digits: str) -> int | str:
    if len(digits) > 20:
        return digits
    number = int(digits)
    return number if -(2**63) <= number < 2**63 else digits


def _check_size(text: bytes, limits: Limits, *, roots: int) -> None:
    """Refuse what would make too many values before they are made.

    Each value but a root follows a comma, or opens a container that is not empty.
    """
    if len(text) < limits.values or roots + _openings(text) <= limits.values:
        return
    # Not all of these need be outside of a string: look again without the strings.
    bare = text.replace(rb"\\", b"").replace(rb"\"", b"")
    # A value has at most two strings, its name and itself: more need no cutting out.
    limits.check_values(bare.count(b'"') // 4)
    outside = b'"'.join(bare.split(b'"')[::2]).translate(None, _SPACES)
    empty = outside.count(b"[]") + outside.count(b"{}")
    limits.check_values(roots + _openings(outside) - empty)


def _openings(text: bytes) -> int:
    return text.count(b",") + text.count(b"[") + text.count(b"{")

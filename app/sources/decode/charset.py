"""Bytes in any charset to UTF-8."""

import codecs
import json

from app.sources.decode.errors import Undecodable

# UTF-32 first: its mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UTF8_NAMES = frozenset({None, "utf-8", "utf-8-sig", "ascii"})


def is_wide(charset: str | None) -> bool:
    """Whether its ASCII characters take more than a byte."""
    return charset is not None and charset.startswith(("utf-16", "utf-32"))


def as_utf8(body: bytes, charset: str | None) -> bytes:
    """UTF-8 without a byte order mark. A mark goes before `charset`; without either, UTF-16 and
    UTF-32 are known by the zero bytes of the first characters.

    What claims to be UTF-8 already is not looked through: the reader of it does that.
    """
    if charset in _UTF8_NAMES and 0 < body[0] < 0x80 and body[1:2] != b"\0":
        return body
    for mark, marked in _MARKS:
        if body.startswith(mark):
            return _recode(body[len(mark) :], marked)
    return _recode(body, charset or json.detect_encoding(body))


def _recode(body: bytes, charset: str) -> bytes:
    return body if charset in _UTF8_NAMES else text_of(body, charset).encode()


def text_of(body: bytes, charset: str, place: str = "the body") -> str:
    """Raises Undecodable, which names `place`."""
    try:
        return body.decode(charset)
    except UnicodeDecodeError as error:
        raise Undecodable(
            f"{place} is not {charset} at byte {error.start}; "
            "name its charset in the content type, or in the source's `decode.charset`"
        ) from None
    except UnicodeError:
        raise Undecodable(f"{place} is not {charset}") from None

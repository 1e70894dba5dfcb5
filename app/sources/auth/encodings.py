"""Bytes as the texts that callers write them as."""

import base64
import binascii
import re

from app.config.schema.place import Encoding, KeyEncoding

_HEX = re.compile(r"[0-9a-f]+")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+")


def written(raw: bytes, encoding: Encoding) -> str:
    """As a caller writes it: base64 with its padding."""
    if encoding is Encoding.HEX:
        return raw.hex()
    if encoding is Encoding.BASE64:
        return base64.b64encode(raw).decode()
    return base64.urlsafe_b64encode(raw).decode()


def canonical(raw: bytes, encoding: Encoding) -> bytes:
    """The one form that `normal` brings all spellings of `raw` to."""
    if encoding is Encoding.HEX:
        return raw.hex().encode()
    text = base64.b64encode(raw) if encoding is Encoding.BASE64 else base64.urlsafe_b64encode(raw)
    return text.rstrip(b"=")


def normal(text: str, encoding: Encoding) -> bytes:
    """Compared with `canonical` as a text, not decoded: base64 has spellings that decode to the
    same bytes, and a proof must not come in several."""
    text = text.lower() if encoding is Encoding.HEX else text.rstrip("=")
    return text.encode(errors="replace")


def decoded(text: str, encoding: Encoding) -> bytes | None:
    """None unless `text` is the one spelling of some bytes (case of hex and padding aside)."""
    plain = normal(text, encoding).decode(errors="replace")
    if not plain.isascii():
        return None
    try:
        raw = _decoded(plain, encoding)
    except (ValueError, binascii.Error):
        return None
    return raw if raw and canonical(raw, encoding).decode() == plain else None


def _decoded(plain: str, encoding: Encoding) -> bytes:
    if encoding is Encoding.HEX:
        return bytes.fromhex(plain)
    if encoding is Encoding.BASE64URL:
        plain = plain.translate(str.maketrans("-_", "+/"))
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)


def key_bytes(text: str, encoding: KeyEncoding) -> bytes | None:
    """The key that a secret stands for; None when it is not so written. Base64 may be without its
    padding or in its URL form."""
    if encoding is KeyEncoding.TEXT:
        return text.encode()
    if encoding is KeyEncoding.HEX:
        return bytes.fromhex(text) if _HEX.fullmatch(text.lower()) and len(text) % 2 == 0 else None
    plain = text.rstrip("=").translate(str.maketrans("-_", "+/"))
    if not _BASE64.fullmatch(plain) or len(plain) % 4 == 1:
        return None
    return base64.b64decode(plain + "=" * (-len(plain) % 4))

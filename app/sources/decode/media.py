"""What a call says of its body: the content type and its parameters."""

import re
from dataclasses import dataclass
from functools import lru_cache

from app.config.schema.decode import BodyForm
from app.kit.charsets import codec_name
from app.sources.decode.errors import UnsupportedMedia

_CHARSET = re.compile(r"""(?i);\s*charset\s*=\s*["']?([A-Za-z0-9_-]+)""")
# Possessive, and content with a quote that does not end: no header takes the square of its length.
_PARAMETER = re.compile(
    rb""";\s*+([^=;\s]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"?|([^;]*+))""", re.DOTALL
)
_QUOTED_PAIR = re.compile(rb"\\([\"\\])")
_LONGEST_HEADER = 1024

_FORMS = {
    "application/json": BodyForm.JSON,
    "application/x-json": BodyForm.JSON,
    "text/json": BodyForm.JSON,
    "application/x-www-form-urlencoded": BodyForm.FORM,
    "multipart/form-data": BodyForm.MULTIPART,
    "application/xml": BodyForm.XML,
    "text/xml": BodyForm.XML,
    "application/x-ndjson": BodyForm.NDJSON,
    "application/ndjson": BodyForm.NDJSON,
    "application/jsonl": BodyForm.NDJSON,
    "application/x-jsonlines": BodyForm.NDJSON,
    "application/jsonlines": BodyForm.NDJSON,
}


@dataclass(frozen=True, slots=True)
class Media:
    """`type` is lower-case and empty when not stated; `charset` is the name of a codec."""

    type: str
    charset: str | None
    header: str
    form: BodyForm | None = None
    """What the type stands for, or None for one that tells nothing."""

    @property
    def boundary(self) -> bytes | None:
        return parameters(self.header.encode("latin-1", "replace")).get("boundary")


def read_media(header: str, charset: str | None) -> Media:
    """`charset` goes before the one that the header names. Raises UnsupportedMedia for a header
    that is too long, or that names an unknown charset."""
    if len(header) > _LONGEST_HEADER:
        raise UnsupportedMedia("the content type is too long")
    return _read(header, charset)


@lru_cache(maxsize=256)
def _read(header: str, charset: str | None) -> Media:
    kind, semicolon, _ = header.partition(";")
    if semicolon and charset is None:
        charset = _stated_charset(header)
    # A header that was sent twice comes joined by a comma.
    kind = kind.partition(",")[0].strip().lower()
    return Media(kind, charset, header, _form(kind))


def _form(kind: str) -> BodyForm | None:
    found = _FORMS.get(kind)
    if found is None and kind.endswith("+json"):
        return BodyForm.JSON
    return BodyForm.XML if found is None and kind.endswith("+xml") else found


def _stated_charset(header: str) -> str | None:
    named = _CHARSET.search(header)
    if named is None:
        return None
    found = codec_name(named[1])
    if found is None:
        raise UnsupportedMedia("the charset of the content type is not known; send UTF-8")
    return found


def parameters(header: bytes) -> dict[str, bytes]:
    """`name` and the like of a content type or a disposition, quotes taken off."""
    return {
        found[1].decode("latin-1").lower(): (
            found[3].strip() if found[2] is None else _QUOTED_PAIR.sub(rb"\1", found[2])
        )
        for found in _PARAMETER.finditer(header)
    }

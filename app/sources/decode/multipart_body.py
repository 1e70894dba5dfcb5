"""multipart/form-data: the fields, and what files there were."""

import logging

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

from app.kit.charsets import codec_name
from app.model.json import Json
from app.sources.decode.bounds import Limits
from app.sources.decode.brackets import Nest
from app.sources.decode.charset import text_of
from app.sources.decode.errors import Undecodable
from app.sources.decode.media import parameters

# The parser logs what it could not read, bytes of the body among it.
logging.getLogger("python_multipart").setLevel(logging.CRITICAL + 1)

_PLAIN_ENCODINGS = frozenset({"", "7bit", "8bit", "binary"})


def decode_multipart(
    body: bytes, boundary: bytes | None, charset: str | None, limits: Limits
) -> dict[str, Json]:
    """Fields as texts, named as in `brackets`; instead of a file an object of its `filename`,
    `content_type` and `size_bytes`."""
    if not boundary:
        raise Undecodable("the content type names no boundary")
    limits.check_values(body.count(b"--" + boundary) - 1)
    parts = _Parts(charset or "utf-8", limits)
    try:
        MultipartParser(
            boundary,
            {
                "on_part_begin": parts.begin,
                "on_header_field": parts.header_name,
                "on_header_value": parts.header_text,
                "on_header_end": parts.header_end,
                "on_part_data": parts.more,
                "on_part_end": parts.end,
                "on_end": parts.finish,
            },
        ).write(body)
    except FormParserError as error:
        raise Undecodable(_broken(getattr(error, "offset", -1), parts.number)) from None
    if not parts.is_whole:
        raise Undecodable("the multipart body ends without its last boundary")
    fields = parts.nest.value()
    limits.check(fields)
    return fields


def _broken(offset: int, number: int) -> str:
    place = f"at byte {offset}" if offset >= 0 else "in its boundary"
    return f"not multipart {place}, part {number}"


class _Parts:
    """Listens to the parser; what it holds of the current part is cleared by `begin`."""

    def __init__(self, charset: str, limits: Limits) -> None:
        self.nest = Nest(limits)
        self.number = 0
        self.is_whole = False
        self._charset = charset
        self._headers: dict[str, bytes] = {}
        self._name = self._text = b""
        self._content: list[bytes] = []

    def begin(self) -> None:
        self.number += 1
        self._headers, self._content = {}, []

    def header_name(self, body: bytes, start: int, end: int) -> None:
        self._name += body[start:end]

    def header_text(self, body: bytes, start: int, end: int) -> None:
        self._text += body[start:end]

    def header_end(self) -> None:
        self._headers[self._name.decode("latin-1").lower()] = self._text
        self._name = self._text = b""

    def more(self, body: bytes, start: int, end: int) -> None:
        self._content.append(body[start:end])

    def end(self) -> None:
        place = f"part {self.number}"
        self._check_encoding(place)
        disposition = parameters(self._headers.get("content-disposition", b""))
        if "name" not in disposition:
            raise Undecodable(f"{place} has no name")
        name = text_of(disposition["name"], self._charset, place)
        filename = disposition.get("filename")
        if filename is None:
            self.nest.put(name, text_of(b"".join(self._content), self._part_charset(), place))
        else:
            self.nest.put(name, self._file(filename))

    def finish(self) -> None:
        self.is_whole = True

    def _check_encoding(self, place: str) -> None:
        stated = self._headers.get("content-transfer-encoding", b"").strip().lower()
        if stated.decode("latin-1") not in _PLAIN_ENCODINGS:
            raise Undecodable(f"{place} has a transfer encoding, which RFC 7578 took away")

    def _part_charset(self) -> str:
        stated = parameters(self._headers.get("content-type", b"")).get("charset", b"")
        return codec_name(stated.decode("latin-1")) or self._charset

    def _file(self, filename: bytes) -> Json:
        return {
            "filename": filename.decode(self._charset, "replace"),
            "content_type": self._headers.get("content-type", b"").decode("latin-1"),
            "size_bytes": sum(map(len, self._content)),
        }

"""The body of a stored call as a case has it, with stand-ins for people."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl
from xml.etree.ElementTree import Element, ParseError, tostring

# The package has no types of its own.
from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

from app.cases.calls import form_text
from app.cases.people import People
from app.config.schema.decode import BodyForm
from app.kit.errors import BridgeError
from app.model.json import Json
from app.sources.call import Call
from app.sources.decode import Undecodable, UnsupportedMedia, decode
from app.sources.decode.brackets import split_name
from app.sources.decode.charset import as_utf8, text_of
from app.sources.decode.contents import Content, recognise
from app.sources.decode.inflate import inflate
from app.sources.decode.media import parameters, read_media
from app.sources.results import ITEM_TYPE
from app.sources.source import Source

_BY_ITS_KIND = frozenset({BodyForm.AUTO, BodyForm.QUERY, BodyForm.CLOUDEVENTS})
_FILE_NAME = re.compile(rb'(?i)\bfilename\*?=(?:"(?:[^"\\]|\\.)*"|[^;\r\n]+)')


class CannotSave(BridgeError):
    """A stored call can't be written as a case."""

    slug = "invalid"


@dataclass(frozen=True, slots=True)
class StoredBody:
    """Without its content encoding. `form` None: it can't be decoded, and `why` says why."""

    raw: bytes = field(repr=False)
    charset: str
    form: BodyForm | None
    why: str | None = None

    @property
    def text(self) -> str:
        """Raises Undecodable."""
        return text_of(as_utf8(self.raw, self.charset), "utf-8") if self.raw else ""


def stored_body(source: Source, call: Call) -> StoredBody:
    """Raises CannotSave when it can't be inflated."""
    try:
        media = read_media(call.content_type, source.decoding.charset)
        encoding = call.headers.get("content-encoding", "")
        raw = inflate(call.body, encoding, source.decoding.max_inflated_bytes)
    except (Undecodable, UnsupportedMedia) as error:
        raise CannotSave(f"the body can't be read: {error}") from None
    charset = media.charset or "utf-8"
    if call.content_type == ITEM_TYPE:
        return StoredBody(raw, charset, BodyForm.JSON)
    try:
        decode(call, source.decoding)
        form = source.decoding.form
        if form in _BY_ITS_KIND and raw.strip():
            form = recognise(Content(raw, media))
    except (Undecodable, UnsupportedMedia) as error:
        return StoredBody(raw, charset, None, str(error))
    return StoredBody(raw, charset, form)


def written_body(body: StoredBody, call: Call, people: People) -> Json:
    """What stands under `body` in a case: a text, or `json` or `form` with it. Raises CannotSave,
    Undecodable."""
    if not body.raw.strip():
        return ""
    match body.form:
        case BodyForm.JSON:
            return _json(body.text, people)
        case BodyForm.FORM:
            return _form(body.text, body.charset, people)
        case BodyForm.NDJSON:
            lines = (line for line in body.text.split("\n") if line.strip())
            values = [people.value(json.loads(line)) for line in lines]
            return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)
        case BodyForm.XML:
            return _xml(body.text, people)
        case BodyForm.MULTIPART:
            return _multipart(body, call.content_type, people)
        case _:
            return people.loose(body.text)


def written_query(raw_query: str, people: People) -> str:
    if not raw_query:
        return ""
    return form_text(_replaced_pairs(_pairs(raw_query, "utf-8"), people), "utf-8")


def _json(text: str, people: People) -> Json:
    value = people.value(json.loads(text))
    # What YAML can't hold as it is, is written as a text.
    return {"json": value} if _fits_yaml(value) else json.dumps(value, ensure_ascii=False)


def _fits_yaml(value: Json) -> bool:
    if isinstance(value, Mapping):
        return "<<" not in value and all(map(_fits_yaml, value.values()))
    return all(map(_fits_yaml, value)) if isinstance(value, list) else True


def _form(text: str, charset: str, people: People) -> Json:
    is_wide = charset.startswith(("utf-16", "utf-32"))
    pairs = _replaced_pairs(_pairs(text, "utf-8" if is_wide else charset), people)
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    in_order = [(name, value) for name, values in fields.items() for value in values]
    if in_order != pairs or not _fits_yaml(fields):
        return form_text(pairs, charset)
    return {"form": {name: v[0] if len(v) == 1 else v for name, v in fields.items()}}


def _pairs(text: str, charset: str) -> list[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True, encoding=charset, errors="replace")


def _replaced_pairs(pairs: Sequence[tuple[str, str]], people: People) -> list[tuple[str, str]]:
    found = []
    for name, value in pairs:
        steps = [step for step in split_name(name) if step and not step.isdecimal()] or [name]
        holder = steps[-2] if len(steps) > 1 else None
        found.append((people.name(name), people.text(value, steps[-1], holder)))
    return found


def _xml(text: str, people: People) -> str:
    try:
        # Characters by now: the encoding that it declares is no longer true.
        root = (
            fromstring(text.encode(), forbid_dtd=True)
            if "<?xml" not in text[:200]
            else (fromstring(re.sub(r"<\?xml.*?\?>", "", text, count=1).encode(), forbid_dtd=True))
        )
    except (ParseError, DefusedXmlException):
        raise CannotSave("the XML can't be read") from None
    _replace_in(root, None, people)
    return tostring(root, encoding="unicode")


def _replace_in(element: Element, within: str | None, people: People) -> None:
    name = element.tag.rpartition("}")[2]
    if element.text and element.text.strip():
        element.text = people.text(element.text, name, within)
    for attribute, text in element.attrib.items():
        element.set(attribute, people.text(text, attribute.rpartition("}")[2], name))
    for inner in element:
        _replace_in(inner, name, people)
        if inner.tail and inner.tail.strip():
            inner.tail = people.loose(inner.tail)


def _multipart(body: StoredBody, content_type: str, people: People) -> str:
    """Files are left empty, and their names are others."""
    boundary = parameters(content_type.encode("latin-1", "replace")).get("boundary", b"")
    mark = b"\r\n--" + boundary
    parts = (b"\r\n" + body.raw).split(mark)[1:-1]
    written = [_part(part, body.charset, people) for part in parts]
    begin = "\r\n--" + boundary.decode("latin-1")
    return "".join(begin + part for part in written)[2:] + begin + "--\r\n"


def _part(part: bytes, charset: str, people: People) -> str:
    head, _, content = part.partition(b"\r\n\r\n")
    name = parameters(head).get("name", b"").decode(charset, "replace")
    if _FILE_NAME.search(head):
        head, content = _FILE_NAME.sub(b'filename="file"', head), b""
    steps = [step for step in split_name(name) if step and not step.isdecimal()] or [name]
    value = people.text(text_of(content, charset), steps[-1])
    return f"{people.loose(text_of(head, charset))}\r\n\r\n{value}"

"""Which decoder reads a body, by what the source, the call and the first characters say."""

import codecs
import re

from app.config.schema.decode import BodyForm
from app.kit.light import light
from app.model.json import Json
from app.sources.decode.charset import as_utf8, text_of
from app.sources.decode.errors import UnsupportedMedia
from app.sources.decode.form import decode_form
from app.sources.decode.json_body import decode_json, decode_ndjson
from app.sources.decode.media import Media
from app.sources.decode.multipart_body import decode_multipart
from app.sources.decode.plan import DecodePlan
from app.sources.decode.xml_body import decode_xml

_FORM_START = re.compile(rb"[A-Za-z0-9_.\-\[\]%+*~:$@!\x80-\xff]{1,256}=(?!=)")
# Byte order marks of UTF-16 and UTF-32, and zero bytes: wide texts, which are JSON or XML.
_WIDE_STARTS = (b"\xff\xfe", b"\xfe\xff", b"\0")
_SPACES = b" \t\r\n"


@light
class Content:
    """A body without its content encoding, and what it is said to be."""

    body: bytes
    media: Media


def decode_content(content: Content, form: BodyForm, how: DecodePlan) -> Json:
    """An empty body is an empty object (as text an empty text, as NDJSON an empty list)."""
    body, charset = content.body, content.media.charset
    if form is BodyForm.TEXT:
        return text_of(as_utf8(body, charset), "utf-8") if body else ""
    if not body or body.isspace():
        return [] if form is BodyForm.NDJSON else {}
    match recognise(content) if form is BodyForm.AUTO else form:
        case BodyForm.JSON:
            return decode_json(body, charset, how.limits)
        case BodyForm.FORM:
            return decode_form(body, charset, how.limits)
        case BodyForm.MULTIPART:
            return decode_multipart(body, content.media.boundary, charset, how.limits)
        case BodyForm.XML:
            return decode_xml(body, charset, how.limits, how.lists)
        case BodyForm.NDJSON:
            return decode_ndjson(body, charset, how.limits)
        case _:
            return text_of(as_utf8(body, charset), "utf-8")


def recognise(content: Content) -> BodyForm:
    """Raises UnsupportedMedia when neither the content type nor the body tells."""
    stated = content.media.form
    if stated is BodyForm.FORM:
        # Zoho Commerce and many a script send JSON under a form's content type.
        is_json = _guess(content.body) is BodyForm.JSON
        return BodyForm.JSON if is_json else BodyForm.FORM
    found = stated or _guess(content.body)
    if found is None and content.media.type.startswith("text/"):
        return BodyForm.TEXT
    if found is None:
        raise UnsupportedMedia("the kind of body is not known; name it in the content type")
    return found


def _guess(body: bytes) -> BodyForm | None:
    start = body.removeprefix(codecs.BOM_UTF8)[:1024].lstrip(_SPACES)
    if _FORM_START.match(start):
        return BodyForm.FORM
    if start.startswith(_WIDE_STARTS) or start[1:2] == b"\0":
        return BodyForm.XML if b"<" in start[:8] else BodyForm.JSON
    return {b"{": BodyForm.JSON, b"[": BodyForm.JSON, b"<": BodyForm.XML}.get(start[:1])

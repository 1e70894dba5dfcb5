"""The body of a call as one JSON value."""

from collections.abc import Mapping

from app.config.schema.decode import BodyForm
from app.model.json import Json
from app.sources.call import Call
from app.sources.decode.cloudevents import decode_cloudevent, is_cloudevent
from app.sources.decode.contents import Content, decode_content
from app.sources.decode.fields import unfold
from app.sources.decode.form import decode_form
from app.sources.decode.inflate import inflate
from app.sources.decode.json_body import parse_json
from app.sources.decode.media import read_media
from app.sources.decode.plan import DecodePlan

_PLAIN_JSON = frozenset(
    ("application/json", "application/json; charset=utf-8", "application/json;charset=utf-8")
)


def decode(call: Call, how: DecodePlan) -> Json:
    """Raises Undecodable, UnsupportedMedia and nothing else, whatever the call holds."""
    if how.reads_plain_json and _is_plain_json(call.headers, call.body):
        value = parse_json(call.body, how.limits)
    else:
        value = _decode(call, how)
    return unfold(value, how) if how.json_fields or how.lift else value


def _is_plain_json(headers: Mapping[str, str], body: bytes) -> bool:
    """The usual call, of which nothing has to be found out."""
    return (
        headers.get("content-type") in _PLAIN_JSON
        and body.startswith((b"{", b"["))
        and body[1:2] != b"\0"
        and "content-encoding" not in headers
        and "ce-specversion" not in headers
    )


def _decode(call: Call, how: DecodePlan) -> Json:
    if how.form is BodyForm.QUERY:
        return decode_form(call.raw_query.encode(errors="replace"), how.charset, how.limits)
    encoding = call.headers.get("content-encoding", "")
    body = inflate(call.body, encoding, how.max_inflated_bytes) if encoding else call.body
    content = Content(body, read_media(call.content_type, how.charset))
    form = how.form
    if form is BodyForm.AUTO and is_cloudevent(call.headers, content.media):
        form = BodyForm.CLOUDEVENTS
    if form is BodyForm.CLOUDEVENTS:
        return decode_cloudevent(call.headers, content, how)
    return decode_content(content, form, how)

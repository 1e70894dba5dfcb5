"""The body of a call as one JSON value."""

from app.config.schema.decode import BodyForm
from app.model.json import Json
from app.sources.call import Call
from app.sources.decode.cloudevents import decode_cloudevent, is_cloudevent
from app.sources.decode.contents import Content, decode_content
from app.sources.decode.fields import unfold
from app.sources.decode.form import decode_form
from app.sources.decode.inflate import inflate
from app.sources.decode.media import read_media
from app.sources.decode.plan import DecodePlan


def decode(call: Call, how: DecodePlan) -> Json:
    """Raises Undecodable, UnsupportedMedia and nothing else, whatever the call holds."""
    value = _decode(call, how)
    return unfold(value, how) if how.json_fields or how.lift else value


def _decode(call: Call, how: DecodePlan) -> Json:
    if how.form is BodyForm.QUERY:
        return decode_form(call.raw_query.encode(errors="replace"), how.charset, how.limits)
    encoding = call.headers.get("content-encoding", "")
    body = inflate(call.body, encoding, how.max_inflated_bytes) if encoding else call.body
    content = Content(body, read_media(call.content_type, how.charset))
    if _holds_cloudevents(call, content, how):
        return decode_cloudevent(call.headers, content, how)
    return decode_content(content, how.form, how)


def _holds_cloudevents(call: Call, content: Content, how: DecodePlan) -> bool:
    if how.form is BodyForm.AUTO:
        return is_cloudevent(call.headers, content.media)
    return how.form is BodyForm.CLOUDEVENTS

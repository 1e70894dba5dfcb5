"""JSON texts within fields, and the field that is the body."""

from collections.abc import Mapping

from app.model.json import Json
from app.sources.decode.errors import Undecodable
from app.sources.decode.json_body import parse_json
from app.sources.decode.plan import DecodePlan


def unfold(body: Json, how: DecodePlan) -> Json:
    """`body` with the texts of `json_fields` decoded in place, then `lift` taken out of it. A
    field that is absent, empty or no text stays as it is."""
    if not isinstance(body, Mapping):
        return body
    decoded = {name: _decoded(body[name], name, how) for name in how.json_fields if name in body}
    if decoded:
        body = {**body, **decoded}
        how.limits.check(body)
    return body if how.lift is None else body.get(how.lift, body)


def _decoded(value: Json, name: str, how: DecodePlan) -> Json:
    if isinstance(value, list):
        return [_decoded(each, name, how) for each in value]
    if not isinstance(value, str) or not value.strip():
        return value
    try:
        return parse_json(value.encode(), how.limits)
    except Undecodable as error:
        raise Undecodable(f"field `{name}`: {error.reason}") from None

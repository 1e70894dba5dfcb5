"""CloudEvents over HTTP in its three modes, each to the same object of attributes and `data`.

Structured: the body is that object as JSON. Batch: a list of them. Binary: the attributes are the
`ce-` headers, the body is `data`. `data_base64` becomes `data` where the kind of data is known.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from urllib.parse import unquote

from app.config.schema.decode import BodyForm
from app.model.json import Json
from app.sources.decode.contents import Content, decode_content
from app.sources.decode.errors import Undecodable, UnsupportedMedia
from app.sources.decode.media import Media, read_media
from app.sources.decode.plan import DecodePlan

_STRUCTURED = "application/cloudevents+json"
_BATCH = "application/cloudevents-batch+json"
_FAMILY = "application/cloudevents"
_REQUIRED = ("specversion", "id", "source", "type")
_PREFIX = "ce-"
_ESCAPED = re.compile(r"\\(.)")


def is_cloudevent(headers: Mapping[str, str], media: Media) -> bool:
    return media.type.startswith(_FAMILY) or _is_binary(headers)


def decode_cloudevent(headers: Mapping[str, str], content: Content, how: DecodePlan) -> Json:
    media = content.media
    if not media.type.startswith(_FAMILY) and _is_binary(headers):
        return _binary(headers, content, how)
    if media.type.startswith(_FAMILY) and media.type not in (_STRUCTURED, _BATCH):
        raise UnsupportedMedia("of CloudEvents, JSON is read: application/cloudevents+json")
    value = decode_content(content, BodyForm.JSON, how)
    if isinstance(value, list):
        events: Json = [_event(each, how, f"event {n}") for n, each in enumerate(value, 1)]
    else:
        events = _event(value, how, "the event")
    how.limits.check(events)
    return events


def _is_binary(headers: Mapping[str, str]) -> bool:
    return "ce-specversion" in headers and "ce-id" in headers and "ce-type" in headers


def _binary(headers: Mapping[str, str], content: Content, how: DecodePlan) -> Json:
    event: dict[str, Json] = {
        name.removeprefix(_PREFIX): _header_text(text)
        for name, text in headers.items()
        if name.startswith(_PREFIX)
    }
    if content.media.header:
        event["datacontenttype"] = content.media.header
    _check_attributes(event, "the event")
    if content.body:
        event["data"] = decode_content(content, BodyForm.AUTO, how)
    how.limits.check(event)
    return event


def _header_text(text: str) -> str:
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        text = _ESCAPED.sub(r"\1", text[1:-1])
    return unquote(text, errors="replace")


def _event(value: Json, how: DecodePlan, place: str) -> Json:
    if not isinstance(value, dict):
        raise Undecodable(f"{place} is no CloudEvent: expected an object")
    _check_attributes(value, place)
    encoded = value.get("data_base64")
    if isinstance(encoded, str) and "data" not in value:
        return _with_data(value, _unbase64(encoded, place), how)
    return value


def _check_attributes(event: Mapping[str, Json], place: str) -> None:
    for name in _REQUIRED:
        given = event.get(name)
        if not isinstance(given, str) or not given:
            raise Undecodable(f"{place} is no CloudEvent: attribute `{name}` is missing")


def _unbase64(text: str, place: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Undecodable(f"{place}: `data_base64` is not base64") from None


def _with_data(event: dict[str, Json], body: bytes, how: DecodePlan) -> Json:
    stated = event.get("datacontenttype")
    try:
        media = read_media(stated if isinstance(stated, str) else "application/json", None)
        data = decode_content(Content(body, media), BodyForm.AUTO, how)
    except UnsupportedMedia:
        return event
    return {**{name: each for name, each in event.items() if name != "data_base64"}, "data": data}

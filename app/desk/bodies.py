"""The body of a stored call as it may be shown: without the source's secrets, and for a viewer
without the person."""

import base64
from typing import cast

import orjson
from pydantic import BaseModel, Field, JsonValue

from app.model.event import Event
from app.model.json import Json
from app.shown.masking import masked
from app.sources.decode import Undecodable, UnsupportedMedia, decode
from app.sources.results import ITEM_TYPE
from app.sources.source import Source
from app.sources.stored import call_of_event


class Body(BaseModel):
    """`form`: `json` as sent, `item` of a batch, `decoded` of another kind into JSON, `text`,
    `base64`, or `hidden`, where it may hold a secret and can't be read."""

    form: str
    bytes: int
    value: JsonValue = Field(description="for a viewer: with the lengths of texts instead of them")


def shown_body(event: Event, source: Source | None, *, reveal: bool) -> Body:
    form, value = _read(event, source)
    shown = value if reveal or form == "hidden" else masked(value)
    return Body(form=form, bytes=len(event.body), value=cast("JsonValue", shown))


def _read(event: Event, source: Source | None) -> tuple[str, Json]:
    has_secrets = source is not None and bool(source.secret_body_paths)
    try:
        whole: Json = orjson.loads(event.body)
    except orjson.JSONDecodeError:
        return _decoded(event, source) if source and has_secrets else _raw(event.body)
    if event.content_type == ITEM_TYPE:
        return "item", source.masked_item(whole) if source else whole
    return "json", source.masked_body(whole) if source else whole


def _decoded(event: Event, source: Source) -> tuple[str, Json]:
    try:
        found = decode(call_of_event(event), source.decoding)
    except (Undecodable, UnsupportedMedia, ValueError):
        return "hidden", None
    return "decoded", source.masked_body(found)


def _raw(body: bytes) -> tuple[str, Json]:
    try:
        return "text", body.decode()
    except UnicodeDecodeError:
        return "base64", base64.b64encode(body).decode()

"""The secrets that stand in the body of a stored call."""

import json
from collections.abc import Iterator, Mapping

from app.model.json import Json
from app.sources.call import Call
from app.sources.decode import Undecodable, UnsupportedMedia, decode
from app.sources.results import ITEM_TYPE
from app.sources.source import Source


def secrets_of(source: Source, call: Call) -> Iterator[str]:
    """The values that stand in the body where the source has a secret."""
    try:
        if call.content_type == ITEM_TYPE:
            whole: Json = json.loads(call.body)
            yield from _hidden(whole, source.masked_item(whole))
        else:
            whole = decode(call, source.decoding)
            yield from _hidden(whole, source.masked_body(whole))
    except (Undecodable, UnsupportedMedia, ValueError):
        return


def _hidden(whole: Json, masked: Json) -> Iterator[str]:
    if isinstance(whole, Mapping) and isinstance(masked, Mapping):
        for name, value in whole.items():
            yield from _hidden(value, masked.get(name))
    elif isinstance(whole, list) and isinstance(masked, list):
        for value, shown in zip(whole, masked, strict=True):
            yield from _hidden(value, shown)
    elif whole != masked:
        yield from _leaves(whole)


def _leaves(value: Json) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    elif value not in (None, "", True, False):
        yield str(value)

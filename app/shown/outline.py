"""The outline of a decoded body: which names and kinds it has, within bounds and without values."""

import re
from collections.abc import Mapping, Sequence
from itertools import islice

import orjson

from app.model.json import Json
from app.shown.masking import masked

# Items of a list, names of an object, depth: each try shows less.
_TRIES = ((3, 60, 8), (2, 25, 6), (1, 10, 4))
# A name may be an address or a number of somebody, too: those are not shown.
_NAME = re.compile(r"(?=.*[^\W\d_])[\w.:$\[\] /-]{1,64}\Z")
_MANY_DIGITS = re.compile(r"\d{6}")


def outline(given: Json, *, most_bytes: int) -> Json:
    for items, names, depth in _TRIES:
        shape = _outline(given, items, names, depth)
        if len(orjson.dumps(shape)) <= most_bytes:
            return shape
    return _kind(given)


def name_or_mask(name: str) -> str:
    if _NAME.match(name) and not _MANY_DIGITS.search(name):
        return name
    return f"<text, {len(name)}>"


def _outline(given: Json, items: int, names: int, depth: int) -> Json:
    if isinstance(given, Mapping):
        if depth == 0:
            return _kind(given)
        found = {
            name_or_mask(name): _outline(inner, items, names, depth - 1)
            for name, inner in islice(given.items(), names)
        }
        left = len(given) - names
        return found | {"<more>": left} if left > 0 else found
    if isinstance(given, Sequence) and not isinstance(given, str):
        if depth == 0:
            return _kind(given)
        shown = [_outline(inner, items, names, depth - 1) for inner in given[:items]]
        left = len(given) - items
        return [*shown, f"<more, {left}>"] if left > 0 else shown
    return masked(given)


def _kind(given: Json) -> Json:
    if isinstance(given, Mapping):
        return f"<object, {len(given)}>"
    if isinstance(given, Sequence) and not isinstance(given, str):
        return f"<list, {len(given)}>"
    return masked(given)

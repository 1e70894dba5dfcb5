"""Shows the shape of values without the person in them."""

import re
from collections.abc import Mapping, Sequence

from app.model.json import Json
from app.model.start import Match, Matching


def masked(given: Json) -> Json:
    """Texts by their length only; numbers that may name somebody by their digits' count."""
    match given:
        case str():
            return f"<text, {len(given)}>"
        case bool() | None:
            return given
        case int() | float():
            return given if abs(given) < 1000 else f"<number, {len(str(given))}>"
        case Mapping():
            return {name: masked(inner) for name, inner in given.items()}
        case Sequence():
            return [masked(inner) for inner in given]


def shown_match(match: Match, *, reveal: bool) -> str:
    name = match.matching.value
    if match.matching in (Matching.CUSTOM, Matching.OTHER):
        name = f"{name} {match.field}"
    return f"{name} = {match.value if reveal else hint(str(match.value))}"


def hint(text: str) -> str:
    """Enough to know one's own test call again: the ends, never the middle."""
    return f"{text[:1]}***{text[-2:]}" if len(text) > 5 else "***"


def without(text: str | None, matches: Sequence[Match]) -> str | None:
    """A text of Altcraft's, which may repeat whom it was asked about."""
    for match in matches if text else ():
        named = str(match.value)
        if len(named) > 2:
            text = re.sub(re.escape(named), "***", text or "", flags=re.IGNORECASE)
    return text

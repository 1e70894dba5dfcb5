"""What was probably meant by an expression that is none."""

import re

from app.expressions.conjuncts import without_texts
from app.expressions.scope import VARIABLES

_WRITTEN = (
    (re.compile(r"(?<![=!<>])=(?!=)"), "=="),
    (re.compile(r"<>"), "!="),
    (re.compile(r"\band\b", re.IGNORECASE), "&&"),
    (re.compile(r"\bor\b", re.IGNORECASE), "||"),
    (re.compile(r"\bnot\b", re.IGNORECASE), "!"),
)
# As in `order-1`, `a@example.com`, `Moscow, Tverskaya`.
_FIXED = re.compile(r"(\w*)[\w@.,:/+ -]*\Z")


def hint_of_slip(text: str) -> str | None:
    """Of a text that can't be read as an expression."""
    plain = without_texts(text)
    for found, written in _WRITTEN:
        if slip := found.search(plain):
            return f"{slip[0]} is written {written}"
    return hint_of_fixed(text)


def hint_of_fixed(text: str) -> str | None:
    """Of a text that may have been meant as it stands."""
    found = _FIXED.match(text)
    if found is None or found[1] in VARIABLES:
        return None
    return "a text that is always the same stands in quotes of its own: '\"text\"'"

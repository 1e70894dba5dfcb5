"""The plainest expressions, evaluated without the library.

Most of what rules ask is `body.a.b` or `body.a.b == "text"`. For these the library's work is to
turn the body into values of its own, which costs more than all else; walking the decoded body gives
the same answer (a test holds the two against each other).
"""

import re
from collections.abc import Callable
from typing import TypeAlias

from app.model.json import Json

Direct: TypeAlias = Callable[[Json], Json]

_PATH = r"body((?:\s*\.\s*[A-Za-z_]\w*)+)"
_TEXT = r"""(?:"([^"\\\n]*)"|'([^'\\\n]*)')"""
_PLAIN = re.compile(rf"\s*{_PATH}\s*\Z")
_EQUALITY = re.compile(rf"\s*{_PATH}\s*(==|!=)\s*{_TEXT}\s*\Z")
_RESERVED = frozenset(
    (
        *("as", "break", "const", "continue", "else", "false", "for", "function", "if", "import"),
        *("in", "let", "loop", "package", "namespace", "null", "return", "true", "var", "void"),
        "while",
    )
)


def direct(text: str) -> Direct | None:
    """How to evaluate `text` over a body, where it is that plain."""
    found = _PLAIN.match(text)
    if found:
        path = _path(found[1])
        return None if path is None else _value(path)
    found = _EQUALITY.match(text)
    if not found:
        return None
    return _equality(_path(found[1]), found[2], found[3] if found[3] is not None else found[4])


def is_equality(text: str) -> bool:
    return _EQUALITY.match(text) is not None


def _path(steps: str) -> tuple[str, ...] | None:
    path = tuple(re.findall(r"\w+", steps))
    return None if _RESERVED.intersection(path) or not steps.isascii() else path


def _equality(path: tuple[str, ...] | None, sign: str, text: str) -> Direct | None:
    if path is None:
        return None
    # Values of other types are no error in CEL: they are not equal.
    at, is_equal = _value(path), sign == "=="
    return lambda body: (at(body) == text) is is_equal


def _value(path: tuple[str, ...]) -> Direct:
    """Raises KeyError and TypeError, as the library does: no name is an index of a list or text."""
    first, *rest = path
    if not rest:
        return lambda body: body[first]  # type: ignore[index, call-overload]
    if len(rest) == 1:
        second = rest[0]
        return lambda body: body[first][second]  # type: ignore[index, call-overload]

    def at(body: Json) -> Json:
        found = body
        for key in path:
            found = found[key]  # type: ignore[index, call-overload]
        return found

    return at

"""Every line of the log stands in the docs, with its level."""

import ast
import re
from collections.abc import Iterator

from app.observe.counts import TAKEN
from tests.support.whole import ROOT, sources

_LEVELS = {"debug": "debug", "info": "info", "warning": "warning", "error": "error"}
_LEVELS["exception"] = "error"
_WRITTEN_OUT = {"call.": [f"call.{status}" for status in TAKEN[:3]]}
_SPOKEN = re.compile(
    r"`((?:altcraft|call|clock|config|delivery|destination|housekeeping|keys|reply|request|"
    r"service|sibling|store|tally)\.[a-z_]+)`"
)
_KEYS = re.compile(r"^delivery\.(?:lease|poll|grace)$")


def levels_of(function: ast.AST) -> set[str]:
    """Of all loggers that it speaks of."""
    found = set()
    for node in ast.walk(function):
        match node:
            case ast.Attribute(value=ast.Name(id="_log"), attr=attr) if attr in _LEVELS:
                found.add(_LEVELS[attr])
    return found


def names(call: ast.Call) -> Iterator[str]:
    first = call.args[0]
    if isinstance(first, ast.JoinedStr):
        head = first.values[0]
        assert isinstance(head, ast.Constant)
        yield from _WRITTEN_OUT[str(head.value)]
        return
    for node in ast.walk(first):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def lines() -> Iterator[tuple[str, set[str]]]:
    """Each with the levels that it may have."""
    for _, tree in sources():
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for node in ast.walk(function):
                if not isinstance(node, ast.Call):
                    continue
                match node.func:
                    case ast.Attribute(
                        value=ast.Name(id="_log") | ast.Attribute(attr="_log"), attr=attr
                    ) if attr in _LEVELS:
                        yield from ((name, {_LEVELS[attr]}) for name in names(node))
                    case ast.Name(id="log"):
                        yield from ((name, levels_of(function)) for name in names(node))


def logged() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, levels in lines():
        found.setdefault(name, set()).update(levels)
    return found


def documented() -> dict[str, set[str]]:
    page = (ROOT / "docs" / "logs.md").read_text(encoding="utf-8")
    found = {}
    for events, levels in re.findall(r"^\| (`.*?) \| (.*?) \|", page, re.MULTILINE):
        for name in re.findall(r"`([^`]+)`", events):
            found[name] = set(levels.split(", "))
    return found


def test_every_line_stands_in_the_docs_with_its_levels() -> None:
    found = logged()

    assert len(found) > 40
    assert documented() == found


def test_every_line_that_is_spoken_of_exists() -> None:
    pages = [*(ROOT / "docs").glob("*.md"), ROOT / "README.md", *(ROOT / "deploy").rglob("*.y*ml")]
    texts = [page.read_text(encoding="utf-8") for page in pages if page.stem != "configuration"]

    spoken = {name for text in texts for name in _SPOKEN.findall(text)}

    keys = {name for name in spoken if _KEYS.match(name)}
    assert spoken - keys - logged().keys() == set()

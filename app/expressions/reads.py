"""What an expression reads of a call, so that no more of it is made visible.

Turning a whole body into the library's own values costs more than evaluating ten conditions.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from app.expressions.conjuncts import without_texts
from app.model.json import Json

Path: TypeAlias = tuple[str, ...]
Tree: TypeAlias = "dict[str, Tree | None]"

_BODY = re.compile(r"(?<![\w.])body\b")
_STEPS = re.compile(r"((?:\s*\.\s*[A-Za-z_]\w*)*)(\s*\()?")


@dataclass(frozen=True, slots=True)
class Reads:
    """`names` are variables. `body` are the paths read in the body; None: all of it."""

    names: frozenset[str] = frozenset()
    body: frozenset[Path] | None = frozenset()
    _tree: Tree = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, names: frozenset[str], body: frozenset[Path] | None) -> "Reads":
        return cls(names, body, _tree(body or ()))

    def __or__(self, other: "Reads") -> "Reads":
        whole = self.body is None or other.body is None
        body = None if whole else (self.body or frozenset()) | (other.body or frozenset())
        return Reads.of(self.names | other.names, body)

    def covers(self, other: "Reads") -> bool:
        if not other.names <= self.names:
            return False
        return self.body is None or (other.body is not None and other.body <= self.body)

    def of_body(self, body: Json) -> Json:
        """`body` with only what is read of it."""
        if self.body is None or not isinstance(body, Mapping):
            return body
        return _pruned(body, self._tree)


def all_of(reads: Iterable[Reads]) -> Reads:
    found = Reads()
    for each in reads:
        found |= each
    return found


def body_paths(text: str) -> frozenset[Path] | None:
    """The paths that `text` reads in the body, or None where it takes the body as a whole."""
    plain = without_texts(text)
    found: set[Path] = set()
    for start in _BODY.finditer(plain):
        steps = _STEPS.match(plain, start.end())
        path = tuple(re.findall(r"\w+", steps[1])) if steps else ()
        if steps and steps[2]:
            path = path[:-1]  # the name of a function
        if not path:
            return None
        found.add(path)
    return frozenset(found)


def _tree(paths: Iterable[Path]) -> Tree:
    tree: Tree = {}
    for path in sorted(paths, key=len):
        _add(tree, path)
    return tree


def _add(tree: Tree, path: Path) -> None:
    """The shortest first: what is taken whole needs no path into it."""
    branch = tree
    for step in path[:-1]:
        inner = branch.setdefault(step, {})
        if inner is None:
            return
        branch = inner
    branch.setdefault(path[-1], None)


def _pruned(body: Mapping[str, Json], tree: Tree) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for name, inner in tree.items():
        if name in body:
            value = body[name]
            if inner is not None and isinstance(value, Mapping):
                value = _pruned(value, inner)
            found[name] = value
    return found

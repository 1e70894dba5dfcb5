"""A YAML text as plain values that remember their lines."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from app.config.faults import ConfigRefused, Fault
from app.model.json import Json

KeyPath: TypeAlias = tuple[str | int, ...]

# A file of rules is written by people; more than this is an alias bomb or a mistake.
_MAX_BYTES = 4 * 1024 * 1024
_MAX_VALUES = 200_000
_MAX_DEPTH = 60
_STANDARD = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Document:
    """`revision` names the content: equal for equal bytes, different else."""

    file: str
    root: Json
    revision: str
    text: str = field(repr=False)
    _lines: Mapping[KeyPath, int] = field(repr=False)

    def line(self, path: Sequence[str | int]) -> int:
        """The line (from 1) where `path` stands, or where its nearest parent does."""
        known = tuple(path)
        while known and known not in self._lines:
            known = known[:-1]
        return self._lines.get(known, 1)


def read_document(path: Path) -> Document:
    """Raises ConfigRefused when the file can't be read or is no YAML."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        reason = f"can't be read: {error.strerror or type(error).__name__}"
        raise ConfigRefused(str(path), [Fault("file", reason, hint="check the path")]) from None
    return parse_document(raw, file=str(path))


def parse_document(raw: bytes, *, file: str) -> Document:
    """Raises ConfigRefused when the text is no YAML or repeats a key."""
    if len(raw) > _MAX_BYTES:
        raise ConfigRefused(file, [Fault("file", f"is larger than {_MAX_BYTES} bytes")])
    try:
        text = raw.decode("utf-8-sig")
        node = YAML(typ="safe", pure=True).compose(text)
    except UnicodeDecodeError as error:
        raise ConfigRefused(file, [Fault("file", f"is not UTF-8 at byte {error.start}")]) from None
    except RecursionError:
        raise ConfigRefused(file, [Fault("file", "is nested too deeply")]) from None
    except MarkedYAMLError as error:
        raise ConfigRefused(file, [_yaml_fault(error)]) from None
    except YAMLError as error:
        reason = f"is no YAML: {str(error).splitlines()[0]}"
        raise ConfigRefused(file, [Fault("file", reason)]) from None
    reader = _Reader()
    root = reader.value(node, ()) if node is not None else None
    if reader.faults:
        raise ConfigRefused(file, reader.faults)
    return Document(file, root, hashlib.sha256(raw).hexdigest()[:12], text, reader.lines)


def _yaml_fault(error: MarkedYAMLError) -> Fault:
    mark = error.problem_mark or error.context_mark
    problem = " ".join(str(error.problem or error.context or "unreadable").split())
    where = f" at column {mark.column + 1}" if mark else ""
    return Fault("file", f"is no YAML: {problem}{where}", line=mark.line + 1 if mark else None)


class _Reader:
    """Builds values out of composed nodes, and notes the line of each path."""

    def __init__(self) -> None:
        self.lines: dict[KeyPath, int] = {}
        self.faults: list[Fault] = []
        self._scalars = YAML(typ="safe", pure=True)
        self._values = 0

    def value(self, node: Node, path: KeyPath) -> Json:
        self._values += 1
        if self._values > _MAX_VALUES or len(path) > _MAX_DEPTH:
            if not self.faults:
                self._fault(node, path[:3], "too many or too deep values (an alias of itself?)")
            return None
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            self._check_tag(node, path, "seq")
            return [self.value(item, (*path, i)) for i, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _mapping(self, node: MappingNode, path: KeyPath) -> Json:
        self._check_tag(node, path, "map")
        found: dict[str, Json] = {}
        for key_node, value_node in node.value:
            name = self._name(key_node, path)
            if name is None:
                continue
            inner = (*path, name)
            if name in found:
                self._fault(key_node, inner, f"stands twice, first in line {self.lines[inner]}")
                continue
            self.lines[inner] = key_node.start_mark.line + 1
            found[name] = self.value(value_node, inner)
        return found

    def _name(self, node: Node, path: KeyPath) -> str | None:
        """Whatever YAML makes of a key (3, true), the text as written is the name."""
        if not isinstance(node, ScalarNode):
            self._fault(node, path, "has a key that is no text")
            return None
        if node.value == "<<":
            self._fault(node, path, "merge keys (<<) are not known here", "write the keys out")
            return None
        return str(node.value)

    def _scalar(self, node: Node, path: KeyPath) -> Json:
        # Dates have no place in this file: their text is what was meant.
        if _tag(node) in ("str", "timestamp"):
            return str(node.value)
        if not self._check_tag(node, path, "null", "bool", "int", "float"):
            return None
        try:
            plain: Json = self._scalars.constructor.construct_object(node, deep=True)
        except (YAMLError, ValueError, LookupError):
            self._fault(node, path, f"can't be read as {_tag(node)}")
            return None
        return plain

    def _check_tag(self, node: Node, path: KeyPath, *known: str) -> bool:
        if _tag(node) in known:
            return True
        self._fault(node, path, f"the tag {_tag(node)} is not known here", "leave it out")
        return False

    def _fault(self, node: Node, path: KeyPath, reason: str, hint: str | None = None) -> None:
        self.faults.append(Fault(key_text(path), reason, node.start_mark.line + 1, hint))


def _tag(node: Node) -> str:
    """The short name of a standard tag (`int`); other tags begin with an exclamation mark."""
    return (node.tag or "").removeprefix(_STANDARD)


def key_text(path: Sequence[str | int]) -> str:
    """`('rules', 2, 'when')` as `rules[2].when`; the whole file as `file`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text or "file"

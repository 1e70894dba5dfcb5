"""Names with brackets, as PHP writes them, to objects and lists.

`a[b][c]=1` is `{"a": {"b": {"c": "1"}}}`. `a[]` takes the next free index. A group becomes a list
when its names are the indexes 0, 1, 2 ... without a gap, in whatever order they came; else it is
an object with the names as texts (`[linked_leads_id][555]`), so that no index makes room for those
before it. A repeated name makes a list of its values. Where one name has both a value of its own
and inner names, the value stands under the empty name. A name whose brackets do not match is a
plain one.

Written here because `qs-codec` (1.6) takes the square of the number of indexes in time (4,000 in
1.8 s), closes the gaps of small indexes (`[7]` becomes the first place of a list), turns a list of
more than 20 into an object, and splits `comment=see [x]=y` at the wrong sign.
"""

from typing import TypeAlias

from app.model.json import Json
from app.sources.decode.bounds import Limits

_LONGEST_INDEX = 9


class _Group:
    """`indexes` of its names are whole numbers, the highest of them `free - 1`."""

    __slots__ = ("free", "indexes", "places")

    def __init__(self) -> None:
        self.places: dict[str, _Node] = {}
        self.indexes = 0
        self.free = 0

    def place(self, step: str) -> str:
        """The name that `step` stands for: itself, or the next free index."""
        name = step or str(self.free)
        if name not in self.places and _is_index(name):
            self.indexes += 1
            self.free = max(self.free, int(name) + 1)
        return name

    @property
    def is_list(self) -> bool:
        return self.indexes == self.free == len(self.places)


_Node: TypeAlias = "_Group | Json"


class Nest:
    """Takes named values one by one. `put` raises Undecodable when a limit is passed."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._root = _Group()
        self._count = 1
        self._levels = 1

    def put(self, name: str, value: Json) -> None:
        if not name.endswith("]"):
            self._add()
            self._leave(self._root, name, value)
            return
        # A bracket pair is a level; counted before the name is cut into thousands of them.
        self._limits.check_depth(name.count("][") + 1)
        *outer, last = split_name(name)
        self._levels = max(self._levels, len(outer) + 1)
        self._limits.check_depth(self._levels)
        self._add()
        group = self._root
        for number, step in enumerate(outer):
            group = self._inner(group, group.place(step) if number else step)
        self._leave(group, group.place(last) if outer else last, value)

    def value(self) -> dict[str, Json]:
        """Raises Undecodable too: lists of repeated names add to the depth."""
        settled = {name: _settled(node) for name, node in self._root.places.items()}
        if self._levels >= self._limits.depth:
            self._limits.check(settled)
        return settled

    def _inner(self, group: _Group, name: str) -> _Group:
        found = group.places.get(name)
        if isinstance(found, _Group):
            return found
        inner = _Group()
        if name in group.places:
            inner.places[""] = found
        self._add()
        group.places[name] = inner
        return inner

    def _leave(self, group: _Group, name: str, value: Json) -> None:
        found = group.places.get(name)
        if isinstance(found, _Group):
            self._leave(found, "", value)
        elif name not in group.places:
            group.places[name] = value
        elif isinstance(found, list):
            found.append(value)
        else:
            self._add()
            group.places[name] = [found, value]

    def _add(self) -> None:
        self._count += 1
        self._limits.check_values(self._count)


def split_name(name: str) -> list[str]:
    """`a[b][c]` to a, b, c; an empty step is an index to be found. `name` ends with a bracket."""
    root, _, rest = name.partition("[")
    steps = rest[:-1].split("][")
    if not root or "]" in root or not rest or any("[" in s or "]" in s for s in steps):
        return [name]
    return [root, *steps]


def _is_index(name: str) -> bool:
    if len(name) > _LONGEST_INDEX or not (name.isascii() and name.isdigit()):
        return False
    return name[0] != "0" or name == "0"


def _settled(node: _Node) -> Json:
    if not isinstance(node, _Group):
        return node
    if node.is_list:
        return [_settled(node.places[str(index)]) for index in range(node.free)]
    return {name: _settled(inner) for name, inner in node.places.items()}

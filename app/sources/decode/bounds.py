"""How deep and how large a decoded value may be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.model.json import Json
from app.sources.decode.errors import Undecodable


@dataclass(frozen=True, slots=True)
class Limits:
    """`depth` counts objects and lists within each other (a scalar has depth 0), `values` every
    text, number, object and list, the outermost one included."""

    depth: int
    values: int

    def check_depth(self, depth: int) -> None:
        if depth > self.depth:
            raise Undecodable(f"nested deeper than {self.depth}")

    def check_values(self, count: int) -> None:
        if count > self.values:
            raise Undecodable(f"more than {self.values} values")

    def check(self, value: Json) -> None:
        """Level by level, so that no depth is too deep to be looked at."""
        level, depth, count = [value], 0, 0
        while level:
            count += len(level)
            self.check_values(count)
            containers = [each for each in level if isinstance(each, dict | list)]
            depth += 1
            if containers:
                self.check_depth(depth)
            level = [inner for each in containers for inner in _inner(each)]


def _inner(container: Mapping[str, Json] | Sequence[Json]) -> Sequence[Json]:
    return list(container.values()) if isinstance(container, Mapping) else container

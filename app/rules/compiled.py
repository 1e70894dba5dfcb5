"""A rule with its expressions compiled."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.expressions import Expression, Reads
from app.expressions.reads import all_of
from app.model.start import InDoubt, Matching


@dataclass(frozen=True, slots=True)
class CompiledMatch:
    matching: Matching
    value: Expression
    field: str | None = None


@dataclass(frozen=True, slots=True)
class ScenarioChoice:
    """A number, or where `by` is given the number of its value in `of`, else `default`."""

    number: int | None
    by: Expression | None = None
    of: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """`sources` None means any. `conditions` must all hold. `matches` empty means that the
    identity is taken from the usual names."""

    name: str
    sources: frozenset[str] | None
    conditions: tuple[Expression, ...]
    matches: tuple[CompiledMatch, ...]
    scenario: ScenarioChoice
    content: tuple[tuple[str, Expression], ...]
    destination: str
    in_doubt: InDoubt
    stop: bool

    def reads(self) -> Reads:
        """What of a call it depends on."""
        found = all_of(e.reads for e in self._expressions())
        # The usual names are looked for in the body.
        return found if self.matches else found | Reads.of(frozenset({"body"}), None)

    def needs(self) -> Reads:
        """What a scope must be filled with before it can be held against a call."""
        return all_of(e.needs for e in self._expressions())

    def _expressions(self) -> Iterator[Expression]:
        yield from self.conditions
        yield from (match.value for match in self.matches)
        yield from (value for _, value in self.content)
        if self.scenario.by:
            yield self.scenario.by

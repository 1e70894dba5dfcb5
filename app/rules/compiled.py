"""A rule with its expressions compiled."""

from collections.abc import Mapping
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
        """What its expressions read; the usual names stand in the body and the query."""
        expressions = [*self.conditions, *(m.value for m in self.matches)]
        expressions += [expression for _, expression in self.content]
        expressions += [self.scenario.by] if self.scenario.by else []
        return all_of(e.reads for e in expressions)

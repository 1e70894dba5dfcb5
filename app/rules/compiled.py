"""A rule with its expressions compiled."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from app.expressions import Expression, Reads
from app.expressions.direct import Direct
from app.expressions.reads import all_of
from app.kit.light import light
from app.model.start import InDoubt, Matching, OnUnknownProfile, Target
from app.rules.fields import CompiledField
from app.rules.handling import CompiledHandling


@dataclass(frozen=True, slots=True)
class CompiledMatch:
    """`parts` are the fields of a further mode; every other mode has one, with no name."""

    matching: Matching
    parts: tuple[tuple[str, Expression], ...]
    field: str | None = None

    @property
    def text(self) -> str:
        return ", ".join(part.text for _, part in self.parts)


@dataclass(frozen=True, slots=True)
class ScenarioChoice:
    """A number, or where `by` is given the number of its value in `of`, else `default`."""

    number: int | None
    by: Expression | None = None
    of: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class CompiledImport:
    is_always: bool
    fields: tuple[CompiledField, ...]


@light
class Miss:
    """Why a rule started nothing. `held` of `total` conditions held before the one that failed;
    where all held, something that the start needs is missing. `condition` is the text of the one
    that failed; `why` says more. Neither holds a value of the call."""

    rule: str
    held: int
    total: int
    condition: str | None
    why: str | None

    @property
    def reason(self) -> str:
        if self.condition is None:
            held = "its condition holds" if self.total else "it takes every call"
            return f"{held}, but {self.why}"
        which = f"condition {self.held + 1} of {self.total}" if self.total > 1 else "its condition"
        return f"{which} failed: {self.condition}" + (f" ({self.why})" if self.why else "")

    @property
    def nearness(self) -> float:
        """From 0 (nothing held) to 1 (all held)."""
        return 1.0 if self.held == self.total else self.held / self.total

    def __str__(self) -> str:
        return f'rule "{self.rule}": {self.reason}'


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """`sources` None means any. `conditions` must all hold. `matches` empty means that the
    identity is taken from the usual names. `handling` None: nothing special."""

    name: str
    sources: frozenset[str] | None
    conditions: tuple[Expression, ...]
    matches: tuple[CompiledMatch, ...]
    scenario: ScenarioChoice
    content: tuple[tuple[str, Expression], ...]
    destination: str
    in_doubt: InDoubt
    stop: bool
    target: Target = Target.SCENARIO
    fields: tuple[CompiledField, ...] = ()
    imports: CompiledImport | None = None
    on_unknown_profile: OnUnknownProfile = OnUnknownProfile.FAIL
    handling: CompiledHandling | None = None
    comparisons: tuple[Direct, ...] | None = field(init=False, repr=False, compare=False)
    """The conditions, where all of them are as plain as that."""
    misses: tuple[Miss, ...] = field(init=False, repr=False, compare=False)
    """When the first, the second and so on of the conditions does not hold."""

    def __post_init__(self) -> None:
        found = tuple(c.comparison for c in self.conditions)
        plain = tuple(one for one in found if one is not None)
        object.__setattr__(self, "comparisons", plain if len(plain) == len(found) else None)
        total = len(found)
        misses = [Miss(self.name, n, total, c.text, None) for n, c in enumerate(self.conditions)]
        object.__setattr__(self, "misses", tuple(misses))

    def reads(self) -> Reads:
        """What of a call it depends on."""
        found = all_of(e.reads for e in self.expressions())
        # The usual names are looked for in the body.
        return found if self.matches else found | Reads.of(frozenset({"body"}), None)

    def needs(self) -> Reads:
        """What a scope must be filled with before it can be held against a call."""
        return all_of(e.needs for e in self.expressions())

    def expressions(self) -> Iterator[Expression]:
        yield from self.conditions
        yield from (part for match in self.matches for _, part in match.parts)
        yield from (value for _, value in self.content)
        for one in (*self.fields, *(self.imports.fields if self.imports else ())):
            yield from one.expressions()
        if self.handling:
            yield from self.handling.expressions()
        if self.scenario.by:
            yield self.scenario.by

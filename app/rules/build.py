"""Compiles the rules of a file, and says everything that is wrong with them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.config.document import key_text
from app.config.faults import Fault, Severity
from app.config.schema.base import Expression as ExpressionText
from app.config.schema.rule import MatchItem, Rule, Scenario, ScenarioTable
from app.expressions import Expression, ExpressionFault, Reads, Scope, compile_text
from app.expressions.conjuncts import conjuncts
from app.expressions.reads import all_of
from app.kit.nearest import did_you_mean
from app.rules.compiled import CompiledMatch, CompiledRule, ScenarioChoice


@dataclass(frozen=True, slots=True)
class SourceRules:
    """The rules that a source's calls are held against. `needs`: what a scope is filled with."""

    rules: tuple[CompiledRule, ...]
    needs: Reads


@dataclass(frozen=True, slots=True)
class Rules:
    """`of` has an entry for every source of the file."""

    all: tuple[CompiledRule, ...]
    of: Mapping[str, SourceRules]
    scope: Scope


def build_rules(
    rules: Sequence[Rule], *, sources: Collection[str], destinations: Collection[str]
) -> tuple[Rules, list[Fault]]:
    """The rules that could be compiled, and the faults of the others (no lines in them yet)."""
    faults: list[Fault] = []
    compiled = [
        _RuleBuilder(rule, index, faults).build(sources, destinations)
        for index, rule in enumerate(rules)
    ]
    faults += _repeated_names(rules)
    faults += _sources_without_rules(rules, sources)
    of = {source: _for_source(source, compiled) for source in sources}
    return Rules(tuple(compiled), of, Scope()), faults


def _for_source(source: str, rules: Sequence[CompiledRule]) -> SourceRules:
    chosen = tuple(rule for rule in rules if rule.sources is None or source in rule.sources)
    return SourceRules(chosen, all_of(rule.needs() for rule in chosen))


def _repeated_names(rules: Sequence[Rule]) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for index, rule in enumerate(rules):
        if rule.name in first:
            reason = f'"{rule.name}" is the name of rules[{first[rule.name]}] too'
            yield Fault(f"rules[{index}].name", reason, hint="deliveries are counted by rule name")
        first.setdefault(rule.name, index)


def _sources_without_rules(rules: Sequence[Rule], sources: Collection[str]) -> Iterator[Fault]:
    named = {name for rule in rules for name in (rule.source or sources)}
    for source in sources:
        if source not in named:
            reason = "no rule takes its calls: they are kept and start nothing"
            yield Fault(f"sources.{source}", reason, severity=Severity.WARNING)


class _RuleBuilder:
    def __init__(self, rule: Rule, index: int, faults: list[Fault]) -> None:
        self._rule = rule
        self._index = index
        self._faults = faults

    def build(self, sources: Collection[str], destinations: Collection[str]) -> CompiledRule:
        rule = self._rule
        self._check_sources(sources)
        return CompiledRule(
            name=rule.name,
            sources=None if rule.source is None else frozenset(rule.source),
            conditions=tuple(self._conditions()),
            matches=tuple(self._matches()),
            scenario=self._scenario(rule.scenario),
            content=tuple(self._content()),
            destination=self._destination(destinations),
            in_doubt=rule.in_doubt,
            stop=rule.stop,
        )

    def _fault(self, reason: str, *path: str | int, hint: str | None = None) -> None:
        self._faults.append(Fault(key_text(("rules", self._index, *path)), reason, hint=hint))

    def _compile(self, text: ExpressionText, *path: str | int) -> Expression | None:
        try:
            return compile_text(text)
        except ExpressionFault as fault:
            self._fault(fault.reason, *path, hint=fault.hint)
            return None

    def _check_sources(self, sources: Collection[str]) -> None:
        for name in self._rule.source or ():
            if name not in sources:
                hint = did_you_mean(name, sources)
                self._fault(f'no source is named "{name}"', "source", hint=hint)

    def _conditions(self) -> Iterator[Expression]:
        texts = self._rule.when or ()
        for index, text in enumerate(texts):
            path: tuple[str | int, ...] = ("when", index) if len(texts) > 1 else ("when",)
            # First whole: the column of a fault is that of the text as written.
            if self._compile(text, *path) is not None:
                yield from (compile_text(part) for part in conjuncts(text))

    def _matches(self) -> Iterator[CompiledMatch]:
        for index, item in enumerate(self._rule.match or ()):
            key = "value" if item.custom else item.matching.value
            value = self._compile(item.expression, "match", index, key)
            if value is not None:
                yield CompiledMatch(item.matching, value, _field(item))

    def _scenario(self, scenario: Scenario) -> ScenarioChoice:
        if not isinstance(scenario, ScenarioTable):
            return ScenarioChoice(scenario)
        by = self._compile(scenario.by, "scenario", "by")
        return ScenarioChoice(scenario.default, by, scenario.of)

    def _content(self) -> Iterator[tuple[str, Expression]]:
        for name, text in self._rule.content.items():
            value = self._compile(text, "content", name)
            if value is not None:
                yield name, value

    def _destination(self, destinations: Collection[str]) -> str:
        name = self._rule.destination
        if name is None:
            if len(destinations) > 1:
                known = ", ".join(destinations)
                self._fault("is required: there are several", "destination", hint=f"one of {known}")
            return next(iter(destinations), "")
        if name not in destinations:
            hint = did_you_mean(name, destinations)
            self._fault(f'no destination is named "{name}"', "destination", hint=hint)
        return name


def _field(item: MatchItem) -> str | None:
    return item.custom

"""Compiles the rules of a file, and says everything that is wrong with them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.config.faults import Fault, Severity
from app.config.schema.rule import Rule
from app.expressions import Reads, Scope
from app.expressions.reads import all_of
from app.rules.builder import RuleBuilder
from app.rules.compiled import CompiledRule


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
        RuleBuilder(rule, index, faults).build(sources, destinations)
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

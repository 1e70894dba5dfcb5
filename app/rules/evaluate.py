"""Holds a call against the rules. Pure: no store, no network, no clock."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from app.expressions import Expression, ExpressionFailed, Scope, Variables
from app.kit.light import light
from app.model.handling import PLAIN, Handling
from app.model.json import Json
from app.model.start import CREATING, Import, Match, Matching, ScenarioStart, make_start
from app.rules.build import Rules
from app.rules.compiled import (
    CompiledImport,
    CompiledMatch,
    CompiledRule,
    Miss,
    ScenarioChoice,
)
from app.rules.fields import fields_of
from app.rules.handling import Whose, handling_of
from app.rules.identity import match_of, usual_identity


@light
class Decision:
    """`notes` are what was passed over in rules that do start (a match that can't be used)."""

    starts: tuple[ScenarioStart, ...]
    misses: tuple[Miss, ...]
    notes: tuple[str, ...] = ()

    @property
    def reason(self) -> str | None:
        """Of a call that started nothing: the rule that came nearest and what failed there."""
        if self.starts:
            return None
        if not self.misses:
            return "no rule is for this source"
        return f"nearest is {max(self.misses, key=lambda miss: miss.nearness)}"


def evaluate(rules: Rules, given: Variables, *, region: str | None = None) -> Decision:
    """Every rule whose condition holds starts its scenario, until one that says stop."""
    chosen, scope = rules.of[given.source], rules.scope
    scope.fill(given, chosen.needs, region)
    call = _Call(given, region, scope)
    starts: list[ScenarioStart] = []
    misses: list[Miss] = []
    for rule in chosen.rules:
        missed = _failed_condition(rule, scope)
        if missed is None:
            try:
                starts.append(call.start(rule))
            except ExpressionFailed as error:
                total = len(rule.conditions)
                misses.append(Miss(rule.name, total, total, None, str(error)))
            if rule.stop:
                break
        else:
            misses.append(missed)
    return Decision(tuple(starts), tuple(misses), tuple(call.notes))


def _failed_condition(rule: CompiledRule, scope: Scope) -> Miss | None:
    if rule.comparisons is None:
        return _failed_expression(rule, scope)
    body, held = scope.body, 0
    try:
        for holds in rule.comparisons:
            if not holds(body):
                return rule.misses[held]
            held += 1
    except (KeyError, TypeError):
        # Something is missing: once more, to say what.
        return _failed_expression(rule, scope)
    return None


def _failed_expression(rule: CompiledRule, scope: Scope) -> Miss | None:
    for index, condition in enumerate(rule.conditions):
        try:
            if condition.holds(scope):
                continue
        except ExpressionFailed as error:
            return replace(rule.misses[index], why=str(error))
        return rule.misses[index]
    return None


class _Call:
    def __init__(self, given: Variables, region: str | None, scope: Scope) -> None:
        self._given = given
        self._region = region
        self._scope = scope
        self.notes: list[str] = []

    def start(self, rule: CompiledRule) -> ScenarioStart:
        """Of a rule whose conditions hold. Raises ExpressionFailed."""
        matches, wrong = self._matches(rule)
        if not matches:
            raise ExpressionFailed(f"nobody is named: {'; '.join(wrong) or 'no identity'}")
        scenario = self._scenario(rule.scenario)
        content = {name: self._value(f"content.{name}", each) for name, each in rule.content}
        start = make_start(
            rule=rule.name,
            destination=rule.destination,
            scenario=scenario,
            matches=tuple(matches),
            content=content,
            in_doubt=rule.in_doubt,
            target=rule.target,
            fields=fields_of(rule.fields, self._value) if rule.fields else None,
            imports=self._import(rule.imports, matches, wrong) if rule.imports else None,
            on_unknown_profile=rule.on_unknown_profile,
            handling=self._handling(rule, scenario, matches, wrong) if rule.handling else PLAIN,
        )
        if wrong:
            self.notes += [f'rule "{rule.name}": {text}' for text in wrong]
        return start

    def _import(
        self, given: CompiledImport, matches: Sequence[Match], wrong: list[str]
    ) -> Import | None:
        if not given.is_always and not any(match.matching in CREATING for match in matches):
            wrong.append("on_unknown_profile: the call has nothing to create a profile by")
            return None
        return Import(given.is_always, fields_of(given.fields, self._value))

    def _handling(
        self, rule: CompiledRule, scenario: int, matches: Sequence[Match], wrong: list[str]
    ) -> Handling:
        target = f"{rule.target} {scenario}"
        whose = Whose(rule.name, rule.destination, target, matches, self._given.received)
        evaluate = partial(Expression.evaluate, scope=self._scope)
        return handling_of(rule.handling, whose, evaluate, wrong.append) if rule.handling else PLAIN

    def _matches(self, rule: CompiledRule) -> tuple[Sequence[Match], list[str]]:
        if not rule.matches:
            # Whom a signed call is about must not be for whoever repeats it to say.
            query = self._given.query if self._given.is_query_proved else {}
            matches, wrong = usual_identity(self._given.body, query, self._region)
            none = "no crm_id, profile_id, email or phone at the top of the body or the query"
            return matches, wrong if matches or wrong else [none]
        found: list[Match] = []
        wrong = []
        for index, match in enumerate(rule.matches):
            try:
                given = self._looked_for(match)
                found.append(match_of(match.matching, given, match.field, self._region))
            except ExpressionFailed as error:
                wrong.append(f"match[{index}] {match.text}: {error}")
        return _distinct(found), wrong

    def _looked_for(self, match: CompiledMatch) -> Json:
        if match.matching is Matching.OTHER:
            return {name: part.evaluate(self._scope) for name, part in match.parts}
        return match.parts[0][1].evaluate(self._scope)

    def _scenario(self, choice: ScenarioChoice) -> int:
        if choice.by is None or choice.of is None:
            return choice.number or 0
        try:
            key = choice.by.evaluate(self._scope)
        except ExpressionFailed as error:
            if choice.number is None:
                raise ExpressionFailed(f"scenario.by {choice.by.text}: {error}") from None
            return choice.number
        found = choice.of.get(_as_written(key), choice.number)
        if found is None:
            raise ExpressionFailed(f"scenario.of has no entry for {choice.by.text}, and no default")
        return found

    def _value(self, key: str, expression: Expression) -> Json:
        try:
            return expression.evaluate(self._scope)
        except ExpressionFailed as error:
            raise ExpressionFailed(f"{key} {expression.text}: {error}") from None


def _as_written(key: Json) -> str:
    """As the key of a table is written in the file: `true`, `2`."""
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, float) and key.is_integer():
        return str(int(key))
    return "null" if key is None else str(key)


def _distinct(matches: Sequence[Match]) -> Sequence[Match]:
    if len(matches) < 2:
        return matches
    return [match for index, match in enumerate(matches) if match not in matches[:index]]

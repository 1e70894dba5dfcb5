"""Compiles one rule of a file, and says everything that is wrong with it."""

from collections.abc import Collection, Iterator, Mapping

from app.config.document import key_text
from app.config.faults import Fault
from app.config.schema.base import Expression as ExpressionText
from app.config.schema.handling import BurstOf, QuietHours
from app.config.schema.rule import Rule, Scenario, ScenarioTable
from app.expressions import Expression, ExpressionFault, compile_text
from app.expressions.conjuncts import conjuncts
from app.kit.nearest import did_you_mean
from app.model.handling import Batch, Priority
from app.model.start import OnUnknownProfile, Target
from app.rules.compiled import CompiledImport, CompiledMatch, CompiledRule, ScenarioChoice
from app.rules.fields import CompiledField, Kind
from app.rules.handling import CompiledBurst, CompiledHandling, CompiledQuiet
from app.rules.needs import faults_of

_BURST_LONGEST = 20
_IMPORT_FLAGS = ("skip_triggers", "skip_invalid_subscriptions", "detect_geo")


class RuleBuilder:
    def __init__(self, rule: Rule, index: int, faults: list[Fault]) -> None:
        self._rule = rule
        self._index = index
        self._faults = faults

    def build(self, sources: Collection[str], destinations: Collection[str]) -> CompiledRule:
        rule = self._rule
        self._check_sources(sources)
        for path, reason, hint in faults_of(rule):
            self._fault(reason, *path, hint=hint)
        target = Target.SCENARIO if rule.trigger is None else Target.TRIGGER
        return CompiledRule(
            name=rule.name,
            sources=None if rule.source is None else frozenset(rule.source),
            conditions=tuple(self._conditions()),
            matches=tuple(self._matches()),
            scenario=self._scenario(rule.trigger or rule.scenario, target.value),
            content=tuple(self._values(rule.content, "content")),
            destination=self._destination(destinations),
            in_doubt=rule.in_doubt,
            stop=rule.stop,
            target=target,
            fields=tuple(self._fields()),
            imports=self._import(),
            on_unknown_profile=rule.on_unknown_profile,
            handling=self._handling(),
        )

    def _fault(self, reason: str, *path: str | int, hint: str | None = None) -> None:
        self._faults.append(Fault(key_text(("rules", self._index, *path)), reason, hint=hint))

    def _compile(self, text: ExpressionText, *path: str | int) -> Expression | None:
        try:
            return compile_text(text)
        except ExpressionFault as fault:
            self._fault(fault.reason, *path, hint=fault.hint)
            return None

    def _maybe(self, text: ExpressionText | None, *path: str | int) -> Expression | None:
        return None if text is None else self._compile(text, *path)

    def _values(
        self, texts: Mapping[str, ExpressionText], *path: str | int
    ) -> Iterator[tuple[str, Expression]]:
        for name, text in texts.items():
            value = self._compile(text, *path, name)
            if value is not None:
                yield name, value

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
            parts = []
            for key, text in item.expressions.items():
                value = self._compile(text, "match", index, *key.split(".", 1))
                if value is not None:
                    parts.append((key.partition(".")[2], value))
            if parts:
                yield CompiledMatch(item.mode, tuple(parts), item.field)

    def _scenario(self, scenario: Scenario | None, key: str) -> ScenarioChoice:
        if not isinstance(scenario, ScenarioTable):
            return ScenarioChoice(scenario)
        by = self._compile(scenario.by, key, "by")
        return ScenarioChoice(scenario.default, by, scenario.of)

    def _fields(self) -> Iterator[CompiledField]:
        rule = self._rule
        if rule.resource_id is not None:
            yield self._field("resource_id", Kind.NUMBER, rule.resource_id)
        if rule.attach is not None:
            yield self._field("attach", Kind.FILES, rule.attach)
        if rule.custom_data:
            yield self._object("custom_data", rule.custom_data)
        if rule.subscription_filter is not None:
            given = rule.subscription_filter.model_dump(exclude_none=True)
            constant = {k: v for k, v in given.items() if k == "not_strict"}
            texts = {k: v for k, v in given.items() if k not in constant}
            yield self._object("subscription_filter", texts, constant)

    def _field(self, name: str, kind: Kind, text: ExpressionText) -> CompiledField:
        return CompiledField(name, kind, self._compile(text, name))

    def _object(
        self, name: str, texts: Mapping[str, str], constants: Mapping[str, bool] | None = None
    ) -> CompiledField:
        parts = tuple(self._values(texts, name))
        return CompiledField(name, Kind.OBJECT, parts=parts, constants=constants or {})

    def _import(self) -> CompiledImport | None:
        rule = self._rule
        if not rule.import_profile and rule.on_unknown_profile is not OnUnknownProfile.IMPORT:
            return None
        return CompiledImport(rule.import_profile, tuple(self._import_fields()))

    def _import_fields(self) -> Iterator[CompiledField]:
        rule = self._rule
        if rule.data:
            yield self._object("data", rule.data)
        if rule.db_id is not None:
            yield self._field("db_id", Kind.NUMBER, rule.db_id)
        for name in _IMPORT_FLAGS:
            flag = getattr(rule, name)
            if flag is not None:
                yield CompiledField(name, Kind.FLAG, constants={name: flag})

    def _handling(self) -> CompiledHandling | None:
        rule = self._rule
        made = CompiledHandling(
            priority=Priority[rule.priority.upper()],
            order_by=self._maybe(rule.order_by, "order_by"),
            order_wait_s=rule.order_wait,
            delay_s=rule.delay or 0.0,
            not_before=self._maybe(rule.not_before, "not_before"),
            quiet=self._quiet(rule.quiet_hours) if rule.quiet_hours else None,
            expires_s=rule.expires,
            at_most=(rule.at_most.starts, rule.at_most.window_s) if rule.at_most else None,
            burst=self._burst(rule.debounce) if rule.debounce is not None else None,
            batch=Batch(*rule.batch) if rule.batch else None,
        )
        given = (made.order_by, made.not_before, made.quiet, made.expires_s, made.at_most)
        more = (made.burst, made.batch, made.delay_s or None)
        is_plain = all(one is None for one in (*given, *more)) and made.priority is Priority.NORMAL
        return None if is_plain else made

    def _quiet(self, given: QuietHours) -> CompiledQuiet:
        zone_of = self._maybe(given.zone_of, "quiet_hours", "zone_of")
        return CompiledQuiet(given.from_, given.to, given.zone, zone_of)

    def _burst(self, given: float | BurstOf) -> CompiledBurst | None:
        if not isinstance(given, BurstOf):
            return CompiledBurst(given, given * _BURST_LONGEST, None)
        longest_s = given.longest or given.quiet * _BURST_LONGEST
        return CompiledBurst(given.quiet, longest_s, self._maybe(given.by, "debounce", "by"))

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

"""What a call would start, and the requests that would be sent. Nothing is stored or sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.altcraft.requests import masked_body, method_of, method_url
from app.expressions import Expression, ExpressionFailed, Variables
from app.expressions.terms import Read, reads_of
from app.model.start import Match, ScenarioStart
from app.revision import Revision
from app.rules import Decision, evaluate
from app.rules.compiled import Miss
from app.sources.call import Call
from app.sources.receive import Refused, reread
from app.sources.source import Source


@dataclass(frozen=True, slots=True)
class Request:
    """Its token masked."""

    url: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WouldSend:
    """`requests` are tried in their order, while Altcraft knows no such profile; the last may
    create it."""

    start: ScenarioStart
    requests: Sequence[Request]


@dataclass(frozen=True, slots=True)
class Trial:
    """Of one event. `reason`: why the rules are not asked, or why none holds."""

    dedup_key: str | None
    reason: str | None
    decision: Decision
    requests: Sequence[WouldSend]
    variables: Variables = field(repr=False)
    was_asked: bool = True


@dataclass(frozen=True, slots=True)
class Condition:
    """By itself, whatever those before it say. `holds` None: the rules were not asked. `why` it
    could not be said. `values`: what stood where it looks."""

    text: str
    holds: bool | None
    why: str | None = None
    values: Sequence[Read] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one rule. `starts` None: it was not asked, as one before it says `stop`. `why` it starts
    nothing although its conditions hold."""

    rule: str
    starts: bool | None
    conditions: Sequence[Condition]
    why: str | None = None


def verdicts(revision: Revision, source: Source, trial: Trial) -> list[Verdict]:
    """Of each rule that is for the source, in order."""
    chosen = revision.rules.of[source.name]
    revision.scope.fill(trial.variables, chosen.needs, source.region)
    started = {start.rule for start in trial.decision.starts}
    missed = {miss.rule: miss for miss in trial.decision.misses}
    return [
        Verdict(
            rule.name,
            True if rule.name in started else False if rule.name in missed else None,
            [_condition(revision, trial, one) for one in rule.conditions],
            _why(missed.get(rule.name)),
        )
        for rule in chosen.rules
    ]


def _why(miss: Miss | None) -> str | None:
    return miss.why if miss is not None and miss.held == miss.total else None


def _condition(revision: Revision, trial: Trial, condition: Expression) -> Condition:
    values = reads_of(condition.text, trial.variables)
    if not trial.was_asked:
        return Condition(condition.text, None, values=values)
    try:
        return Condition(condition.text, condition.holds(revision.scope), values=values)
    except ExpressionFailed as failed:
        return Condition(condition.text, False, str(failed), values)


def try_call(revision: Revision, source: Source, call: Call) -> Sequence[Trial] | Refused:
    """A trial for each event of the call, whose proof is not asked for."""
    taken = reread(source, call, revision.scope)
    if isinstance(taken, Refused):
        return taken
    trials = []
    for item in taken.items:
        decision = Decision((), ())
        if item.reason is None:
            decision = evaluate(revision.rules, item.variables, region=source.region)
        requests = [_requests(revision, start) for start in decision.starts]
        reason = item.reason or decision.reason
        was_asked = item.reason is None
        trials.append(Trial(item.dedup_key, reason, decision, requests, item.variables, was_asked))
    return trials


def _requests(revision: Revision, start: ScenarioStart) -> WouldSend:
    base = str(revision.platforms[start.destination].settings.url)
    always = start.imports is not None and start.imports.is_always
    bodies = [_request(base, start, match, imports=always) for match in start.matches]
    if start.imports is not None and not always and start.creating_match is not None:
        bodies.append(_request(base, start, start.creating_match, imports=True))
    return WouldSend(start, bodies)


def _request(base: str, start: ScenarioStart, match: Match, *, imports: bool) -> Request:
    url = method_url(base, method_of(start, imports=imports))
    return Request(url, masked_body(start, match, imports=imports))

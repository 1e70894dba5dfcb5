"""What a call would start, and the requests that would be sent. Nothing is stored or sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.altcraft.requests import masked_body, method_of, method_url
from app.model.start import Match, ScenarioStart
from app.revision import Revision
from app.rules import Decision, evaluate
from app.rules.compiled import CompiledRule, Miss
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


@dataclass(frozen=True, slots=True)
class Condition:
    """`holds` None: it was not asked, as one before it failed. `why` it could not be said."""

    text: str
    holds: bool | None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one rule. `starts` None: it was not asked, as one before it says `stop`. `why` it starts
    nothing although its conditions hold."""

    rule: str
    starts: bool | None
    conditions: Sequence[Condition]
    why: str | None = None


def verdicts(revision: Revision, source: Source, decision: Decision) -> list[Verdict]:
    """Of each rule that is for the source, in order."""
    started = {start.rule for start in decision.starts}
    missed = {miss.rule: miss for miss in decision.misses}
    return [
        _verdict(rule, rule.name in started, missed.get(rule.name))
        for rule in revision.rules.of[source.name].rules
    ]


def _verdict(rule: CompiledRule, has_started: bool, miss: Miss | None) -> Verdict:
    texts = [condition.text for condition in rule.conditions]
    if has_started:
        return Verdict(rule.name, True, [Condition(text, True) for text in texts])
    if miss is None:
        return Verdict(rule.name, None, [Condition(text, None) for text in texts])
    asked: list[Condition] = []
    for index, text in enumerate(texts):
        is_failed = index == miss.held
        holds = None if index > miss.held else not is_failed
        asked.append(Condition(text, holds, miss.why if is_failed else None))
    return Verdict(rule.name, False, asked, miss.why if miss.held == miss.total else None)


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
        trials.append(Trial(item.dedup_key, reason, decision, requests))
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

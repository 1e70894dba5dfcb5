"""What a call would start, and the requests that would be sent. Nothing is stored or sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.altcraft.requests import START, method_url, start_body
from app.model.start import ScenarioStart
from app.revision import Revision
from app.rules import Decision, evaluate
from app.sources.call import Call
from app.sources.receive import Refused, reread
from app.sources.source import Source


@dataclass(frozen=True, slots=True)
class WouldSend:
    """`bodies` are those of the matches, in the order in which they are tried; tokens masked."""

    rule: str
    url: str
    bodies: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Trial:
    """Of one event. `reason`: why the rules are not asked, or why none holds."""

    dedup_key: str | None
    reason: str | None
    decision: Decision
    requests: Sequence[WouldSend]


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
        requests = [_request(revision, start) for start in decision.starts]
        reason = item.reason or decision.reason
        trials.append(Trial(item.dedup_key, reason, decision, requests))
    return trials


def _request(revision: Revision, start: ScenarioStart) -> WouldSend:
    url = method_url(str(revision.platforms[start.destination].settings.url), START)
    bodies = [{"token": "***", **start_body(start, match)} for match in start.matches]
    return WouldSend(start.rule, url, bodies)

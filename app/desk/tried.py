"""A trial of one call: what it would start, condition by condition. Pure; `trial` is the act."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from app.config.document import parse_document
from app.config.faults import ConfigRefused, Fault
from app.config.secrets import PLACEHOLDER, SecretReader
from app.desk.refusals import Invalid
from app.dry_run import Condition, Trial, WouldSend, try_call, verdicts
from app.kit.nearest import did_you_mean
from app.model.json import Json
from app.revision import Revision, build_revision
from app.shown.handling import handling_words
from app.shown.masking import shown_match
from app.sources.call import Call, query_parameters
from app.sources.receive import Refused
from app.sources.source import Source

_LARGEST = 1024**2


class TryAsked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    source: str
    method: str = Field("POST", max_length=16)
    path: str = Field("", max_length=4000, description="what follows /hooks/SOURCE/")
    query: str = Field("", max_length=16_000, description="the query string")
    headers: dict[str, str] = Field(default_factory=dict, max_length=200)
    body: str = Field("", max_length=_LARGEST)
    body_is: Literal["text", "base64"] = "text"
    received: AwareDatetime | None = Field(None, description="when it came in; null: now")
    configuration: str | None = Field(
        None,
        max_length=_LARGEST,
        description="a whole file to hold it against instead of the one in use; its secrets are "
        "not read",
    )


class ValueRead(BaseModel):
    term: str = Field(description="as the condition has it: `body.deal.stage`")
    value: str | None = Field(description="as JSON, shortened; null: it is not there")
    missing: str | None = Field(description="the first part of the way to it that is not there")


class ConditionShown(BaseModel):
    text: str
    holds: bool | None = Field(description="by itself; null: the rules were not asked")
    why: str | None
    values: list[ValueRead] = Field(description="what stood where it looks")


class RuleTried(BaseModel):
    rule: str
    starts: bool | None = Field(description="null: not asked, as one before it says `stop`")
    conditions: list[ConditionShown]
    why: str | None = Field(description="why it starts nothing although its conditions hold")


class RequestShown(BaseModel):
    """The token is masked."""

    url: str
    body: dict[str, JsonValue]


class StartTried(BaseModel):
    """`requests` are tried in order while Altcraft knows no such profile."""

    rule: str
    destination: str
    target: str
    scenario: int
    matches: list[str] = Field(description="how the profile is looked for, values made normal")
    handling: list[str]
    requests: list[RequestShown]


class Tried(BaseModel):
    """Of one event of the call."""

    dedup_key: str | None
    reason: str | None = Field(description="why nothing starts")
    rules: list[RuleTried]
    starts: list[StartTried]
    notes: list[str]


class TryShown(BaseModel):
    revision: str
    refused: str | None = Field(description="why the call would not be taken at all")
    events: list[Tried]


class CaseAsked(TryAsked):
    name: str = Field("", max_length=200)


class CaseShown(BaseModel):
    """`text` is YAML; `notes` say what to look at."""

    text: str
    notes: list[str]


def call_of(asked: TryAsked, now: datetime) -> Call:
    """Raises Invalid."""
    body = asked.body.encode()
    headers = {name.lower(): value for name, value in asked.headers.items()}
    try:
        if asked.body_is == "base64":
            body = base64.b64decode(asked.body, validate=True)
        query = query_parameters(asked.query)
    except binascii.Error:
        raise Invalid("body: is no base64") from None
    except ValueError:
        raise Invalid("query: too many parameters") from None
    if "content-type" not in headers and body.lstrip()[:1] in (b"{", b"["):
        headers["content-type"] = "application/json"
    return Call(
        source=asked.source,
        method=asked.method.upper(),
        path=asked.path.lstrip("/"),
        url=f"http://localhost/hooks/{asked.source}",
        raw_query=asked.query,
        query=query,
        headers=headers,
        body=body,
        received_at=asked.received or now,
    )


@lru_cache(maxsize=1)
def revision_of(text: str) -> Revision:
    """Raises Invalid with all its faults."""
    try:
        document = parse_document(text.encode(), file="configuration")
        return build_revision(document, SecretReader({}, Path(), PLACEHOLDER))
    except ConfigRefused as refused:
        faults: list[Json] = [_fault(fault) for fault in refused.faults]
        raise Invalid("configuration: see `faults`", faults=faults) from None


def _fault(fault: Fault) -> Mapping[str, Json]:
    return {
        "line": fault.line,
        "key": fault.key,
        "severity": fault.severity.value,
        "reason": fault.reason,
        "hint": fault.hint,
    }


def tried(revision: Revision, call: Call) -> TryShown:
    source = revision.sources.get(call.source)
    if source is None:
        hint = did_you_mean(call.source, revision.sources)
        raise Invalid("source: there is no such source" + (f"; {hint}" if hint else ""))
    found = try_call(revision, source, call)
    if isinstance(found, Refused):
        why = f"{found.slug}: {found.why or found.detail}"
        return TryShown(revision=revision.id, refused=why, events=[])
    events = [_of_event(revision, source, one) for one in found]
    return TryShown(revision=revision.id, refused=None, events=events)


def _of_event(revision: Revision, source: Source, one: Trial) -> Tried:
    return Tried(
        dedup_key=one.dedup_key,
        reason=one.reason,
        rules=[
            RuleTried(
                rule=verdict.rule,
                starts=verdict.starts,
                conditions=[_condition(one) for one in verdict.conditions],
                why=verdict.why,
            )
            for verdict in verdicts(revision, source, one)
        ],
        starts=_starts(one.requests),
        notes=list(one.decision.notes),
    )


def _condition(one: Condition) -> ConditionShown:
    values = [ValueRead(term=v.term, value=v.value, missing=v.missing) for v in one.values]
    return ConditionShown(text=one.text, holds=one.holds, why=one.why, values=values)


def _starts(requests: Sequence[WouldSend]) -> list[StartTried]:
    return [
        StartTried(
            rule=sent.start.rule,
            destination=sent.start.destination,
            target=sent.start.target.value,
            scenario=sent.start.scenario,
            matches=[shown_match(one, reveal=True) for one in sent.start.matches],
            handling=handling_words(sent.start.handling),
            requests=[
                RequestShown(url=one.url, body=cast("dict[str, JsonValue]", dict(one.body)))
                for one in sent.requests
            ],
        )
        for sent in requests
    ]

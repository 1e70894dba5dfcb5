"""Rules as a file has them, held against calls."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from pydantic import TypeAdapter

from app.config.document import parse_document
from app.config.faults import Fault, Severity
from app.config.schema.rule import Rule
from app.expressions import Variables
from app.model.json import Json
from app.model.start import Match, ScenarioStart
from app.rules import Decision, Rules, build_rules, evaluate

AT = datetime(2026, 11, 23, 9, 10, 11, tzinfo=UTC)
_RULES = TypeAdapter(tuple[Rule, ...])


def build(
    text: str, *, sources: Sequence[str] = ("crm",), destinations: Sequence[str] = ("main",)
) -> tuple[Rules, list[Fault]]:
    """`text` is the YAML of a list of rules."""
    given = _RULES.validate_python(parse_document(text.encode(), file="bridge.yaml").root)
    return build_rules(given, sources=sources, destinations=destinations)


@lru_cache(maxsize=64)
def rules_of(text: str, sources: tuple[str, ...]) -> Rules:
    rules, faults = build(text, sources=sources)
    assert not [str(fault) for fault in faults if fault.severity is Severity.ERROR]
    return rules


def decide(
    text: str,
    body: Json = None,
    *,
    query: Mapping[str, Json] | None = None,
    source: str = "crm",
    sources: Sequence[str] = ("crm",),
    region: str | None = None,
) -> Decision:
    given = Variables(source, AT, body=body, call=body, query=query or {})
    return evaluate(rules_of(text, tuple(sources)), given, region=region)


def start(
    text: str,
    body: Json = None,
    *,
    query: Mapping[str, Json] | None = None,
    region: str | None = None,
) -> ScenarioStart:
    """The only start."""
    decision = decide(text, body, query=query, region=region)
    assert len(decision.starts) == 1, decision.reason
    return decision.starts[0]


def matches(
    text: str,
    body: Json = None,
    *,
    query: Mapping[str, Json] | None = None,
    region: str | None = None,
) -> tuple[Match, ...]:
    return start(text, body, query=query, region=region).matches

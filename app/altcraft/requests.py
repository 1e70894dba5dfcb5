"""The bodies of requests to Altcraft."""

from typing import Any, TypeAlias

from app.model.start import Match, Matching, ScenarioStart

Body: TypeAlias = dict[str, Any]

START = "workflows/start"


def start_body(start: ScenarioStart, match: Match) -> Body:
    """Of `workflows/start`, without the token. Altcraft's default matching is e-mail; it is
    stated all the same."""
    body: Body = {"id": start.scenario, "matching": match.matching.value, **_found_by(match)}
    if start.content:
        body["content"] = start.content
    return body


def masked_body(start: ScenarioStart, match: Match) -> Body:
    """The body as it is sent, to be shown: with `***` for the token."""
    return {"token": "***", **start_body(start, match)}


def _found_by(match: Match) -> Body:
    if match.matching is Matching.CUSTOM:
        return {"field_name": match.field, "field_value": match.value}
    return {match.matching.value: match.value}


def method_url(base: str, method: str) -> str:
    return f"{base.rstrip('/')}/api/v1.1/{method}"

"""The bodies of requests to Altcraft, and the methods that take them.

| target          | as it is                    | with an import of the profile          |
| --------------- | --------------------------- | -------------------------------------- |
| scenario        | `workflows/start`           | `workflows/import_and_start`           |
| scenario, many  |                             | `workflows/import_and_start_batch`     |
| trigger mailing | `campaigns/triggers/start`  | `campaigns/triggers/import_and_start`  |
| trigger, many   | `campaigns/triggers/start_batch` | `campaigns/triggers/import_and_start_batch` |

Those for many exist with `_task` at the end, too: they answer before the work is done.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from app.kit.light import light
from app.model.start import Match, Matching, ScenarioStart, Target

Body: TypeAlias = dict[str, Any]
_FOLDERS = {Target.SCENARIO: "workflows", Target.TRIGGER: "campaigns/triggers"}
LARGEST_BYTES = 10_000_000
"""Altcraft takes no larger request unless its owner says so (guide "API interaction")."""


@light
class Item:
    """One start of a batch."""

    start: ScenarioStart
    match: Match
    imports: bool


def method_of(start: ScenarioStart, *, imports: bool) -> str:
    return f"{_FOLDERS[start.target]}/{'import_and_start' if imports else 'start'}"


def batch_method(first: Item, *, as_task: bool) -> str:
    """Of the batch that `first` belongs to."""
    method = method_of(first.start, imports=first.imports)
    return f"{method}_batch_task" if as_task else f"{method}_batch"


def start_body(start: ScenarioStart, match: Match, *, imports: bool = False) -> Body:
    """Without the token. Altcraft's default matching is e-mail; it is stated all the same."""
    return {
        _number_name(start, imports=imports): start.scenario,
        **_member(start, match, imports=imports),
    }


def batch_body(items: Sequence[Item]) -> Body:
    """Of starts of one target, without the token. That the profiles are in `data`, and each with
    its own `matching`, is not documented: a platform that has it otherwise refuses the request
    whole, and its members go one by one."""
    first = items[0]
    members = [_member(item.start, item.match, imports=item.imports) for item in items]
    number = _number_name(first.start, imports=first.imports)
    return {number: first.start.scenario, "matching": members[0].get("matching"), "data": members}


def masked_body(start: ScenarioStart, match: Match, *, imports: bool = False) -> Body:
    """The body as it is sent, to be shown: with `***` for the token."""
    return {"token": "***", **start_body(start, match, imports=imports)}


def _number_name(start: ScenarioStart, *, imports: bool) -> str:
    # Altcraft: `workflow_id` in imports of scenarios, `id` everywhere else.
    return "workflow_id" if imports and start.target is Target.SCENARIO else "id"


def _member(start: ScenarioStart, match: Match, *, imports: bool) -> Body:
    body = _found_by(match)
    if start.content:
        body["content"] = start.content
    if start.fields:
        body |= start.fields
    if imports and start.imports:
        body |= start.imports.fields
    return body


def _found_by(match: Match) -> Body:
    by: Body
    match match.matching:
        case Matching.CUSTOM:
            by = {"field_name": match.field, "field_value": match.value}
        case Matching.REQUEST:
            return {"custom_request": match.value}
        case Matching.OTHER:
            fields = match.value if isinstance(match.value, Mapping) else {}
            return {"matching": match.field, **fields}
        case Matching.EMAIL_PROFILE:
            by = {"email": match.value}
        case _:
            by = {match.matching.value: match.value}
    return {"matching": match.matching.value, **by}


def method_url(base: str, method: str) -> str:
    return f"{base.rstrip('/')}/api/v1.1/{method}"

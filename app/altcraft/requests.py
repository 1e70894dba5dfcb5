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
from typing import TypeAlias, TypedDict, cast

from app.kit.light import light
from app.model.json import Json, JsonObject
from app.model.start import Match, Matching, ScenarioStart, Target


class Member(TypedDict, total=False):
    """One profile to engage, as every method has it (guides "Engage profile in scenario", "Import
    and engage profile in scenario"). A further mode of the platform adds fields of its own."""

    matching: str
    email: str
    phone: str
    profile_id: str
    field_name: str
    field_value: str | int
    custom_request: JsonObject
    content: JsonObject
    custom_data: JsonObject
    attach: Sequence[JsonObject]
    resource_id: int
    subscription_filter: JsonObject
    data: JsonObject
    db_id: int
    skip_triggers: bool
    skip_invalid_subscriptions: bool
    detect_geo: bool


class StartRequest(Member, total=False):
    """`id` in all methods but the imports of scenarios, which have `workflow_id`."""

    id: int
    workflow_id: int


class BatchRequest(TypedDict, total=False):
    """As StartRequest for the number; `matching` is that of the first member, which has it, too."""

    id: int
    workflow_id: int
    matching: str
    data: Sequence[Member]


Body: TypeAlias = StartRequest | BatchRequest
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


def start_body(start: ScenarioStart, match: Match, *, imports: bool = False) -> StartRequest:
    """Without the token. Altcraft's default matching is e-mail; it is stated all the same."""
    body = cast("StartRequest", _member(start, match, imports=imports))
    if _has_workflow_id(start, imports=imports):
        body["workflow_id"] = start.scenario
    else:
        body["id"] = start.scenario
    return body


def batch_body(items: Sequence[Item]) -> BatchRequest:
    """Of starts of one target, without the token. That the profiles are in `data`, and each with
    its own `matching`, is not documented: a platform that has it otherwise refuses the request
    whole, and its members go one by one."""
    first = items[0]
    members = [_member(item.start, item.match, imports=item.imports) for item in items]
    body: BatchRequest = {"matching": members[0].get("matching", "email"), "data": members}
    if _has_workflow_id(first.start, imports=first.imports):
        body["workflow_id"] = first.start.scenario
    else:
        body["id"] = first.start.scenario
    return body


def masked_body(start: ScenarioStart, match: Match, *, imports: bool = False) -> Mapping[str, Json]:
    """The body as it is sent, to be shown: with `***` for the token."""
    shown: dict[str, Json] = {"token": "***"}
    shown.update(cast("JsonObject", start_body(start, match, imports=imports)))
    return shown


def _has_workflow_id(start: ScenarioStart, *, imports: bool) -> bool:
    return imports and start.target is Target.SCENARIO


def _member(start: ScenarioStart, match: Match, *, imports: bool) -> Member:
    body = _found_by(match)
    if start.content:
        body["content"] = start.content
    # What a rule may put there has the names and types of `Member`: `rules.fields` sees to it.
    if start.fields:
        body |= cast("Member", start.fields)
    if imports and start.imports:
        body |= cast("Member", start.imports.fields)
    return body


def _found_by(match: Match) -> Member:
    match match.matching, match.value:
        case Matching.CUSTOM, str() | int() as value:
            return {"matching": "custom", "field_name": match.field or "", "field_value": value}
        case Matching.EMAIL, str() as value:
            return {"matching": "email", "email": value}
        case Matching.EMAIL_PROFILE, str() as value:
            return {"matching": "email_profile", "email": value}
        case Matching.PHONE, str() as value:
            return {"matching": "phone", "phone": value}
        case Matching.PROFILE_ID, str() as value:
            return {"matching": "profile_id", "profile_id": value}
        case Matching.REQUEST, Mapping() as value:
            return {"custom_request": value}
        case Matching.OTHER, Mapping() as value:
            return cast("Member", {"matching": match.field, **value})
        case _:
            raise TypeError(f"{match.matching} takes no {type(match.value).__name__}")


def method_url(base: str, method: str) -> str:
    return f"{base.rstrip('/')}/api/v1.1/{method}"

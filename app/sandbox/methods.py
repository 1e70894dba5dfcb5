"""Altcraft's methods, as its guides describe them ("Engage profile in scenario", "Automation
scenarios"). What they leave open is taken the strict way."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from app.sandbox.people import CUSTOM, Key, Profile, Rights, Scenario, World

Body: TypeAlias = Mapping[str, Any]

_DONE = "Successful operation"
_MODES = ("email", "phone", "profile_id", CUSTOM)
_PROFILE_ID = re.compile(r"[0-9a-fA-F]{24}\Z")
_TYPES: Mapping[str, tuple[type, str]] = {
    "content": (dict, "object"),
    "custom_data": (dict, "object"),
    "data": (dict, "object"),
    "subscription_filter": (dict, "object"),
    "attach": (list, "array"),
    "groups": (list, "array"),
    "resource_id": (int, "int"),
    "db_id": (int, "int"),
    "from_id": (int, "int"),
    "limit": (int, "int"),
    "skip_triggers": (bool, "bool"),
    "skip_invalid_subscriptions": (bool, "bool"),
    "skip_profiles": (bool, "bool"),
    "detect_geo": (bool, "bool"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """`error` 0 is success. `more` are further fields of the reply. `person` is how the caller
    named the profile."""

    error: int
    text: str
    more: Mapping[str, Any] = field(default_factory=dict)
    started: bool = False
    person: str | None = None
    scenario: int | None = None

    def shape(self) -> dict[str, Any]:
        return {"error": self.error, "error_text": self.text, **self.more}


class Refused(Exception):
    def __init__(self, error: int, text: str, person: str | None = None) -> None:
        super().__init__(text)
        self.error = error
        self.text = text
        self.person = person


def call(world: World, method: str, body: Body, bearer: str | None) -> Answer:
    try:
        _check_token(world, body, bearer)
        _check_types(body)
        return _METHODS[method](world, body)
    except Refused as refused:
        return Answer(
            refused.error, refused.text, person=refused.person, scenario=scenario_of(body)
        )


def knows(method: str) -> bool:
    return method in _METHODS


def scenario_of(body: Body) -> int | None:
    number = body.get("id", body.get("workflow_id"))
    return number if type(number) is int else None


def _check_token(world: World, body: Body, bearer: str | None) -> None:
    token = body.get("token") or bearer
    if not token:
        raise Refused(401, "Token required")
    rights = world.tokens.get(token) if isinstance(token, str) else None
    if rights is None:
        raise Refused(401, "Wrong token")
    if rights is Rights.NONE:
        raise Refused(403, "No rights for this action")


def _check_types(body: Body) -> None:
    if body.get("format", "json") != "json":
        raise _incorrect("this stand-in answers format json only")
    for name in body.keys() & _TYPES.keys():
        kind, called = _TYPES[name]
        if type(body[name]) is not kind:  # a bool is an int to isinstance
            raise _incorrect(f"{name} must be {called}")


def _start(world: World, body: Body) -> Answer:
    number = _number(body, "id")
    if "custom_request" in body:
        raise _incorrect(_about_custom_request(body))
    key = _key(body, body.get("matching", "email"), _MODES)
    _check_is_active(world, number, key)
    profile = _found(world, key)
    if profile is None:
        raise Refused(404, "Profile not found", key.shown)
    return _started(number, key, profile)


def _about_custom_request(body: Body) -> str:
    if "matching" in body:
        return "custom_request is for when no matching is given"
    if "subscription_filter" in body:
        return "subscription_filter is not used with custom_request"
    return "this stand-in can't evaluate custom_request; give matching"


def _import_and_start(world: World, body: Body) -> Answer:
    number = _number(body, "workflow_id")
    if "matching" not in body:
        raise _incorrect("matching is required")
    key = _key(body, body["matching"], (*_MODES, "email_profile"))
    given = body.get("data", {})
    _check_profile_fields(given)
    _check_is_active(world, number, key)
    profile = _found(world, key)
    if profile is None and key.matching == "profile_id":
        raise Refused(404, "Profile not found", key.shown)
    profile = profile or world.add(key)
    if profile.profile_id in world.profiles:
        world.change(profile, given)
    return _started(number, key, profile)


def _check_profile_fields(given: Mapping[str, Any]) -> None:
    if not isinstance(given.get("email", ""), str):
        raise _incorrect("data.email must be string")
    phones = given.get("phones", [])
    if not isinstance(phones, list) or not all(isinstance(phone, str) for phone in phones):
        raise _incorrect("data.phones must be array of string")


def _started(scenario: int, key: Key, profile: Profile) -> Answer:
    more = {"profile_id": profile.profile_id}
    return Answer(0, _DONE, more, started=True, person=key.shown, scenario=scenario)


def _number(body: Body, name: str) -> int:
    number = body.get(name)
    if type(number) is not int:
        raise _incorrect(f"{name} must be int")
    return number


def _check_is_active(world: World, number: int, key: Key) -> None:
    if not _scenario(world, number, key).is_active:
        raise Refused(404, "Workflow is not active", key.shown)


def _scenario(world: World, number: int, key: Key | None = None) -> Scenario:
    scenario = world.scenarios.get(number)
    if scenario is None:
        raise Refused(404, "Workflow not found", key.shown if key else None)
    return scenario


def _found(world: World, key: Key) -> Profile | None:
    found = world.find(key)
    if len(found) > 1:
        raise Refused(400, "Incorrect request: field_value is not unique", key.shown)
    return found[0] if found else None


def _key(body: Body, matching: object, modes: tuple[str, ...]) -> Key:
    if matching not in modes:
        raise _incorrect(f"matching must be one of {', '.join(modes)}")
    if matching == CUSTOM:
        return _custom_key(body)
    name = "email" if matching == "email_profile" else str(matching)
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise _incorrect(f"{name} is required")
    if name == "profile_id" and not _PROFILE_ID.match(value):
        raise _incorrect("profile_id must be 24 hex characters")
    return Key(name, value)


def _custom_key(body: Body) -> Key:
    name, value = body.get("field_name"), body.get("field_value")
    if not isinstance(name, str) or not name:
        raise _incorrect("field_name is required")
    if type(value) not in (str, int) or value == "":
        raise _incorrect("field_value must be int or string")
    return Key(CUSTOM, str(value), name)


def _incorrect(why: str) -> Refused:
    return Refused(400, f"Incorrect request: {why}")


def _list(world: World, body: Body) -> Answer:
    limit, groups = body.get("limit", 1000), body.get("groups")
    if limit < 1:
        raise _incorrect("limit must be above 0")
    asked = [
        scenario
        for _, scenario in sorted(world.scenarios.items())
        if not groups or any(group in groups for group in scenario.groups)
    ]
    rest = [scenario for scenario in asked if scenario.id >= body.get("from_id", 1)]
    shown, later = rest[:limit], rest[limit:]
    more = {
        "data": [scenario.model_dump() for scenario in shown],
        "total": len(asked),
        "next_from_id": later[0].id if later else 0,
    }
    return Answer(0, _DONE, more)


def _activate(world: World, body: Body) -> Answer:
    _scenario(world, _number(body, "id")).is_active = True
    return Answer(0, _DONE)


def _deactivate(world: World, body: Body) -> Answer:
    _scenario(world, _number(body, "id")).is_active = False
    return Answer(0, _DONE)


_METHODS: Mapping[str, Callable[[World, Body], Answer]] = {
    "workflows/start": _start,
    "workflows/import_and_start": _import_and_start,
    "workflows/list": _list,
    "workflows/activate": _activate,
    "workflows/deactivate": _deactivate,
}

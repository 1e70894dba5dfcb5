"""Altcraft's methods, as its guides describe them ("Engage profile in scenario", "Automation
scenarios", "Trigger campaigns"). What they leave open is taken the strict way."""

from collections.abc import Callable, Mapping

from app.sandbox.answer import DONE, Answer, Body, Refused, incorrect, number_of
from app.sandbox.people import Rights, Scenario, World
from app.sandbox.starts import START_METHODS, is_batch

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


def call(world: World, method: str, body: Body, bearer: str | None) -> Answer:
    target = "trigger" if method.startswith("campaigns/") else "scenario"
    try:
        _check_token(world, body, bearer)
        _check_types(body, skip="data" if is_batch(method) else "")
        return _METHODS[method](world, body)
    except Refused as refused:
        return Answer(
            refused.error,
            refused.text,
            person=refused.person,
            scenario=scenario_of(body),
            target=target,
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


def _check_types(body: Body, *, skip: str) -> None:
    if body.get("format", "json") != "json":
        raise incorrect("this stand-in answers format json only")
    for name in (body.keys() & _TYPES.keys()) - {skip}:
        kind, called = _TYPES[name]
        if type(body[name]) is not kind:  # a bool is an int to isinstance
            raise incorrect(f"{name} must be {called}")


def _list(world: World, body: Body) -> Answer:
    limit, groups = body.get("limit", 1000), body.get("groups")
    if limit < 1:
        raise incorrect("limit must be above 0")
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
    return Answer(0, DONE, more)


def _scenario(world: World, body: Body) -> Scenario:
    scenario = world.scenarios.get(number_of(body, "id"))
    if scenario is None:
        raise Refused(404, "Workflow not found")
    return scenario


def _activate(world: World, body: Body) -> Answer:
    _scenario(world, body).is_active = True
    return Answer(0, DONE)


def _deactivate(world: World, body: Body) -> Answer:
    _scenario(world, body).is_active = False
    return Answer(0, DONE)


_METHODS: Mapping[str, Callable[[World, Body], Answer]] = {
    **START_METHODS,
    "workflows/list": _list,
    "workflows/activate": _activate,
    "workflows/deactivate": _deactivate,
}

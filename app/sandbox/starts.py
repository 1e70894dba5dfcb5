"""Starts of scenarios and trigger mailings: as they are, with an import of the profile, many at
once.

Not documented, and taken here as the bridge takes it: that the profiles of a batch are in `data`,
each with a `matching` of its own, and that the reply has an answer for each in `data`, in order.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from app.sandbox.answer import DONE, Answer, Body, Refused, incorrect, number_of
from app.sandbox.matching import IMPORT_MODES, MODES, check_subscription_filter, found, key_of
from app.sandbox.people import Key, World

_MOST = 10_000  # Altcraft advises no more
_BATCHES = ("_batch", "_batch_task")


class Way:
    """One method: what it starts, and whether it imports the profile first."""

    def __init__(self, target: str, *, imports: bool) -> None:
        self._target = target
        self._imports = imports
        self._number_name = "workflow_id" if imports and target == "scenario" else "id"

    def one(self, world: World, body: Body) -> Answer:
        number = number_of(body, self._number_name)
        return self._start(world, number, body)

    def batch(self, world: World, body: Body) -> Answer:
        number, items = number_of(body, self._number_name), body.get("data")
        if not isinstance(items, list) or not items:
            raise incorrect("data must be array")
        if len(items) > _MOST:
            raise incorrect(f"more than {_MOST} profiles")
        members = [self._member(world, number, item, body) for item in items]
        more = {"data": [member.shape() for member in members]}
        return self._of_many(number, more, members)

    def task(self, world: World, body: Body) -> Answer:
        done = self.batch(world, body)
        return replace(done, more={"task_id": secrets.token_hex(12)})

    def _of_many(self, number: int, more: Mapping[str, Any], members: list[Answer]) -> Answer:
        is_started = any(member.started for member in members)
        return Answer(
            0, DONE, more, is_started, scenario=number, target=self._target, members=members
        )

    def _member(self, world: World, number: int, item: object, body: Body) -> Answer:
        try:
            if not isinstance(item, dict):
                raise incorrect("each of data must be object")
            given = item if "matching" in item else {**item, "matching": body.get("matching")}
            return self._start(world, number, given)
        except Refused as refused:
            return Answer(
                refused.error,
                refused.text,
                person=refused.person,
                scenario=number,
                target=self._target,
            )

    def _start(self, world: World, number: int, body: Body) -> Answer:
        profile_id, key = (self._import if self._imports else self._find)(world, number, body)
        more = {"profile_id": profile_id}
        return Answer(
            0, DONE, more, started=True, person=key.shown, scenario=number, target=self._target
        )

    def _find(self, world: World, number: int, body: Body) -> tuple[str, Key]:
        if "custom_request" in body:
            raise incorrect(_about_custom_request(body))
        check_subscription_filter(body)
        key = key_of(body, body.get("matching", "email"), MODES)
        self._check_is_active(world, number, key)
        profile = found(world, key)
        if profile is None:
            raise Refused(404, "Profile not found", key.shown)
        return profile.profile_id, key

    def _import(self, world: World, number: int, body: Body) -> tuple[str, Key]:
        if "matching" not in body:
            raise incorrect("matching is required")
        key = key_of(body, body["matching"], IMPORT_MODES)
        given = body.get("data", {})
        _check_profile_fields(given)
        self._check_is_active(world, number, key)
        profile = found(world, key)
        if profile is None and key.matching == "profile_id":
            raise Refused(404, "Profile not found", key.shown)
        profile = profile or world.add(key)
        if profile.profile_id in world.profiles and given:
            world.change(profile, given)
        return profile.profile_id, key

    def _check_is_active(self, world: World, number: int, key: Key) -> None:
        if self._target == "scenario":
            scenario = world.scenarios.get(number)
            if scenario is None:
                raise Refused(404, "Workflow not found", key.shown)
            if not scenario.is_active:
                raise Refused(404, "Workflow is not active", key.shown)
            return
        trigger = world.triggers.get(number)
        if trigger is None:
            raise Refused(404, "Trigger campaign not found", key.shown)
        if not trigger.is_active or not trigger.by_api:
            raise Refused(404, "Trigger campaign is not active or not started by API", key.shown)


def _about_custom_request(body: Body) -> str:
    if "matching" in body:
        return "custom_request is for when no matching is given"
    if "subscription_filter" in body:
        return "subscription_filter is not used with custom_request"
    return "this stand-in can't evaluate custom_request; give matching"


def _check_profile_fields(given: object) -> None:
    if not isinstance(given, dict):
        raise incorrect("data must be object")
    if not isinstance(given.get("email", ""), str):
        raise incorrect("data.email must be string")
    phones = given.get("phones", [])
    if not isinstance(phones, list) or not all(isinstance(phone, str) for phone in phones):
        raise incorrect("data.phones must be array of string")


def _methods() -> Mapping[str, Callable[[World, Body], Answer]]:
    made: dict[str, Callable[[World, Body], Answer]] = {}
    for folder, target in (("workflows", "scenario"), ("campaigns/triggers", "trigger")):
        for name, imports in (("start", False), ("import_and_start", True)):
            way = Way(target, imports=imports)
            made[f"{folder}/{name}"] = way.one
            # Altcraft has no batch of `workflows/start`.
            if imports or target == "trigger":
                made[f"{folder}/{name}_batch"] = way.batch
                made[f"{folder}/{name}_batch_task"] = way.task
    return made


START_METHODS = _methods()


def is_batch(method: str) -> bool:
    return method.endswith(_BATCHES)

"""How a request names a profile, and whom that finds."""

import re
from collections.abc import Sequence

from app.sandbox.answer import Body, Refused, incorrect
from app.sandbox.people import CUSTOM, Key, Profile, World

MODES = ("email", "phone", "profile_id", CUSTOM)
IMPORT_MODES = (*MODES, "email_profile")
_PROFILE_ID = re.compile(r"[0-9a-fA-F]{24}\Z")
_FILTERS = ({"subscription_id", "provider"}, {"email"}, {"phone"})


def key_of(body: Body, matching: object, modes: Sequence[str]) -> Key:
    if matching not in modes:
        raise incorrect(f"matching must be one of {', '.join(modes)}")
    if matching == CUSTOM:
        return _custom_key(body)
    name = "email" if matching == "email_profile" else str(matching)
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise incorrect(f"{name} is required")
    if name == "profile_id" and not _PROFILE_ID.match(value):
        raise incorrect("profile_id must be 24 hex characters")
    return Key(name, value)


def _custom_key(body: Body) -> Key:
    name, value = body.get("field_name"), body.get("field_value")
    if not isinstance(name, str) or not name:
        raise incorrect("field_name is required")
    if type(value) not in (str, int) or value == "":
        raise incorrect("field_value must be int or string")
    return Key(CUSTOM, str(value), name)


def found(world: World, key: Key) -> Profile | None:
    profiles = world.find(key)
    if len(profiles) > 1:
        raise Refused(400, "Incorrect request: field_value is not unique", key.shown)
    return profiles[0] if profiles else None


def check_subscription_filter(body: Body) -> None:
    given = body.get("subscription_filter")
    if given is None:
        return
    names = given.keys() - {"not_strict"}
    if names not in _FILTERS:
        raise incorrect(
            "subscription_filter must have subscription_id and provider, email or phone"
        )
    if type(given.get("not_strict", False)) is not bool:
        raise incorrect("subscription_filter.not_strict must be bool")

"""What the stand-in knows: tokens, scenarios, profiles."""

import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

CUSTOM = "custom"


class Rights(StrEnum):
    ALL = "all"
    NONE = "none"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Node(_Part):
    name: str
    type: str


class Scenario(_Part):
    id: int = Field(ge=1)
    name: str
    is_active: bool = True
    list_id: int = 1
    mode: str = "skip"
    groups: list[str] = Field(default_factory=list)
    nodes: list[Node] = Field(default_factory=lambda: [Node(name="Default", type="start")])


class Trigger(_Part):
    """A trigger mailing. `by_api`: it is set to start by an API call."""

    id: int = Field(ge=1)
    name: str
    is_active: bool = True
    by_api: bool = True


class Profile(_Part):
    """`fields` are custom ones by their names; a tag field is a list of texts."""

    profile_id: str = Field(pattern=r"^[0-9a-f]{24}$")
    email: str | None = None
    phones: list[str] = Field(default_factory=list)
    fields: dict[str, Any] = Field(default_factory=dict)


class WorldFile(_Part):
    tokens: dict[str, Rights]
    scenarios: list[Scenario]
    triggers: list[Trigger] = Field(default_factory=list)
    profiles: list[Profile] = Field(default_factory=list)


class Key(NamedTuple):
    """One way to find a profile. A custom field is apart from what Altcraft has of its own: one
    that is named `email` does not find by e-mail."""

    matching: str
    value: str
    field: str = ""

    @property
    def shown(self) -> str:
        return f"{self.field or self.matching}={self.value}"

    @property
    def folded(self) -> "Key":
        """As it compares: e-mails and ids in any case, phones and fields by their exact text."""
        is_caseless = self.matching in ("email", "profile_id")
        return self._replace(value=self.value.lower()) if is_caseless else self


class World:
    """`knows_everybody`: every identity has a profile, always the same one, and none is kept."""

    def __init__(self, file: WorldFile, *, knows_everybody: bool = False) -> None:
        self.tokens: Mapping[str, Rights] = file.tokens
        self.scenarios = {scenario.id: scenario for scenario in file.scenarios}
        self.triggers = {trigger.id: trigger for trigger in file.triggers}
        self.profiles: dict[str, Profile] = {}
        self.knows_everybody = knows_everybody
        self._by: dict[Key, list[Profile]] = {}
        for profile in file.profiles:
            self._index(profile)

    def find(self, key: Key) -> Sequence[Profile]:
        """More than one when a custom field's value is not unique."""
        found = self._by.get(key.folded, ())
        if not found and self.knows_everybody:
            return (_imagined(key),)
        return found

    def add(self, key: Key) -> Profile:
        profile = Profile(profile_id=secrets.token_hex(12))
        match key.matching:
            case "email":
                profile.email = key.value
            case "phone":
                profile.phones = [key.value]
            case _:
                profile.fields[key.field] = key.value
        self._index(profile)
        return profile

    def change(self, profile: Profile, given: Mapping[str, Any]) -> None:
        """Fields of a profile as `data` of an import has them, checked before."""
        for key in _keys(profile):
            self._by[key] = [other for other in self._by.get(key, ()) if other is not profile]
        for name, value in given.items():
            match name:
                case "email":
                    profile.email = value
                case "phones":
                    profile.phones = value
                case "subscriptions":
                    pass
                case _:
                    profile.fields[name] = value
        self._index(profile)

    def _index(self, profile: Profile) -> None:
        self.profiles[profile.profile_id] = profile
        for key in _keys(profile):
            self._by.setdefault(key, []).append(profile)


def identities(profile: Profile) -> Iterator[Key]:
    """What names one person and nobody else."""
    yield Key("profile_id", profile.profile_id)
    if profile.email:
        yield Key("email", profile.email)
    for phone in profile.phones:
        yield Key("phone", phone)


def _keys(profile: Profile) -> set[Key]:
    fields = {Key(CUSTOM, _text(value), name) for name, value in profile.fields.items()}
    return {key.folded for key in identities(profile)} | fields


def _text(value: object) -> str:
    """Altcraft: a number and its text are one; tags are matched as `tag-1, tag-2`."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _imagined(key: Key) -> Profile:
    if key.matching == "profile_id":
        return Profile.model_construct(profile_id=key.value.lower())
    digest = hashlib.blake2b(repr(key.folded).encode(errors="replace"), digest_size=12)
    return Profile.model_construct(profile_id=digest.hexdigest(), phones=[], fields={})

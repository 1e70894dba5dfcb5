"""What a rule makes of an event: the request to engage a person in a scenario."""

from enum import StrEnum

from app.kit.light import light
from app.model.json import JsonObject


class Matching(StrEnum):
    """Altcraft's names for the ways to find a profile (guide "Engage profile in scenario")."""

    EMAIL = "email"
    PHONE = "phone"
    PROFILE_ID = "profile_id"
    CUSTOM = "custom"


class InDoubt(StrEnum):
    """What to do when nobody knows whether Altcraft started the scenario."""

    RETRY = "retry"
    HOLD = "hold"


@light
class Match:
    """One way to find the profile. `field` is the profile field of `custom`, else None;
    only `custom` takes an int as `value`."""

    matching: Matching
    value: str | int
    field: str | None = None


@light
class ScenarioStart:
    """`matches` holds at least one; the next is tried when Altcraft knows no such profile."""

    rule: str
    destination: str
    scenario: int
    matches: tuple[Match, ...]
    content: JsonObject
    in_doubt: InDoubt

"""What a rule makes of an event: the request to engage a person in a scenario."""

from enum import StrEnum
from typing import Final

from app.kit.light import light, maker
from app.model.handling import PLAIN, Handling
from app.model.json import JsonObject


class Target(StrEnum):
    """What is started: both kinds have numbers of their own."""

    SCENARIO = "scenario"
    TRIGGER = "trigger"
    """A trigger mailing that is set to start by an API call."""


class Matching(StrEnum):
    """Altcraft's names for the ways to find a profile (guides "Engage profile in scenario",
    "Import and engage profile in scenario")."""

    EMAIL = "email"
    PHONE = "phone"
    PROFILE_ID = "profile_id"
    CUSTOM = "custom"
    EMAIL_PROFILE = "email_profile"
    """By the profile's own e-mail only: of imports."""
    OTHER = "other"
    """Any further mode of the platform, by its own name and with its own fields."""
    REQUEST = "custom_request"
    """No mode: a query to the profile database."""


CREATING: Final = frozenset(Matching) - {Matching.PROFILE_ID, Matching.REQUEST}


class InDoubt(StrEnum):
    """What to do when nobody knows whether Altcraft started the scenario."""

    RETRY = "retry"
    HOLD = "hold"


class OnUnknownProfile(StrEnum):
    """What to do when no match finds a profile."""

    FAIL = "fail"
    IMPORT = "import"
    """Create it, then start."""
    IGNORE = "ignore"


@light
class Match:
    """One way to find the profile. `field` is the profile field of `custom` and the platform's
    name of an `other` mode, else None; only `custom` takes an int as `value`, only `other` and
    `custom_request` an object: the mode's own fields, the query."""

    matching: Matching
    value: str | int | JsonObject
    field: str | None = None


@light
class Import:
    """Creates the profile or brings it up to date before the start. `is_always`: in every
    attempt, not only when no match finds a profile. `fields` are those of the request by
    Altcraft's names: `data`, `db_id`, `skip_triggers`, `detect_geo` and so on."""

    is_always: bool
    fields: JsonObject


@light
class ScenarioStart:
    """`matches` holds at least one; the next is tried when Altcraft knows no such profile.
    `scenario` is the number of the target. `fields` are further ones of the request by Altcraft's
    names: `resource_id`, `subscription_filter`, `custom_data`, `attach`. `imports` None: never."""

    rule: str
    destination: str
    scenario: int
    matches: tuple[Match, ...]
    content: JsonObject
    in_doubt: InDoubt
    target: Target = Target.SCENARIO
    fields: JsonObject | None = None
    imports: Import | None = None
    on_unknown_profile: OnUnknownProfile = OnUnknownProfile.FAIL
    handling: Handling = PLAIN

    @property
    def creating_match(self) -> Match | None:
        """The first by which a profile that does not exist can be created."""
        return next((m for m in self.matches if m.matching in CREATING), None)


make_start = maker(ScenarioStart)

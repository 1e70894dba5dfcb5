"""A rule: a condition over the event, and what to start when it holds."""

from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from app.config.schema.base import Expression, Name, OneOrMany, Part, Seconds
from app.config.schema.handling import AtMost, Batch, Debounce, QuietHours
from app.config.schema.match import MatchItem
from app.config.schema.place import Some
from app.model.start import InDoubt, OnUnknownProfile

ScenarioNumber = Annotated[int, Field(ge=1, strict=True)]


class ScenarioTable(Part):
    """A number looked up by a value of the call."""

    by: Expression = Field(description="yields the key")
    of: dict[str, ScenarioNumber] = Field(min_length=1, description="number of each key")
    default: ScenarioNumber | None = Field(None, description="for a key that is not in the table")


def _scenario_form(given: object) -> str:
    return "<table>" if isinstance(given, dict | ScenarioTable) else "<number>"


Scenario = Annotated[
    Annotated[ScenarioNumber, Tag("<number>")] | Annotated[ScenarioTable, Tag("<table>")],
    Discriminator(_scenario_form),
]


class SubscriptionFilter(Part):
    """Which subscription of the profile to write to: by one of `subscription_id`, `email`,
    `phone`."""

    subscription_id: Expression | None = Field(None, description="yields the subscription's id")
    provider: Expression | None = Field(None, description="with `subscription_id`: its provider")
    email: Expression | None = Field(None, description="yields the e-mail of the subscription")
    phone: Expression | None = Field(None, description="yields the phone of the subscription")
    not_strict: bool | None = Field(
        None, description="what Altcraft does when it finds no such subscription"
    )

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        given = [self.subscription_id, self.email, self.phone]
        if sum(one is not None for one in given) != 1:
            raise ValueError("expected exactly one of subscription_id, email, phone")
        if (self.subscription_id is None) != (self.provider is None):
            raise ValueError("`subscription_id` and `provider` go together")
        return self


class Rule(Part):
    name: str = Field(min_length=1, max_length=100, description="unique; shown and counted by it")
    source: Annotated[OneOrMany[Name], Some] | None = Field(
        None, description="one source, a list, absent: any"
    )
    when: Annotated[OneOrMany[Expression], Some] | None = Field(
        None, description="condition; of a list all must hold; absent: always"
    )
    match: Annotated[tuple[MatchItem, ...], Some] | None = Field(
        None,
        description="ways to find the profile, tried in order; absent: crm_id, profile_id, "
        "email, phone at the top of the body or the query",
    )
    scenario: Scenario | None = Field(
        None, description="number of the scenario to start, or a table of them"
    )
    trigger: Scenario | None = Field(
        None, description="instead of `scenario`: number of a trigger mailing, or a table of them"
    )
    content: dict[str, Expression] = Field(
        default_factory=dict, description="reaches templates as {apicontent.NAME}"
    )
    custom_data: dict[str, Expression] = Field(
        default_factory=dict, description="data for action hooks, in newer versions of Altcraft"
    )
    attach: Expression | None = Field(None, description="yields a list of files, each an object")
    resource_id: Expression | None = Field(
        None, description="number of the resource that narrows matching by e-mail and phone"
    )
    subscription_filter: SubscriptionFilter | None = Field(
        None, description="which subscription of the profile to write to"
    )
    on_unknown_profile: OnUnknownProfile = Field(
        OnUnknownProfile.FAIL,
        description="when no match finds a profile: fail (dead letter), import (create it, then "
        "start), ignore (done, nothing started)",
    )
    import_profile: bool = Field(
        False, description="create or update the profile first, in every request"
    )
    data: dict[str, Expression] = Field(
        default_factory=dict,
        description="of an import: fields of the profile by Altcraft's names, such as _fname",
    )
    db_id: Expression | None = Field(None, description="of an import: number of the database")
    skip_triggers: bool | None = Field(
        None, description="of an import: triggers and scenarios on change of a profile stay still"
    )
    skip_invalid_subscriptions: bool | None = Field(
        None, description="of an import: subscriptions that are not valid are left out"
    )
    detect_geo: bool | None = Field(
        None, description="of an import: find the place by the address in _regip or _ip"
    )
    destination: Name | None = Field(None, description="may be left out when there is one")
    in_doubt: InDoubt = Field(
        InDoubt.RETRY,
        description="when nobody knows whether Altcraft got a start: retry (it may start twice) "
        "or hold (a person judges)",
    )
    priority: Literal["high", "normal", "low"] = Field(
        "normal",
        description="of its starts in a backlog: high, normal or low; low ones are slowed, never "
        "stopped",
    )
    order_by: Expression | None = Field(
        None,
        description="starts with the same value go one after the other, in order of receipt",
    )
    order_wait: Seconds = Field(
        3600.0, gt=0, description="with `order_by`: after this wait a start goes all the same"
    )
    delay: Seconds | None = Field(None, description="wait so long after the call")
    not_before: Expression | None = Field(
        None,
        description="yields an instant (RFC 3339 with offset, or seconds since 1970) to wait for",
    )
    quiet_hours: QuietHours | None = Field(None, description="hours in which nothing starts")
    expires: Seconds | None = Field(
        None, gt=0, description="do not start when the call is older than this"
    )
    at_most: AtMost | None = Field(
        None, description="per person and scenario, such as 1 per 24h; further ones do not start"
    )
    debounce: Debounce | None = Field(
        None, description="of calls that follow each other within this time only the last starts"
    )
    batch: Batch | None = Field(
        None,
        description="starts that share a request, such as up_to 500 within 200ms, or with as "
        "task behind it; needs `import_profile: true`, or `trigger`",
    )
    stop: bool = Field(False, description="when this rule holds, later rules are not asked")

    @model_validator(mode="after")
    def _has_one_target(self) -> Self:
        if (self.scenario is None) == (self.trigger is None):
            raise ValueError("expected exactly one of scenario, trigger")
        return self

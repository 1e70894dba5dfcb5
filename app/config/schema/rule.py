"""A rule: a condition over the event, and the scenario to start when it holds."""

from typing import Annotated, Self

from pydantic import Discriminator, Field, Tag, model_validator

from app.config.schema.base import Expression, Name, OneOrMany, Part
from app.config.schema.place import Some
from app.model.start import InDoubt, Matching


class MatchItem(Part):
    """One way to find the profile: the name of a matching mode with an expression."""

    email: Expression | None = Field(None, description="yields the e-mail")
    phone: Expression | None = Field(None, description="yields the phone")
    profile_id: Expression | None = Field(None, description="yields the 24 hex characters")
    custom: str | None = Field(
        None, min_length=1, description="the profile field to look in, such as CRM_ID"
    )
    value: Expression | None = Field(None, description="with `custom`: what the field must be")

    @model_validator(mode="after")
    def _is_one_mode(self) -> Self:
        if len(self._modes()) != 1:
            names = ", ".join(Matching)
            raise ValueError(f"expected exactly one of {names}")
        if (self.custom is None) != (self.value is None):
            raise ValueError("`custom: FIELD` and `value: EXPRESSION` go together")
        return self

    def _modes(self) -> list[Matching]:
        return [mode for mode in Matching if getattr(self, mode) is not None]

    @property
    def matching(self) -> Matching:
        return self._modes()[0]

    @property
    def expression(self) -> str:
        found: str = self.value if self.value is not None else getattr(self, self.matching)
        return found


ScenarioNumber = Annotated[int, Field(ge=1, strict=True)]


class ScenarioTable(Part):
    """The scenario's number looked up by a value of the call."""

    by: Expression = Field(description="yields the key")
    of: dict[str, ScenarioNumber] = Field(min_length=1, description="scenario number of each key")
    default: ScenarioNumber | None = Field(None, description="for a key that is not in the table")


def _scenario_form(given: object) -> str:
    return "<table>" if isinstance(given, dict | ScenarioTable) else "<number>"


Scenario = Annotated[
    Annotated[ScenarioNumber, Tag("<number>")] | Annotated[ScenarioTable, Tag("<table>")],
    Discriminator(_scenario_form),
]


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
    scenario: Scenario = Field(description="number of the scenario, or a table of them")
    content: dict[str, Expression] = Field(
        default_factory=dict, description="reaches templates as {apicontent.NAME}"
    )
    destination: Name | None = Field(None, description="may be left out when there is one")
    in_doubt: InDoubt = Field(
        InDoubt.RETRY,
        description="when nobody knows whether Altcraft got a start: retry (it may start twice) "
        "or hold (a person judges)",
    )
    stop: bool = Field(False, description="when this rule holds, later rules are not asked")

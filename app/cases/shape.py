"""The models of a file of cases. Their descriptions are its reference."""

import json
from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import (
    AwareDatetime,
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    RootModel,
    Tag,
    model_validator,
)

from app.config.schema.base import Name, OneOrMany, Part
from app.config.schema.place import Some
from app.model.event import EventStatus
from app.model.start import Match, Matching

# The same whenever the case is run: a rule that reads `received` must not say yes on one day and
# no on the next.
RECEIVED = datetime(2026, 1, 1, tzinfo=UTC)


class BodyOf(Part):
    # `json` is no name for a field of a model.
    model_config = ConfigDict(populate_by_name=True)

    json_: JsonValue = Field(None, alias="json", description="a value, sent as JSON")
    form: dict[str, OneOrMany[str]] | None = Field(
        None, description="fields, sent as a form; names with their brackets, a list for repeats"
    )
    file: str | None = Field(
        None, min_length=1, description="path of a file, beside the file of the case"
    )

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("expected exactly one of json, form, file, or the body as a text")
        return self

    @model_validator(mode="after")
    def _can_be_written(self) -> Self:
        try:
            json.dumps(self.json_, allow_nan=False)
        except ValueError:
            raise ValueError("json: infinities and NaN can't be written as JSON") from None
        return self


def _body_form(given: object) -> str:
    return "<text>" if isinstance(given, str) else "<value>"


Body = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[BodyOf, Tag("<value>")],
    Discriminator(_body_form),
]


_MODES = tuple("matching" if mode is Matching.OTHER else mode.value for mode in Matching)


class ExpectedMatch(Part):
    """One way to find the profile, with the value that is sent."""

    email: str | None = Field(None, description="as it is sent: normal, in lower case")
    phone: str | None = Field(None, description="as it is sent: `+79000000000`")
    profile_id: str | None = Field(None, description="24 hex characters")
    custom: str | None = Field(None, min_length=1, description="the profile field")
    value: str | int | None = Field(None, description="with `custom`: what the field must be")
    email_profile: str | None = Field(None, description="as it is sent")
    custom_request: dict[str, JsonValue] | None = Field(None, description="the query")
    matching: str | None = Field(None, description="name of a further mode of the platform")
    fields: dict[str, JsonValue] | None = Field(None, description="with `matching`: its fields")

    @model_validator(mode="after")
    def _is_one_mode(self) -> Self:
        if sum(getattr(self, name) is not None for name in _MODES) != 1:
            raise ValueError(f"expected exactly one of {', '.join(_MODES)}")
        if (self.custom is None) != (self.value is None):
            raise ValueError("`custom: FIELD` and `value: ...` go together")
        if (self.matching is None) != (self.fields is None):
            raise ValueError("`matching: MODE` and `fields: {...}` go together")
        return self

    @property
    def match(self) -> Match:
        if self.custom is not None:
            return Match(Matching.CUSTOM, self.value or "", self.custom)
        if self.matching is not None:
            return Match(Matching.OTHER, self.fields or {}, self.matching)
        name = next(name for name in _MODES if getattr(self, name) is not None)
        return Match(Matching(name), getattr(self, name))


class ExpectedStart(Part):
    """What is stated is compared whole; what is left out may be anything."""

    rule: str | None = Field(None, description="name of the rule that holds")
    scenario: int | None = Field(None, strict=True, description="its number")
    trigger: int | None = Field(None, strict=True, description="number of the trigger mailing")
    match: Annotated[OneOrMany[ExpectedMatch], Some] | None = Field(
        None, description="how the profile is found: all ways, in the order they are tried"
    )
    content: dict[str, JsonValue] | None = Field(None, description="what templates get")
    destination: str | None = Field(None, description="name of the Altcraft platform")


class ExpectedItem(Part):
    starts: tuple[ExpectedStart, ...] | None = Field(
        None, description="every start, in order; [] for a call that starts nothing"
    )
    because: str | None = Field(
        None, min_length=1, description="with `starts: []`: a text that stands in the reason"
    )
    status: EventStatus | None = Field(None, description="accepted or ignored")
    dedup_key: str | None = Field(None, description="the deduplication key")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("says nothing: state `starts`, for example")
        if self.because is not None and self._should_start:
            raise ValueError("`because` is for calls that start nothing: `starts: []`")
        return self

    @property
    def _should_start(self) -> bool:
        return bool(self.starts) or self.status is EventStatus.ACCEPTED


class Expect(ExpectedItem):
    """`refused` and `items` stand alone."""

    refused: str | None = Field(
        None, min_length=1, description="the call is refused: the type of the problem"
    )
    items: tuple[ExpectedItem, ...] | None = Field(
        None, description="for a call that holds several: what is expected of each, in order"
    )

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Self:
        alone = self.model_fields_set & {"refused", "items"}
        if alone and len(self.model_fields_set) > 1:
            raise ValueError(f"`{min(alone)}` stands alone")
        return self


class Case(Part):
    """A call, and what it should start."""

    name: str = Field(min_length=1, max_length=200, description="says what is tested")
    source: Name = Field(description="the source that gets the call")
    method: str = Field("POST", pattern=r"^(POST|PUT|GET)$", description="POST, PUT or GET")
    path: str = Field("", description="what follows /hooks/SOURCE/, without a secret in it")
    query: str = Field("", description="the query string, as in the address")
    headers: dict[str, str] = Field(default_factory=dict, description="any case of names")
    content_type: str | None = Field(
        None, description="absent: as `json:` and `form:` have it, else told by the body"
    )
    body: Body = Field("", description="a text, or json:, form: or file:")
    received: AwareDatetime = Field(RECEIVED, description="when the call comes in, as rules see it")
    expect: Expect = Field(description="what the call should start")


class CaseFile(RootModel[OneOrMany[Case]]):
    """One case or a list of them."""

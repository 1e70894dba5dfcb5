"""One way to find the profile."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from app.config.schema.base import Expression, Part
from app.model.start import Matching

_KEYS = {
    Matching.EMAIL: "email",
    Matching.PHONE: "phone",
    Matching.PROFILE_ID: "profile_id",
    Matching.CUSTOM: "custom",
    Matching.EMAIL_PROFILE: "email_profile",
    Matching.REQUEST: "custom_request",
    Matching.OTHER: "matching",
}
ModeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]


class MatchItem(Part):
    """The name of a matching mode with an expression."""

    email: Expression | None = Field(None, description="yields the e-mail")
    phone: Expression | None = Field(None, description="yields the phone")
    profile_id: Expression | None = Field(None, description="yields the 24 hex characters")
    custom: str | None = Field(
        None, min_length=1, description="the profile field to look in, such as CRM_ID"
    )
    value: Expression | None = Field(None, description="with `custom`: what the field must be")
    email_profile: Expression | None = Field(
        None, description="yields the e-mail; sought in profiles only, by imports only"
    )
    custom_request: Expression | None = Field(
        None, description="yields an object, the query to the profile database"
    )
    matching: ModeName | None = Field(
        None, description="a further mode of the platform by its own name, such as push_data"
    )
    fields: dict[str, Expression] | None = Field(
        None, min_length=1, description="with `matching`: the fields that the mode asks for"
    )

    @model_validator(mode="after")
    def _is_one_mode(self) -> Self:
        if len(self._modes()) != 1:
            raise ValueError(f"expected exactly one of {', '.join(_KEYS.values())}")
        if (self.custom is None) != (self.value is None):
            raise ValueError("`custom: FIELD` and `value: EXPRESSION` go together")
        if (self.matching is None) != (self.fields is None):
            raise ValueError("`matching: MODE` and `fields: {NAME: EXPRESSION}` go together")
        if self.matching in set(Matching) - {Matching.OTHER}:
            raise ValueError(f"write it as `{self.matching}: ...`, without `matching`")
        return self

    def _modes(self) -> list[Matching]:
        return [mode for mode, key in _KEYS.items() if getattr(self, key) is not None]

    @property
    def mode(self) -> Matching:
        return self._modes()[0]

    @property
    def field(self) -> str | None:
        """Of the profile, of `custom`; of another mode its name."""
        return self.custom if self.mode is Matching.CUSTOM else self.matching

    @property
    def expressions(self) -> dict[str, str]:
        """By the key in the file: one, but for further modes."""
        if self.mode is Matching.OTHER:
            return {f"fields.{name}": text for name, text in (self.fields or {}).items()}
        key = "value" if self.mode is Matching.CUSTOM else _KEYS[self.mode]
        return {key: getattr(self, key)}

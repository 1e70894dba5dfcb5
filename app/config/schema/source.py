"""A source: who calls, how it proves that, what it sends, what it wants to hear."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Discriminator, Field, Tag, model_validator

from app.config.schema.auth import Auth
from app.config.schema.base import Bytes, Expression, Part, Seconds
from app.config.schema.decode import Decode
from app.config.schema.reply import Handshake, Reply
from app.config.schema.secret import Secrets
from app.config.schema.signature import HeaderName


class OnUndecodable(StrEnum):
    REFUSE = "refuse"
    KEEP = "keep"


class Dedup(Part):
    """What makes a call the same call again. Exactly one of `value`, `header`, `body`."""

    value: Expression | None = Field(None, description="yields the key")
    header: HeaderName | None = Field(None, description="the header that holds the key")
    body: bool = Field(False, description="true: a digest of the body is the key")
    window: Seconds | None = Field(
        None, gt=0, description="after this time the same key is a new call; absent: never"
    )

    @model_validator(mode="after")
    def _is_one_key(self) -> Self:
        if [self.value is not None, self.header is not None, self.body].count(True) != 1:
            raise ValueError("expected exactly one of `value`, `header` and `body: true`")
        return self


def _dedup_form(given: object) -> str:
    return "<parts>" if isinstance(given, dict | Dedup) else "<value>"


class Source(Part):
    preset: str | None = Field(None, description="a known system; see `bridge presets`")
    auth: Auth | None = Field(None, description="how the caller proves who it is")
    decode: Decode | None = Field(None, description="how the body becomes one JSON value")
    each: Expression | None = Field(
        None, description="yields a list: each item becomes an event of its own"
    )
    dedup: (
        Annotated[
            Annotated[Expression, Tag("<value>")] | Annotated[Dedup, Tag("<parts>")],
            Discriminator(_dedup_form),
        ]
        | None
    ) = Field(None, description="the key by which a repeated call is known")
    handshakes: tuple[Handshake, ...] | None = Field(
        None, description="calls that are answered and start nothing"
    )
    verify_token: Secrets | None = Field(
        None, description="what the caller must repeat when it checks the address (Meta)"
    )
    reply: Reply | None = Field(None, description="answer to an accepted call, if not ours")
    on_undecodable: OnUndecodable = Field(
        OnUndecodable.REFUSE, description="refuse with 400, or keep the call with the reason"
    )
    body_limit: Bytes = Field(1024**2, gt=0, le=64 * 1024**2, description="larger: 413")
    region: str | None = Field(
        None,
        pattern=r"^[A-Z]{2}$",
        description="country of phone numbers written without one, such as RU",
    )
    strict: bool = Field(False, description="a call that no rule takes is answered with 422")

"""What a caller is told: the reply to a call that was taken, and the answer to a handshake."""

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Discriminator, Field, Tag, model_validator

from app.config.schema.base import Expression, Part, Seconds
from app.config.schema.secret import Secrets
from app.config.schema.signature import HeaderName

# What the server says of the connection and the body's length is not for the file to say.
_NOT_OURS = frozenset({"content-type", "content-length", "transfer-encoding", "connection", "date"})


class Signed(Part):
    """The hex HMAC-SHA256 of a text under the source's own secret, as Zoom asks for."""

    hmac_sha256_hex: Expression = Field(description="yields the text that is signed")


class OfEvent(Part):
    """What the bridge made of the call; of several events, the first one's id."""

    event: Literal["id", "status"] = Field(description="id, or accepted, ignored, duplicate")


def _value_form(given: object) -> str:
    if isinstance(given, Signed) or (isinstance(given, dict) and "hmac_sha256_hex" in given):
        return "<signed>"
    return "<event>" if isinstance(given, dict | OfEvent) else "<value>"


ReplyValue: TypeAlias = Annotated[
    Annotated[Expression, Tag("<value>")]
    | Annotated[Signed, Tag("<signed>")]
    | Annotated[OfEvent, Tag("<event>")],
    Discriminator(_value_form),
]


def _body_form(given: object) -> str:
    return "<object>" if isinstance(given, dict) else "<value>"


class Answer(Part):
    """Without `body` and `text` the answer is empty."""

    status: Expression | None = Field(
        None, description="a number from 200 to 599, or what yields it; absent: 200"
    )
    headers: dict[HeaderName, Expression] = Field(
        default_factory=dict, description="header names with what yields their values"
    )
    body: (
        Annotated[
            Annotated[Expression, Tag("<value>")]
            | Annotated[dict[str, ReplyValue], Tag("<object>")],
            Discriminator(_body_form),
        ]
        | None
    ) = Field(
        None,
        description="what yields the body: a text is sent as text, other values as JSON; or the "
        "fields of a JSON object, each an expression, {hmac_sha256_hex: EXPR} or {event: id}",
    )
    text: str | None = Field(None, max_length=65_536, description="the body, word for word")
    content_type: str | None = Field(
        None,
        pattern=r"^[a-z]+/[a-z0-9.+-]+(; ?charset=[A-Za-z0-9-]+)?$",
        description="of the body; absent: text/plain or application/json, as it is",
    )

    @model_validator(mode="after")
    def _is_one_body(self) -> Self:
        if self.body is not None and self.text is not None:
            raise ValueError("`body` (an expression) and `text` (word for word) exclude each other")
        return self

    @model_validator(mode="after")
    def _reflects_no_page(self) -> Self:
        kind = self.content_type or ""
        # What a caller wrote must never come back as a page that a browser runs.
        if "html" in kind or "svg" in kind:
            raise ValueError("expected a content type that no browser shows as a page")
        if "xml" in kind and self.body is not None:
            raise ValueError("an XML answer is written out with `text`, it repeats no values")
        return self

    @model_validator(mode="after")
    def _leaves_the_connection_alone(self) -> Self:
        for name in self.headers:
            if name.lower() in _NOT_OURS:
                raise ValueError(f"header {name} is set by the server (and `content_type`)")
        return self


class Reply(Answer):
    """With `within` alone the bridge answers as usual: 202 and what was started."""

    within: Seconds | None = Field(
        None, gt=0, description="how long the caller waits; a call not stored by then gets 503"
    )


class Verify(Part):
    """A parameter that must be a secret text, such as Meta's verify token."""

    query: str | None = Field(None, min_length=1, description="name of the query parameter")
    header: HeaderName | None = Field(None, description="name of the header")
    secret: Secrets | None = Field(None, description="absent: the source's `verify_token`")

    @model_validator(mode="after")
    def _is_one_place(self) -> Self:
        if (self.query is None) == (self.header is None):
            raise ValueError("expected one of `query` and `header`")
        return self


class Handshake(Part):
    """A call by which a system checks the address. It is answered, not kept, starts nothing."""

    name: str | None = Field(None, min_length=1, max_length=64, description="for the log")
    when: Expression = Field(description="how it is known from an event")
    authenticated: bool = Field(
        True, description="false: answered without proof, for systems that check before they sign"
    )
    verify: Verify | None = Field(None, description="a secret that the caller must repeat")
    reply: Answer = Field(default_factory=Answer, description="absent: 200, empty")

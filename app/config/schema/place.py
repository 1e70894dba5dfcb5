"""Where in a call a text stands, and how what stands there is written."""

from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from app.config.schema.base import Part, Seconds
from app.config.schema.template import Placeholder

HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")]
FieldPathText = Annotated[
    str,
    StringConstraints(pattern=r"^[^.\[\]{}?]+(\.[^.\[\]{}?]+|\[[^\[\]{}?]+\])*$", max_length=512),
]
"""`a.b`, `a[b]`, `a[0].b`; `*` stands for every item of a list."""

FIVE_MINUTES_S = 300.0


def _not_empty(given: tuple[Any, ...]) -> tuple[Any, ...]:
    # Not `min_length`: that would complain once more of a list whose items have faults.
    if not given:
        raise ValueError("expected at least one")
    return given


Some = AfterValidator(_not_empty)
"""Of a list that may not be empty."""


def exactly_one(part: Part, names: tuple[str, ...]) -> None:
    """Raises ValueError unless one of the fields is given."""
    if sum(getattr(part, name) is not None for name in names) != 1:
        raise ValueError(f"expected exactly one of {', '.join(f'`{name}`' for name in names)}")


class Encoding(StrEnum):
    HEX = "hex"
    BASE64 = "base64"
    BASE64URL = "base64url"


class KeyEncoding(StrEnum):
    TEXT = "text"
    HEX = "hex"
    BASE64 = "base64"


class Algorithm(StrEnum):
    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"


class Place(Part):
    """Where in a call a text stands."""

    PLACES: ClassVar[tuple[str, ...]] = ("header", "query", "field")

    header: HeaderName | None = Field(None, description="name of the header")
    query: str | None = Field(None, min_length=1, description="name of the query parameter")
    field: FieldPathText | None = Field(
        None,
        description="path of the field in the decoded body: `auth.token`, `auth[token]`, "
        "`items[*].token` (every item must hold it)",
    )

    @model_validator(mode="after")
    def _is_one_place(self) -> Self:
        exactly_one(self, self.PLACES)
        return self

    def in_template(self) -> Placeholder | None:
        """How a signed template names this place; None when it can't."""
        for name in ("header", "query", "field"):
            argument = getattr(self, name)
            if argument is not None:
                return Placeholder(name, argument.lower() if name == "header" else argument)
        return None


class Extract(Part):
    """How to find the signatures in a header that holds several things.

    `t=1700000000,v1=abc,v1=def` (Stripe, Calendly): `{separator: ",", name: v1}`.
    """

    separator: str = Field(",", min_length=1, max_length=3, description="stands between parts")
    assign: str = Field(
        "=", min_length=1, max_length=3, description="stands between a part's name and value"
    )
    name: str | None = Field(
        None, min_length=1, description="parts so named are signatures; absent: all parts are"
    )


class TimestampUnit(StrEnum):
    SECONDS = "s"
    MILLISECONDS = "ms"
    ISO = "iso"


class Timestamp(Place):
    """When the caller signed. Outside the window from `past` to `future` the call is refused."""

    PLACES: ClassVar[tuple[str, ...]] = ("header", "query", "field", "part")

    part: str | None = Field(
        None, min_length=1, description="the part of the signature's own header (see `extract`)"
    )
    unit: TimestampUnit = Field(
        TimestampUnit.SECONDS, description="s, ms: since 1970; iso: a date with its zone"
    )
    past: Seconds = Field(FIVE_MINUTES_S, description="older than this: refused")
    future: Seconds = Field(FIVE_MINUTES_S, description="further ahead than this: refused")


class BodyHash(Place):
    """A hash of the body that stands in a signed place, so that the body is covered by way of it
    (Twilio: `bodySHA256` in the signed URL)."""

    algorithm: Algorithm = Field(Algorithm.SHA256, description="of the hash")
    encoding: Encoding = Field(Encoding.HEX, description="how the hash is written")
    prefix: str = Field("", max_length=64, description="stands before the hash")


class PortForm(StrEnum):
    EXACT = "exact"
    ANY = "any"


class UrlForm(Part):
    """What the caller takes for its URL where that differs from what arrives."""

    port: PortForm = Field(
        PortForm.EXACT, description="any: the signature may be over the URL with or without port"
    )
    unescape: str = Field(
        "", max_length=64, description="characters that are signed as such, not as %XX (HubSpot)"
    )

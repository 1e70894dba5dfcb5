"""How a caller proves who it is."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    IPvAnyNetwork,
    StringConstraints,
    Tag,
    model_validator,
)

from app.config.schema.base import OneOrMany, Part
from app.config.schema.jwt import Jwt
from app.config.schema.place import Place, Some
from app.config.schema.secret import SecretRef, Secrets
from app.config.schema.signature import Certificate, Digest, Hmac, PublicKey, StandardWebhooks


class Basic(Part):
    username: Annotated[str, StringConstraints(pattern=r"^[^:]*$")] = Field(
        description="without a colon; the password may have one"
    )
    password: Secrets = Field(description="the user's password")


class ApiKey(Place):
    """A secret text in a header, a query parameter or a field of the body."""

    value: Secrets = Field(description="the secret")
    prefix: str = Field("", max_length=64, description="stands before the secret")


class QuerySecret(Part):
    name: str = Field("token", min_length=1, description="name of the query parameter")
    value: Secrets = Field(description="the secret")


class Ip(Part):
    allow: Annotated[OneOrMany[IPvAnyNetwork], Some] = Field(
        description="addresses or networks; the caller's address behind trusted proxies counts"
    )


def _input_form(given: object) -> str:
    return "<ref>" if isinstance(given, dict | SecretRef) else "<text>"


Input: TypeAlias = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[SecretRef, Tag("<ref>")],
    Discriminator(_input_form),
]


class Scheme(Part):
    """One way to prove it. Exactly one key; `secret` and `inputs` go together."""

    bearer: Secrets | None = Field(None, description="`Authorization: Bearer SECRET`")
    basic: Annotated[OneOrMany[Basic], Some] | None = Field(
        None, description="HTTP basic; one user or several"
    )
    api_key: ApiKey | None = Field(None, description="a secret in a header, parameter or field")
    query_secret: QuerySecret | None = Field(None, description="a secret in a query parameter")
    path_secret: Secrets | None = Field(
        None, description="the first part of what follows /hooks/{source}/"
    )
    hmac: Hmac | None = Field(None, description="a keyed hash over the call")
    digest: Digest | None = Field(None, description="a plain hash over the call and the secret")
    standard_webhooks: StandardWebhooks | None = Field(None, description="standardwebhooks.com")
    jwt: Jwt | None = Field(None, description="a JSON Web Token")
    public_key: PublicKey | None = Field(None, description="a signature by a key pair")
    certificate: Certificate | None = Field(None, description="a signature with a certificate")
    ip: Ip | None = Field(None, description="the caller's address")
    secret: Secrets | None = Field(None, description="the secret that the preset's own way needs")
    inputs: dict[str, Input] = Field(
        default_factory=dict, description="what else the preset's own way needs"
    )

    @model_validator(mode="after")
    def _is_one_way(self) -> Self:
        if len(self.given()) != 1:
            known = ", ".join(self._ways())
            raise ValueError(f"expected exactly one of {known}")
        return self

    @classmethod
    def _ways(cls) -> list[str]:
        return [name for name in cls.model_fields if name != "inputs"]

    def given(self) -> list[str]:
        """The names of the ways that are written; `inputs` alone stands for the preset's."""
        found = [name for name in self._ways() if getattr(self, name) is not None]
        return ["secret"] if self.inputs and not found else found

    @property
    def way(self) -> str:
        return self.given()[0]


class Group(Scheme):
    any: Annotated[tuple[Scheme, ...], Some] | None = Field(
        None, description="one of them suffices"
    )
    all: Annotated[tuple[Scheme, ...], Some] | None = Field(None, description="each must hold")


class AuthTree(Scheme):
    any: Annotated[tuple[Group, ...], Some] | None = Field(None, description="one of them suffices")
    all: Annotated[tuple[Group, ...], Some] | None = Field(None, description="each must hold")
    none: Literal[True] | None = Field(None, description="true: anybody may call")


def _auth_form(given: object) -> str:
    if isinstance(given, str):
        return "<word>"
    return "<many>" if isinstance(given, list | tuple) else "<one>"


def _as_tree(given: Any) -> AuthTree:
    if isinstance(given, str):
        return AuthTree(none=True)
    return AuthTree(any=given) if isinstance(given, tuple) else given


if TYPE_CHECKING:
    Auth: TypeAlias = AuthTree
else:
    # In the file a mapping, a list of which one suffices, or the word `none`.
    Auth = Annotated[
        Annotated[AuthTree, Tag("<one>")]
        | Annotated[tuple[Group, ...], Some, Tag("<many>")]
        | Annotated[Literal["none"], Tag("<word>")],
        Discriminator(_auth_form),
        AfterValidator(_as_tree),
    ]

"""A JSON Web Token that the caller brings, in a header or as the body."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from app.config.schema.base import OneOrMany, Part, Seconds
from app.config.schema.place import Algorithm, Encoding, HeaderName, KeyEncoding, Some, exactly_one
from app.config.schema.secret import SecretRef, Secrets

_THIS_MACHINE = r"(127\.0\.0\.1|localhost|\[::1\])"
_KEY_SET_URL = rf"^(https://|http://{_THIS_MACHINE}(:[0-9]+)?/)[^\s@?#\\]+$"


class JwtAlgorithm(StrEnum):
    HS256 = "HS256"
    HS384 = "HS384"
    HS512 = "HS512"
    RS256 = "RS256"
    RS384 = "RS384"
    RS512 = "RS512"
    PS256 = "PS256"
    PS384 = "PS384"
    PS512 = "PS512"
    ES256 = "ES256"
    ES384 = "ES384"
    ES512 = "ES512"
    ED25519 = "Ed25519"
    EDDSA = "EdDSA"

    @property
    def is_shared(self) -> bool:
        """Made with a secret that both sides hold."""
        return self.startswith("HS")


class BodyClaim(Part):
    """The claim that holds a hash of the body, so that the token covers it."""

    claim: str = Field(min_length=1, description="name of the claim")
    algorithm: Algorithm = Field(Algorithm.SHA256, description="of the hash")
    encoding: Encoding = Field(Encoding.HEX, description="how the hash is written")


class Jwt(Part):
    """The keys decide which algorithms may be named: HS* with `secret`, the others without. A
    token that names another algorithm, or none, is refused."""

    secret: Secrets | None = Field(None, description="the shared secret")
    key_encoding: KeyEncoding = Field(
        KeyEncoding.TEXT, description="text: the secret's characters are the key; else decoded"
    )
    public_key: Secrets | None = Field(None, description="PEM, as a secret")
    public_key_text: Annotated[OneOrMany[str], Some] | None = Field(
        None, description="PEM, written here"
    )
    jwks: SecretRef | None = Field(None, description="a JSON Web Key Set, from a file or variable")
    jwks_url: Annotated[str, StringConstraints(pattern=_KEY_SET_URL, max_length=1000)] | None = (
        Field(
            None, description="address of a JSON Web Key Set: https, or http on this very machine"
        )
    )
    algorithms: Annotated[OneOrMany[JwtAlgorithm], Some] = Field(description="those allowed")
    header: HeaderName = Field("Authorization", description="holds the token, after `scheme`")
    scheme: str = Field("Bearer", max_length=32, description='stands before the token; "": nothing')
    body: bool = Field(False, description="true: the body is the token (Yandex Pay)")
    audience: Annotated[OneOrMany[str], Some] | None = Field(
        None, description="one of these must be in `aud`"
    )
    issuer: Annotated[OneOrMany[str], Some] | None = Field(
        None, description="`iss` must be one of these"
    )
    leeway: Seconds = Field(30.0, le=3600, description="by which clocks may differ")
    require: tuple[str, ...] = Field(("exp",), description="claims that must be there")
    claims: dict[str, Annotated[OneOrMany[str], Some]] = Field(
        default_factory=dict, description="claims that must have one of these texts"
    )
    body_hash: BodyClaim | None = Field(None, description="absent: the body is not covered")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        exactly_one(self, ("secret", "public_key", "public_key_text", "jwks", "jwks_url"))
        is_shared = self.secret is not None
        if any(algorithm.is_shared != is_shared for algorithm in self.algorithms):
            expected = "HS256, HS384 or HS512" if is_shared else "algorithms of a key pair"
            raise ValueError(f"with these keys `algorithms` can only be {expected}")
        if self.body and self.body_hash is not None:
            raise ValueError("`body` and `body_hash` exclude each other")
        return self

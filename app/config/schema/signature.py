"""Proofs that are made over the call: by a shared secret, a key pair or a certificate."""

from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import Field, StringConstraints, model_validator

from app.config.schema.base import OneOrMany, Part, Seconds
from app.config.schema.place import (
    FIVE_MINUTES_S,
    Algorithm,
    BodyHash,
    Encoding,
    Extract,
    KeyEncoding,
    Place,
    Some,
    Timestamp,
    UrlForm,
    exactly_one,
)
from app.config.schema.place import HeaderName as HeaderName
from app.config.schema.secret import SecretRef, Secrets
from app.config.schema.template import Piece, Placeholder, parse_template


class Signed(Part):
    """What all signatures over a call have in common."""

    MAY_HOLD_SECRET: ClassVar[bool] = False

    signature: Place = Field(description="where the signature stands")
    encoding: Encoding = Field(
        Encoding.HEX, description="how it is written; hex in either case, base64 with or without ="
    )
    prefix: str = Field("", max_length=64, description='stands before it, such as "sha256="')
    extract: Extract | None = Field(None, description="for a header that holds several parts")
    signed: str = Field(
        "{body}", min_length=1, max_length=1024, description="what it is made over: a template"
    )
    timestamp: Timestamp | None = Field(None, description="absent: a call never grows too old")
    body_hash: BodyHash | None = Field(None, description="covers the body by way of its hash")
    url: UrlForm = Field(default_factory=UrlForm, description="how {url} is read")
    values: dict[str, str] = Field(
        default_factory=dict, description="fixed texts of the template, {value:NAME}"
    )

    @model_validator(mode="after")
    def _template_fits(self) -> Self:
        pieces = self.pieces()
        names = {piece.name for piece in pieces if isinstance(piece, Placeholder)}
        unknown = {p.argument for p in pieces if isinstance(p, Placeholder) and p.name == "value"}
        unknown -= self.values.keys()
        if unknown:
            raise ValueError(
                f"`signed` names {{value:{min(map(str, unknown))}}}, which is not in `values`"
            )
        if self.timestamp and self.timestamp.part is not None and self.extract is None:
            raise ValueError("`timestamp: {part: ...}` needs `extract`")
        if "timestamp" in names and self.timestamp is None:
            raise ValueError("`signed` has {timestamp}: say with `timestamp` where it stands")
        self._timestamp_is_signed(pieces, names)
        self._hash_is_signed(pieces, names)
        return self

    def _timestamp_is_signed(self, pieces: tuple[Piece, ...], names: set[str]) -> None:
        if self.timestamp is None or "timestamp" in names:
            return
        # A time that anybody can rewrite refuses nobody.
        if self.timestamp.in_template() not in pieces:
            raise ValueError("`timestamp` is checked but not signed: put {timestamp} in `signed`")

    def _hash_is_signed(self, pieces: tuple[Piece, ...], names: set[str]) -> None:
        if self.body_hash is None or self.body_hash.in_template() in pieces:
            return
        if self.body_hash.query is None or not names & {"url", "query"}:
            raise ValueError("`body_hash` is checked but not signed: put its place in `signed`")

    def pieces(self) -> tuple[Piece, ...]:
        return parse_template(self.signed, may_hold_secret=self.MAY_HOLD_SECRET)


class Hmac(Signed):
    """A keyed hash over the call.

    Mailgun's stands in the body and covers only its time and token:
    `signed: "{timestamp}{field:signature.token}"`. Segment signs the first event of a batch as it
    wrote it anew, which can't be repeated byte for byte: let it send one event a call
    (`signed: "{body}"`), or use `path_secret` beside it.
    """

    key: Secrets = Field(description="the secret that keys the hash")
    key_encoding: KeyEncoding = Field(
        KeyEncoding.TEXT,
        description="text: the secret's own characters are the key (also Stripe's `whsec_...`, "
        "whole); hex, base64: what it decodes to",
    )
    algorithm: Algorithm = Field(Algorithm.SHA256, description="of the hash")


class Digest(Signed):
    """A plain hash over a text that holds the secret, as older systems have it."""

    MAY_HOLD_SECRET: ClassVar[bool] = True

    secret: Secrets = Field(description="stands in `signed` as {secret}")
    algorithm: Algorithm = Field(Algorithm.SHA256, description="of the hash")
    signed: str = Field(
        min_length=1, max_length=1024, description="what is hashed: a template with {secret}"
    )

    @model_validator(mode="after")
    def _holds_the_secret(self) -> Self:
        if "{secret}" not in self.signed and "{body_with_secret}" not in self.signed:
            raise ValueError("`signed` needs {secret}: without it anybody can make the digest")
        return self


class StandardWebhooks(Part):
    """Signatures as standardwebhooks.com describes them (Svix, GitLab and others)."""

    secret: Secrets | None = Field(None, description="`whsec_` and base64: the shared secret")
    public_key: Secrets | None = Field(None, description="`whpk_` and base64: ed25519, as a secret")
    public_key_text: Annotated[OneOrMany[str], Some] | None = Field(
        None, description="the same written here, for a public key is no secret"
    )
    prefix: Annotated[OneOrMany[HeaderName], Some] = Field(
        ("webhook-",), description="of the three headers; `svix-` for Svix's own names"
    )
    past: Seconds = Field(FIVE_MINUTES_S, description="older than this: refused")
    future: Seconds = Field(FIVE_MINUTES_S, description="further ahead than this: refused")

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        exactly_one(self, ("secret", "public_key", "public_key_text"))
        return self


class KeyKind(StrEnum):
    ECDSA = "ecdsa"
    RSA = "rsa"
    ED25519 = "ed25519"


class Padding(StrEnum):
    PKCS1 = "pkcs1"
    PSS = "pss"


class Hash(StrEnum):
    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"


class Asymmetric(Signed):
    encoding: Encoding = Field(Encoding.BASE64, description="how the signature is written")
    hash: Hash = Field(Hash.SHA256, description="what is signed of the text; not for ed25519")
    padding: Padding = Field(Padding.PKCS1, description="of an RSA signature")


class PublicKey(Asymmetric):
    """A signature by a key pair of which the public half is known here."""

    kind: KeyKind = Field(description="ecdsa, rsa or ed25519")
    key: Secrets | None = Field(None, description="PEM, or base64 of DER; ed25519 also raw in hex")
    key_text: Annotated[OneOrMany[str], Some] | None = Field(
        None, description="the same written here, for a public key is no secret"
    )
    ecdsa_raw: bool = Field(
        False, description="true: the signature is r and s side by side, no DER"
    )

    @model_validator(mode="after")
    def _is_one_key(self) -> Self:
        exactly_one(self, ("key", "key_text"))
        return self


HostName = Annotated[str, StringConstraints(pattern=r"^\.?[a-z0-9-]+(\.[a-z0-9-]+)+$")]


class CertificateByUrl(Part):
    """The certificate that a header of the call names, fetched from allowed hosts alone and
    believed only when the given roots vouch for it."""

    header: HeaderName = Field(description="the header with the certificate's URL")
    hosts: Annotated[OneOrMany[HostName], Some] = Field(
        description="hosts allowed; with a dot in front, all below it: .paypal.com"
    )
    path: str = Field("/", pattern="^/", description="what the URL's path begins with")
    roots: SecretRef = Field(description="PEM file of the authorities that are believed")
    subject: str = Field(
        min_length=1, description="the name that the certificate must be made out to"
    )


class Certificate(Asymmetric):
    """An RSA signature by the key of a certificate (PayPal)."""

    pem: Secrets | None = Field(None, description="the certificate itself, or several")
    by_url: CertificateByUrl | None = Field(None, description="found by a header of the call")

    @model_validator(mode="after")
    def _is_one_source(self) -> Self:
        exactly_one(self, ("pem", "by_url"))
        return self

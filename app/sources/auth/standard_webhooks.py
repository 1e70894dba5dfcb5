"""Signatures as standardwebhooks.com describes them: HMAC (`v1`) or ed25519 (`v1a`)."""

import hmac
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from app.config.schema.place import Encoding, KeyEncoding, TimestampUnit
from app.sources.auth.encodings import canonical, decoded, key_bytes, normal, written
from app.sources.auth.places import CallPart, SecretPlaces
from app.sources.auth.refusal import Refusal, Why, refuse
from app.sources.auth.spot import CannotSign, Decoding, Fields, wire
from app.sources.auth.window import Window, seconds_of, timestamp_text
from app.sources.call import Call

_NAME = "standard_webhooks"
_MAX_SIGNATURES = 32
_SECRET_PREFIX = "whsec_"  # noqa: S105 - the mark of such a secret, not one
_PUBLIC_PREFIX = "whpk_"

Matches: TypeAlias = Callable[[bytes, str], bool]


def shared_key(secret: str) -> bytes | None:
    """The bytes of `whsec_...`, whose mark and padding may be missing; None when it is no base64.

    Here the secret is decoded; Stripe's looks the same and is taken as it is written.
    """
    return key_bytes(secret.removeprefix(_SECRET_PREFIX), KeyEncoding.BASE64)


def public_key(text: str) -> Ed25519PublicKey:
    """The key of `whpk_...`. Raises ValueError when it is not one."""
    raw = key_bytes(text.strip().removeprefix(_PUBLIC_PREFIX), KeyEncoding.BASE64)
    if raw is None or len(raw) != 32:
        raise ValueError("is no public key: expected `whpk_` and base64 of 32 bytes")
    return Ed25519PublicKey.from_public_bytes(raw)


@dataclass(frozen=True, slots=True)
class StandardWebhooks:
    """`keys` or `public_keys`, one kind of them. `prefixes` of the header names, in lower case."""

    prefixes: tuple[str, ...]
    window: Window
    keys: tuple[bytes, ...] = field(default=(), repr=False)
    public_keys: tuple[Ed25519PublicKey, ...] = ()

    @property
    def covers(self) -> frozenset[CallPart]:
        return frozenset({CallPart.BODY})

    @property
    def secret_places(self) -> SecretPlaces:
        return SecretPlaces()

    def check(self, call: Call, fields: Fields) -> Refusal | None:
        found = self._headers(call)
        if found is None:
            return refuse(_NAME, Why.ABSENT)
        id_, timestamp, signatures = found
        at_s = seconds_of(timestamp, TimestampUnit.SECONDS)
        why = self.window.judge(at_s, call.received_at)
        if why is not None:
            return refuse(_NAME, why)
        text = wire(f"{id_}.{timestamp}.") + call.body
        version, matches = ("v1", self._by_secret) if self.keys else ("v1a", self._by_public_key)
        given = list(_signatures(signatures, version))
        if not given:
            return refuse(_NAME, Why.UNREADABLE)
        return None if matches(text, given) else refuse(_NAME, Why.WRONG)

    def _headers(self, call: Call) -> tuple[str, str, str] | None:
        for prefix in self.prefixes:
            names = (f"{prefix}id", f"{prefix}timestamp", f"{prefix}signature")
            id_, timestamp, signature = (call.headers.get(name) for name in names)
            if id_ and timestamp and signature:
                return id_, timestamp, signature
        return None

    def _by_secret(self, text: bytes, given: Sequence[str]) -> bool:
        found = False
        for key in self.keys:
            expected = canonical(hmac.digest(key, text, "sha256"), Encoding.BASE64)
            for signature in given:
                found |= hmac.compare_digest(expected, normal(signature, Encoding.BASE64))
        return found

    def _by_public_key(self, text: bytes, given: Sequence[str]) -> bool:
        raw = [decoded(signature, Encoding.BASE64) for signature in given]
        return any(
            _verifies(key, signature, text)
            for key in self.public_keys
            for signature in raw
            if signature is not None
        )

    def sign(self, call: Call, decode: Decoding) -> Call:
        """The id is taken from the call when it has one, else made of its body and time."""
        if not self.keys:
            raise CannotSign("standard_webhooks: only the sender has the private key")
        prefix = self.prefixes[0]
        timestamp = timestamp_text(call.received_at, TimestampUnit.SECONDS)
        id_ = call.headers.get(f"{prefix}id") or _id_of(call, timestamp)
        text = wire(f"{id_}.{timestamp}.") + call.body
        proof = written(hmac.digest(self.keys[0], text, "sha256"), Encoding.BASE64)
        added = {
            f"{prefix}id": id_,
            f"{prefix}timestamp": timestamp,
            f"{prefix}signature": f"v1,{proof}",
        }
        return replace(call, headers={**call.headers, **added})


def _id_of(call: Call, timestamp: str) -> str:
    return "msg_" + hmac.digest(timestamp.encode(), call.body, "sha256").hex()[:24]


def _signatures(header: str, version: str) -> Iterator[str]:
    for part in header.split(" ", _MAX_SIGNATURES)[:_MAX_SIGNATURES]:
        name, _, signature = part.partition(",")
        if name == version and signature:
            yield signature


def _verifies(key: Ed25519PublicKey, signature: bytes, text: bytes) -> bool:
    try:
        key.verify(signature, text)
    except InvalidSignature:
        return False
    return True

"""Signatures made with a secret that both sides hold: HMAC, and plain digests of old."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from app.config.schema.place import Algorithm, Encoding
from app.sources.auth.encodings import canonical, normal
from app.sources.auth.envelope import Envelope
from app.sources.auth.places import CallPart, SecretPlaces
from app.sources.auth.refusal import Refusal, Why, refuse
from app.sources.auth.rendering import Signing, Unfit
from app.sources.auth.spot import Decoding, Fields
from app.sources.call import Call

Prove: TypeAlias = Callable[[bytes, bytes], bytes]


def by_hmac(algorithm: Algorithm) -> Prove:
    """HMAC (RFC 2104) from two digests that have the key in them already: `hmac.HMAC` takes twice
    as long. Of a short text it is made without letting go of the interpreter: `hmac.digest` lets
    go of it each time, and gets it back only when other threads have had theirs."""
    name = algorithm.value

    def prove(key: bytes, text: bytes) -> bytes:
        begun, outer = _keyed(key, name)
        inner, signing = begun.copy(), outer.copy()
        inner.update(text)
        signing.update(inner.digest())
        return signing.digest()

    return prove


@lru_cache(maxsize=256)
def _keyed(key: bytes, algorithm: str) -> "tuple[hashlib._Hash, hashlib._Hash]":
    size = hashlib.new(algorithm, usedforsecurity=False).block_size
    short = key if len(key) <= size else hashlib.new(algorithm, key, usedforsecurity=False).digest()
    padded = short.ljust(size, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in padded) for pad in (0x36, 0x5C))
    return (
        hashlib.new(algorithm, inner, usedforsecurity=False),
        hashlib.new(algorithm, outer, usedforsecurity=False),
    )


def by_digest(algorithm: Algorithm) -> Prove:
    """The secret is in the text already."""
    name = algorithm.value
    return lambda _, text: hashlib.new(name, text, usedforsecurity=False).digest()


@dataclass(frozen=True, slots=True)
class Keyed:
    """`keys`: any of them may have signed, for a time two are in use."""

    name: str
    envelope: Envelope
    prove: Prove
    encoding: Encoding
    is_in_text: bool
    keys: tuple[bytes, ...] = field(repr=False)

    @property
    def covers(self) -> frozenset[CallPart]:
        return self.envelope.covers

    @property
    def secret_places(self) -> SecretPlaces:
        return self.envelope.secret_places

    def check(self, call: Call, fields: Fields) -> Refusal | None:
        try:
            signing = self.envelope.open(call, fields)
            return None if self._matches(signing) else refuse(self.name, Why.WRONG)
        except Unfit as unfit:
            return refuse(self.name, unfit.why)

    def _matches(self, signing: Signing) -> bool:
        found, encoding = False, self.encoding
        given = [normal(text, encoding) for text in signing.signatures]
        for key in self.keys:
            for text in self.envelope.texts(signing, key if self.is_in_text else b""):
                expected = canonical(self.prove(key, text), encoding)
                for signature in given:
                    found |= hmac.compare_digest(expected, signature)
        return found

    def sign(self, call: Call, decode: Decoding) -> Call:
        key = self.keys[0]
        secret = key if self.is_in_text else b""
        signing = self.envelope.prepare(call, decode, secret)
        text = self.envelope.texts(signing, secret)[0]
        return self.envelope.seal(signing, self.prove(key, text))

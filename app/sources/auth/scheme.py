"""What every way of proof can do."""

from typing import ClassVar, Protocol

from app.sources.auth.places import CallPart, SecretPlaces
from app.sources.auth.refusal import Refusal
from app.sources.auth.spot import Decoding, Fields
from app.sources.call import Call


class Scheme(Protocol):
    """`covers` is what cannot be changed without the proof becoming wrong; None where the proof
    is no signature: who holds the secret may say anything, and nobody else can say a thing."""

    @property
    def covers(self) -> frozenset[CallPart] | None: ...

    @property
    def secret_places(self) -> SecretPlaces: ...

    def check(self, call: Call, fields: Fields) -> Refusal | None: ...

    def sign(self, call: Call, decode: Decoding) -> Call:
        """The call with a proof made at `call.received_at`. Raises CannotSign."""


class Unsigned:
    """The common part of schemes whose proof is a text that only the caller knows."""

    covers: ClassVar[frozenset[CallPart] | None] = None


class Open(Unsigned):
    """No authentication: anybody may call."""

    secret_places = SecretPlaces()

    def check(self, call: Call, fields: Fields) -> Refusal | None:
        return None

    def sign(self, call: Call, decode: Decoding) -> Call:
        return call

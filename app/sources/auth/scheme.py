"""What every way of proof can do."""

from typing import ClassVar, Protocol

from app.sources.auth.places import CallPart, SecretPlaces
from app.sources.auth.refusal import Refusal, Why, refuse
from app.sources.auth.spot import CannotSign, Decoding, Fields
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


class Closed(Unsigned):
    """Stands for a way of proof whose public keys are not at hand: lets nobody in."""

    secret_places = SecretPlaces()

    def check(self, call: Call, fields: Fields) -> Refusal | None:
        return refuse("closed", Why.WRONG)

    def sign(self, call: Call, decode: Decoding) -> Call:
        raise CannotSign("the keys of this source are not at hand")

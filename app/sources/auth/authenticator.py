"""A source's authentication, compiled."""

from dataclasses import dataclass, field

from app.kit.secret import Secret
from app.sources.auth.key_sets import Addresses
from app.sources.auth.places import CallPart, SecretPlaces
from app.sources.auth.refusal import Refusal
from app.sources.auth.scheme import Open, Scheme
from app.sources.auth.spot import Decoding, Fields
from app.sources.call import Call

_NOWHERE = Addresses()


@dataclass(frozen=True, slots=True)
class Authenticator:
    """`covers` is what a caller's signature makes unchangeable; None where there is no signature
    to warn of. `signing_secret` is the first secret, for answers that the sender wants signed;
    `addresses` is where its keys are fetched."""

    scheme: Scheme
    covers: frozenset[CallPart] | None
    secret_places: SecretPlaces
    signing_secret: Secret | None = field(default=None, repr=False)
    addresses: Addresses = _NOWHERE

    @classmethod
    def of(
        cls, scheme: Scheme, secret: Secret | None = None, addresses: Addresses = _NOWHERE
    ) -> "Authenticator":
        return cls(scheme, scheme.covers, scheme.secret_places, secret, addresses)

    @property
    def is_open(self) -> bool:
        """Anybody may call."""
        return isinstance(self.scheme, Open)

    def check(self, call: Call, fields: Fields) -> Refusal | None:
        """None lets the call in. The time that counts is `call.received_at`."""
        return self.scheme.check(call, fields)

    def without_secrets(self, call: Call) -> Call:
        """The call as it may be kept and shown to rules."""
        return self.secret_places.without_secrets(call)

    def sign(self, call: Call, decode: Decoding) -> Call:
        """The call as the caller would send it at `call.received_at`: with the proof in it.

        Raises CannotSign where only the other side has the key.
        """
        return self.scheme.sign(call, decode)

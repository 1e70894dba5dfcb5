"""Systems that sign with a key of their own, of which a source knows the public half alone."""

import zlib
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.sources.call import Call
from tests.support.certificates import a_certificate, as_pem

_AT = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)

_SENDGRID = ec.derive_private_key(0x5E4D, ec.SECP256R1())
SENDGRID_KEY = b64encode(
    _SENDGRID.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()

_AUTHORITY_KEY = ec.derive_private_key(0x1001, ec.SECP256R1())
_AUTHORITY = a_certificate("Authority", _AUTHORITY_KEY, at=_AT, is_ca=True)
_MIDDLE_KEY = ec.derive_private_key(0x2002, ec.SECP256R1())
_MIDDLE = a_certificate("Middle", _MIDDLE_KEY, _AUTHORITY, _AUTHORITY_KEY, at=_AT, is_ca=True)
PAYPAL_ROOTS = as_pem(_AUTHORITY)
PAYPAL_MIDDLE = as_pem(_MIDDLE)
PAYPAL_WEBHOOK = "8PT597110X687430LKGECATA"
PAYPAL_CERTIFICATE_URL = "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594"


@cache
def _paypal_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@cache
def paypal_certificate(name: str = "messageverificationcerts.paypal.com") -> str:
    return as_pem(a_certificate(name, _paypal_key(), _MIDDLE, _MIDDLE_KEY, at=_AT))


@dataclass(frozen=True, slots=True)
class Fetched:
    """Stands in for what is fetched from addresses: PayPal's certificate at once, if nothing else
    is said."""

    texts: Mapping[str, Callable[[], str]] = field(
        default_factory=lambda: {
            PAYPAL_CERTIFICATE_URL: lambda: paypal_certificate() + PAYPAL_MIDDLE
        }
    )

    def current(self, url: str) -> str | None:
        found = self.texts.get(url)
        return found() if found is not None else None

    def look_again(self, url: str) -> None:
        return


def by_sendgrid(call: Call) -> Call:
    time = str(int(call.received_at.timestamp()))
    proof = _SENDGRID.sign(time.encode() + call.body, ec.ECDSA(hashes.SHA256()))
    return _with_headers(
        call,
        {
            "x-twilio-email-event-webhook-timestamp": time,
            "x-twilio-email-event-webhook-signature": b64encode(proof).decode(),
        },
    )


def by_paypal(call: Call) -> Call:
    time = call.received_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    number = "69cd13f0-d67a-11e5-baa3-778b53f4ae55"
    text = f"{number}|{time}|{PAYPAL_WEBHOOK}|{zlib.crc32(call.body)}"
    proof = _paypal_key().sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return _with_headers(
        call,
        {
            "paypal-transmission-id": number,
            "paypal-transmission-time": time,
            "paypal-transmission-sig": b64encode(proof).decode(),
            "paypal-cert-url": PAYPAL_CERTIFICATE_URL,
        },
    )


def _with_headers(call: Call, headers: Mapping[str, str]) -> Call:
    return replace(call, headers={**call.headers, **headers})


SENDERS: Mapping[str, Callable[[Call], Call]] = {"paypal": by_paypal, "sendgrid": by_sendgrid}
"""By the names of their presets."""

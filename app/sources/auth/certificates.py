"""Signatures by the key of a certificate: one that the file holds, or one that the call names and
known authorities vouch for."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from app.config.schema.signature import Asymmetric, CertificateByUrl
from app.sources.auth.envelope import Envelope
from app.sources.auth.key_sets import KeySets, is_within
from app.sources.auth.places import CallPart, SecretPlaces
from app.sources.auth.public_keys import Verify, verified, verifier
from app.sources.auth.refusal import Refusal, Why, refuse
from app.sources.auth.rendering import Unfit
from app.sources.auth.spot import CannotSign, Decoding, Fields
from app.sources.call import Call

_NAME = "certificate"
_MOST_KNOWN = 16
_BELIEVED_FOR = timedelta(hours=1)
_LONGEST_URL = 1000


def read_certificates(pem: str) -> list[x509.Certificate]:
    """Raises ValueError with what is wrong, without the text."""
    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        raise ValueError("is no certificate: expected PEM") from None


def certificate_key(certificate: x509.Certificate) -> rsa.RSAPublicKey:
    """Raises ValueError when it is no RSA key of 2048 bits or more."""
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < 2048:
        raise ValueError("is a certificate without an RSA key of at least 2048 bits")
    return key


@dataclass(frozen=True, slots=True)
class Pinned:
    """Certificates that the file holds; each only within its own time."""

    known: tuple[tuple[x509.Certificate, Verify], ...]

    def keys(self, call: Call) -> tuple[Verify, ...]:
        """Raises Unfit when none is valid at the time of the call."""
        now = call.received_at
        found = tuple(verify for certificate, verify in self.known if _is_valid(certificate, now))
        if not found:
            raise Unfit(Why.EXPIRED)
        return found


def _is_valid(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


@dataclass(slots=True)
class _Believed:
    text: str
    until: datetime
    verify: Verify


@dataclass(frozen=True, slots=True)
class ByUrl:
    """What is believed is kept for an hour, so that not every call costs the check of a chain.
    Revocation is not asked after."""

    config: CertificateByUrl
    how: Asymmetric
    roots: Store
    key_sets: KeySets
    _known: dict[str, _Believed] = field(default_factory=dict, repr=False)

    def keys(self, call: Call) -> tuple[Verify, ...]:
        """Raises Unfit when no certificate can be believed, or none is there yet."""
        url = call.headers.get(self.config.header.lower())
        if url is None:
            raise Unfit(Why.ABSENT)
        if not self._is_allowed(url):
            raise Unfit(Why.NOT_ALLOWED_URL)
        text = self.key_sets.current(url)
        if text is None:
            raise Unfit(Why.KEYS_NOT_THERE)
        known = self._known.get(url)
        if known is None or known.text != text or known.until < call.received_at:
            known = self._believe(text, call.received_at)
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[url] = known
        return (known.verify,)

    def _is_allowed(self, url: str) -> bool:
        """Strict, for the address is fetched before anybody has said who calls."""
        if len(url) > _LONGEST_URL or not url.isascii() or not url.isprintable():
            return False
        try:
            parts = urlsplit(url)
            is_plain = parts.scheme == "https" and parts.port in (None, 443)
        except ValueError:
            return False
        if not is_plain or parts.netloc.removesuffix(":443") != parts.hostname:
            return False
        if any(mark in url for mark in ("..", "%", "\\", "?", "#", " ")):
            return False
        is_below = parts.path.startswith(self.config.path)
        return is_below and is_within(parts.hostname or "", self.config.hosts)

    def _believe(self, pem: str, now: datetime) -> _Believed:
        try:
            leaf, *others = read_certificates(pem)
            self._check_chain(leaf, others, now)
            verify = verifier(certificate_key(leaf), self.how)
        except (ValueError, VerificationError):
            raise Unfit(Why.NOT_VOUCHED) from None
        return _Believed(pem, min(now + _BELIEVED_FOR, leaf.not_valid_after_utc), verify)

    def _check_chain(
        self, leaf: x509.Certificate, others: Sequence[x509.Certificate], now: datetime
    ) -> None:
        policy = PolicyBuilder().store(self.roots).time(now)
        policy.build_server_verifier(x509.DNSName(self.config.subject)).verify(leaf, list(others))


@dataclass(frozen=True, slots=True)
class Certified:
    envelope: Envelope
    config: Asymmetric
    source: Pinned | ByUrl

    @property
    def covers(self) -> frozenset[CallPart]:
        return self.envelope.covers

    @property
    def secret_places(self) -> SecretPlaces:
        return self.envelope.secret_places

    def check(self, call: Call, fields: Fields) -> Refusal | None:
        try:
            # The signature's own shape and time come first: they cost less than a certificate.
            self.envelope.open(call, fields)
            keys = self.source.keys(call)
            is_good = verified(self.envelope, self.config.encoding, keys, call, fields)
        except Unfit as unfit:
            return refuse(_NAME, unfit.why)
        return None if is_good else refuse(_NAME, Why.WRONG)

    def sign(self, call: Call, decode: Decoding) -> Call:
        raise CannotSign("certificate: only the sender has the private key")

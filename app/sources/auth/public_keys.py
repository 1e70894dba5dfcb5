"""Signatures by a key pair whose public half is known here."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from app.config.schema.place import Encoding
from app.config.schema.signature import Asymmetric, Hash, KeyKind, Padding
from app.sources.auth.encodings import decoded
from app.sources.auth.envelope import Envelope
from app.sources.auth.places import CallPart, SecretPlaces
from app.sources.auth.refusal import Refusal, Why, refuse
from app.sources.auth.rendering import Unfit
from app.sources.auth.spot import CannotSign, Decoding, Fields
from app.sources.call import Call

Key: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey
Verify: TypeAlias = Callable[[bytes, bytes], bool]

_LEAST_RSA_BITS = 2048
_KEYS = (ec.EllipticCurvePublicKey, rsa.RSAPublicKey, ed25519.Ed25519PublicKey)
_CLASSES = {KeyKind.ECDSA: _KEYS[0], KeyKind.RSA: _KEYS[1], KeyKind.ED25519: _KEYS[2]}
_HASHES: dict[Hash, hashes.HashAlgorithm] = {
    Hash.SHA1: hashes.SHA1(),  # noqa: S303 - senders of old sign so; it is theirs to end
    Hash.SHA256: hashes.SHA256(),
    Hash.SHA384: hashes.SHA384(),
    Hash.SHA512: hashes.SHA512(),
}


def read_public_key(text: str, kind: KeyKind) -> Key:
    """Of PEM, base64 of DER, or the 32 bytes of an ed25519 key in hex or base64.

    Raises ValueError with what is wrong, without the text.
    """
    try:
        key = _load(text.strip(), kind)
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        raise ValueError("is no public key: expected PEM, or base64 of DER") from None
    if not isinstance(key, _KEYS) or not isinstance(key, _CLASSES[kind]):
        reason = f"is a public key of another kind than {kind}"
        raise ValueError(reason)  # noqa: TRY004 - a fault of the text, not of a type
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < _LEAST_RSA_BITS:
        raise ValueError(f"is an RSA key of less than {_LEAST_RSA_BITS} bits: it can be broken")
    return key


def _load(text: str, kind: KeyKind) -> object:
    if text.startswith("-----"):
        return serialization.load_pem_public_key(text.encode())
    is_hex = kind is KeyKind.ED25519 and len(text) == 64
    raw = bytes.fromhex(text) if is_hex else base64.b64decode("".join(text.split()), validate=True)
    if kind is KeyKind.ED25519 and len(raw) == 32:
        return ed25519.Ed25519PublicKey.from_public_bytes(raw)
    return serialization.load_der_public_key(raw)


def verifier(key: Key, config: Asymmetric, *, ecdsa_raw: bool = False) -> Verify:
    """Takes a signature and the text it should be over."""
    hash_ = _HASHES[config.hash]

    def verify(signature: bytes, text: bytes) -> bool:
        try:
            if isinstance(key, rsa.RSAPublicKey):
                key.verify(signature, text, _padding(config.padding, hash_), hash_)
            elif isinstance(key, ec.EllipticCurvePublicKey):
                der = _as_der(signature) if ecdsa_raw else signature
                key.verify(der, text, ec.ECDSA(hash_))
            else:
                key.verify(signature, text)
        except (InvalidSignature, ValueError):
            return False
        return True

    return verify


def _padding(padding_: Padding, hash_: hashes.HashAlgorithm) -> padding.AsymmetricPadding:
    if padding_ is Padding.PKCS1:
        return padding.PKCS1v15()
    return padding.PSS(mgf=padding.MGF1(hash_), salt_length=padding.PSS.AUTO)


def _as_der(signature: bytes) -> bytes:
    half = len(signature) // 2
    r, s = signature[:half], signature[half:]
    return encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))


@dataclass(frozen=True, slots=True)
class KeyPair:
    """`keys`: any of them may have signed."""

    envelope: Envelope
    encoding: Encoding
    keys: tuple[Verify, ...]
    name: str = "public_key"

    @property
    def covers(self) -> frozenset[CallPart]:
        return self.envelope.covers

    @property
    def secret_places(self) -> SecretPlaces:
        return self.envelope.secret_places

    def check(self, call: Call, fields: Fields) -> Refusal | None:
        try:
            is_good = verified(self.envelope, self.encoding, self.keys, call, fields)
        except Unfit as unfit:
            return refuse(self.name, unfit.why)
        return None if is_good else refuse(self.name, Why.WRONG)

    def sign(self, call: Call, decode: Decoding) -> Call:
        raise CannotSign(f"{self.name}: only the sender has the private key")


def verified(
    envelope: Envelope, encoding: Encoding, keys: tuple[Verify, ...], call: Call, fields: Fields
) -> bool:
    """Raises Unfit when the call can't be what was signed."""
    signing = envelope.open(call, fields)
    given = [decoded(text, encoding) for text in signing.signatures]
    return any(
        verify(signature, text)
        for text in envelope.texts(signing)
        for signature in given
        if signature is not None
        for verify in keys
    )

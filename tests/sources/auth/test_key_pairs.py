"""Signatures by key pairs and certificates."""

import zlib
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.sources.auth import CannotSign
from app.sources.call import Call
from tests.sources.auth.support import (
    NOW,
    Held,
    a_call,
    all_refused,
    auth_of,
    built,
    decode,
    is_let_in,
    spoilt_bodies,
    spoilt_headers,
    why,
)
from tests.support.certificates import a_certificate, as_pem

_RSA = rsa.generate_private_key(65537, 2048)
_EC = ec.derive_private_key(0xB0B, ec.SECP256R1())
_ED = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def _der(key: Any) -> str:
    raw: bytes = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b64encode(raw).decode()


def _pem(key: Any) -> str:
    made: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return made.decode()


def _written(kind: str, key: str | list[str], **more: object) -> dict[str, object]:
    return {"public_key": {"kind": kind, "key_text": key, "signature": {"header": "X-Sig"}, **more}}


def _call(proof: bytes, body: bytes = b'{"a": 1}') -> Call:
    return a_call(body, {"X-Sig": b64encode(proof).decode()})


@pytest.mark.parametrize("key", [_der(_RSA), _pem(_RSA)])
def test_an_rsa_signature_is_let_in(key: Any) -> None:
    # bePaid: Content-Signature
    auth = auth_of(_written("rsa", key))
    call = _call(_RSA.sign(b'{"a": 1}', padding.PKCS1v15(), hashes.SHA256()))

    assert is_let_in(auth, call)
    assert all_refused(auth, spoilt_bodies(call))
    assert all_refused(auth, spoilt_headers(call, "x-sig"))


def test_an_rsa_signature_in_the_newer_padding_is_let_in() -> None:
    auth = auth_of(_written("rsa", _pem(_RSA), padding="pss", hash="sha512"))
    pss = padding.PSS(padding.MGF1(hashes.SHA512()), padding.PSS.DIGEST_LENGTH)

    assert is_let_in(auth, _call(_RSA.sign(b'{"a": 1}', pss, hashes.SHA512())))
    other = _RSA.sign(b'{"a": 1}', padding.PKCS1v15(), hashes.SHA512())
    assert not is_let_in(auth, _call(other))


def test_an_ecdsa_signature_may_be_two_numbers_side_by_side() -> None:
    proof = _EC.sign(b'{"a": 1}', ec.ECDSA(hashes.SHA256()))
    raw = b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(proof))

    assert is_let_in(auth_of(_written("ecdsa", _der(_EC))), _call(proof))
    assert is_let_in(auth_of(_written("ecdsa", _der(_EC), ecdsa_raw=True)), _call(raw))
    assert not is_let_in(auth_of(_written("ecdsa", _der(_EC), ecdsa_raw=True)), _call(proof))
    assert not is_let_in(auth_of(_written("ecdsa", _der(_EC), ecdsa_raw=True)), _call(b"\x00"))


@pytest.mark.parametrize("form", ["pem", "der", "hex", "base64"])
def test_an_ed25519_key_is_read_in_all_its_forms(form: str) -> None:
    # Discord: key in hex, signature in hex over timestamp and body
    raw = _ED.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    keys = {
        "pem": _pem(_ED),
        "der": _der(_ED),
        "hex": raw.hex(),
        "base64": b64encode(raw).decode(),
    }
    written = _written(
        "ed25519",
        keys[form],
        encoding="hex",
        signed="{timestamp}{body}",
        timestamp={"header": "X-Time"},
    )
    auth = auth_of(written)
    time = str(int(NOW.timestamp()))
    proof = _ED.sign(time.encode() + b"{}").hex()

    call = a_call(b"{}", {"X-Sig": proof, "X-Time": time})

    assert is_let_in(auth, call)
    assert all_refused(auth, spoilt_bodies(call))
    assert all_refused(auth, spoilt_headers(call, "x-time"))


def test_each_of_several_keys_is_good() -> None:
    auth = auth_of(_written("ecdsa", [_der(ec.derive_private_key(7, ec.SECP256R1())), _der(_EC)]))

    assert is_let_in(auth, _call(_EC.sign(b'{"a": 1}', ec.ECDSA(hashes.SHA256()))))


@pytest.mark.parametrize(
    ("kind", "key", "reason"),
    [
        ("rsa", "no key", "is no public key: expected PEM, or base64 of DER"),
        ("rsa", _der(_EC), "is a public key of another kind than rsa"),
        ("ed25519", "AAAA", "is no public key: expected PEM, or base64 of DER"),
        (
            "rsa",
            _der(rsa.generate_private_key(65537, 1024)),
            "is an RSA key of less than 2048 bits: it can be broken",
        ),
    ],
)
def test_a_key_that_can_t_be_used_is_a_fault(kind: str, key: Any, reason: str | None) -> None:
    made, faults = built(_written(kind, key), {})

    assert made is None
    assert [str(fault) for fault in faults] == [f"sources.shop.auth.public_key.key_text: {reason}"]


def test_we_can_t_sign_for_a_key_pair() -> None:
    with pytest.raises(CannotSign, match="only the sender"):
        auth_of(_written("rsa", _pem(_RSA))).sign(a_call(b""), decode)


NAME = "messageverificationcerts.paypal.com"
CERT_URL = "https://api.paypal.com/v1/notifications/certs/CERT-360caa42"


_certificate = partial(a_certificate, at=NOW)

_ROOT_KEY = ec.derive_private_key(0x1001, ec.SECP256R1())
_ROOT = _certificate("Root", _ROOT_KEY, is_ca=True)
_MIDDLE_KEY = ec.derive_private_key(0x2002, ec.SECP256R1())
_MIDDLE = _certificate("Middle", _MIDDLE_KEY, _ROOT, _ROOT_KEY, is_ca=True)
_LEAF = _certificate(NAME, _RSA, _MIDDLE, _MIDDLE_KEY)
_CHAIN = as_pem(_LEAF, _MIDDLE)

PAYPAL = {
    "signature": {"header": "PAYPAL-TRANSMISSION-SIG"},
    "signed": "{header:PAYPAL-TRANSMISSION-ID}|{timestamp}|{value:webhook_id}|{body_crc32}",
    "timestamp": {"header": "PAYPAL-TRANSMISSION-TIME", "unit": "iso", "past": "1h"},
    "values": {"webhook_id": "WH-1"},
}
BY_URL = {
    "certificate": {
        **PAYPAL,
        "by_url": {
            "header": "PAYPAL-CERT-URL",
            "hosts": [".paypal.com"],
            "path": "/v1/notifications/certs/",
            "roots": {"env": "ROOTS"},
            "subject": NAME,
        },
    }
}


def _paypal_call(
    body: bytes = b'{"id": "WH-2"}', url: str = CERT_URL, webhook: str = "WH-1"
) -> Call:
    time = "2026-11-23T12:00:00Z"
    text = f"trans-1|{time}|{webhook}|{zlib.crc32(body)}"
    proof = _RSA.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    headers = {
        "PAYPAL-TRANSMISSION-ID": "trans-1",
        "PAYPAL-TRANSMISSION-TIME": time,
        "PAYPAL-TRANSMISSION-SIG": b64encode(proof).decode(),
        "PAYPAL-CERT-URL": url,
    }
    return a_call(body, headers)


def test_paypal_s_signature_is_let_in_when_an_authority_vouches_for_its_certificate() -> None:
    auth = auth_of(BY_URL, Held(**{CERT_URL: _CHAIN}), ROOTS=as_pem(_ROOT))
    call = _paypal_call()

    assert is_let_in(auth, call)
    assert all_refused(auth, spoilt_headers(call, "paypal-transmission-sig"))
    assert all_refused(auth, spoilt_headers(call, "paypal-transmission-id"))
    assert all_refused(auth, spoilt_headers(call, "paypal-transmission-time"))
    assert all_refused(auth, spoilt_bodies(call))
    assert not is_let_in(auth, _paypal_call(webhook="WH-9"))
    assert auth.covers == frozenset()


def test_a_certificate_that_is_not_fetched_yet_asks_the_caller_to_come_again() -> None:
    held = Held()
    auth = auth_of(BY_URL, held, ROOTS=as_pem(_ROOT))

    refusal = auth.check(_paypal_call(), lambda: None)

    assert refusal is not None
    assert refusal.is_temporary
    assert held.asked == [CERT_URL]


@pytest.mark.parametrize(
    "url",
    [
        "http://api.paypal.com/v1/notifications/certs/CERT-1",
        "https://paypal.com.evil.example/v1/notifications/certs/CERT-1",
        "https://evilpaypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com@evil.example/v1/notifications/certs/CERT-1",
        "https://evil.example/v1/notifications/certs/#.paypal.com",
        "https://api.paypal.com:8443/v1/notifications/certs/CERT-1",
        "https://api.paypal.com/v1/notifications/certs/../../upload",
        "https://api.paypal.com/v1/notifications/certs/%2e%2e/upload",
        "https://api.paypal.com/v1/notifications/certs/CERT-1?next=https://evil.example",
        "https://api.paypal.com/upload/CERT-1",
        "https://127.0.0.1/v1/notifications/certs/CERT-1",
        "https://api.paypal.com\\@evil.example/v1/notifications/certs/CERT-1",
        "https://[::1/v1/notifications/certs/",
        "file:///etc/passwd",
        "",
    ],
)
def test_no_address_but_the_allowed_is_ever_asked_for(url: str) -> None:
    held = Held()
    auth = auth_of(BY_URL, held, ROOTS=as_pem(_ROOT))

    assert why(auth, _paypal_call(url=url)) == (
        "certificate: the certificate's address is not allowed"
    )
    assert held.asked == []


@pytest.mark.parametrize(
    "chain",
    [
        as_pem(_LEAF),
        as_pem(_certificate(NAME, _RSA)),
        as_pem(_certificate("other.paypal.com", _RSA, _MIDDLE, _MIDDLE_KEY), _MIDDLE),
        as_pem(_certificate(NAME, _RSA, _MIDDLE, _MIDDLE_KEY, days=-1), _MIDDLE),
        as_pem(_certificate(NAME, _EC, _MIDDLE, _MIDDLE_KEY), _MIDDLE),
        "no certificate",
        "",
    ],
    ids=["no middle", "self-signed", "other name", "expired", "no rsa", "garbage", "empty"],
)
def test_a_certificate_that_no_authority_vouches_for_is_refused(chain: str) -> None:
    auth = auth_of(BY_URL, Held(**{CERT_URL: chain}), ROOTS=as_pem(_ROOT))

    assert why(auth, _paypal_call()) == ("certificate: no authority vouches for the certificate")


def test_a_certificate_is_believed_in_its_time_alone() -> None:
    chain = as_pem(_certificate(NAME, _RSA, _MIDDLE, _MIDDLE_KEY, days=1), _MIDDLE)
    written = {"certificate": {**BY_URL["certificate"], "signed": "{body}"}}
    del written["certificate"]["timestamp"]
    auth = auth_of(written, Held(**{CERT_URL: chain}), ROOTS=as_pem(_ROOT))
    proof = _RSA.sign(b"{}", padding.PKCS1v15(), hashes.SHA256())
    headers = {"PAYPAL-TRANSMISSION-SIG": b64encode(proof).decode(), "PAYPAL-CERT-URL": CERT_URL}
    call = a_call(b"{}", headers)

    found = [
        is_let_in(auth, replace(call, received_at=NOW + timedelta(minutes=minutes)))
        for minutes in (0, 30, 120, 1439, 1441)
    ]

    assert found == [True, True, True, True, False]


def test_a_certificate_of_the_file_needs_no_authority() -> None:
    auth = auth_of({"certificate": {**PAYPAL, "pem": {"env": "PEM"}}}, PEM=as_pem(_LEAF))
    call = _paypal_call()

    assert is_let_in(auth, call)
    written = {"certificate": {"signature": {"header": "X-Sig"}, "pem": {"env": "PEM"}}}
    late = replace(
        _call(_RSA.sign(b'{"a": 1}', padding.PKCS1v15(), hashes.SHA256())),
        received_at=NOW + timedelta(days=366),
    )
    assert why(auth_of(written, PEM=as_pem(_LEAF)), late) == (
        "certificate: the token or certificate has expired"
    )


def test_a_certificate_by_address_needs_somebody_who_fetches() -> None:
    made, faults = built(BY_URL, {"ROOTS": "no certificates"})

    assert made is None
    assert [str(fault) for fault in faults] == [
        "sources.shop.auth.certificate.by_url.roots: is no certificate: expected PEM",
        "sources.shop.auth.certificate.by_url: keys at an address can't be fetched here; "
        "give the certificate with `pem`",
    ]

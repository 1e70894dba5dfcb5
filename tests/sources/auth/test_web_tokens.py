import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import replace
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey
from pydantic import ValidationError

from app.sources.auth import CallPart, CannotSign, Refusal
from app.sources.call import Call
from tests.sources.auth.support import (
    NOW,
    Held,
    a_call,
    all_refused,
    at,
    auth_of,
    built,
    decode,
    is_let_in,
    parsed,
    spoilt,
    spoilt_bodies,
    why,
)

SECRET = "a-shared-secret-of-32-characters"
UNIX = int(NOW.timestamp())
BY_SECRET = {"jwt": {"secret": {"env": "K"}, "algorithms": ["HS256"]}}

_EC = ec.derive_private_key(0xB0B, ec.SECP256R1())
_EC_KEY = ECKey.import_key(_EC)
_PEM = _EC.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _bearer(token: str, body: bytes = b"{}") -> Call:
    return a_call(body, {"Authorization": f"Bearer {token}"})


def _token(
    claims: dict[str, Any] | None = None, key: Any = None, alg: str = "HS256", **header: Any
) -> str:
    given = {"exp": UNIX + 60} if claims is None else claims
    known = key or OctKey.import_key(SECRET)
    registry = jws.JWSRegistry(algorithms=[alg], strict_check_header=False)
    return jwt.encode({"alg": alg, **header}, given, known, registry=registry)


def test_the_standard_s_own_hs256_example_is_let_in() -> None:
    # RFC 7515, appendix A.1; its key is of bytes, its claims expire in 2011
    key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
    token = (
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
        "cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    )
    jwt_ = {"secret": {"env": "K"}, "key_encoding": "base64", "algorithms": "HS256"}
    auth = auth_of({"jwt": {**jwt_, "issuer": "joe"}}, K=key)
    call = replace(_bearer(token), received_at=at(1300819379))

    assert is_let_in(auth, call)
    assert all_refused(
        auth, (replace(_bearer(t), received_at=at(1300819379)) for t in spoilt(token))
    )


def test_the_standard_s_own_es256_example_is_let_in() -> None:
    # RFC 7515, appendix A.3
    jwks = (
        '{"keys": [{"kty": "EC", "crv": "P-256", '
        '"x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", '
        '"y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}'
    )
    token = (
        "eyJhbGciOiJFUzI1NiJ9."
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
        "cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6"
        "NU1Q"
    )
    written = {"jwt": {"jwks": {"env": "J"}, "algorithms": ["ES256"], "issuer": "joe"}}
    auth = auth_of(written, J=jwks)
    call = replace(_bearer(token), received_at=at(1300819379))

    assert is_let_in(auth, call)
    expired = replace(call, received_at=at(1300819380 + 30))
    assert why(auth, expired) == "jwt: the token or certificate has expired"


def test_a_token_is_let_in_and_no_other_spelling_of_it() -> None:
    auth = auth_of(BY_SECRET, K=SECRET)
    token = _token()

    assert is_let_in(auth, _bearer(token))
    assert all_refused(auth, (_bearer(text) for text in spoilt(token)))
    assert not is_let_in(auth, _bearer(token + "="))
    assert not is_let_in(auth, _bearer(token + "."))


def test_a_token_without_a_signature_is_refused() -> None:
    auth = auth_of(BY_SECRET, K=SECRET)
    header, payload, _ = _token().split(".")

    assert not is_let_in(auth, _bearer(f"{header}.{payload}."))
    # {"alg":"none"}
    assert not is_let_in(auth, _bearer(f"eyJhbGciOiJub25lIn0.{payload}."))
    # {"alg":"NONE"}
    assert not is_let_in(auth, _bearer(f"eyJhbGciOiJOT05FIn0.{payload}."))


def test_a_public_key_is_never_taken_for_a_shared_secret() -> None:
    auth = auth_of({"jwt": {"public_key_text": _PEM, "algorithms": ["ES256"]}})
    payload = _token().split(".")[1]
    text = f"eyJhbGciOiJIUzI1NiJ9.{payload}"
    proof = urlsafe_b64encode(hmac.digest(_PEM.encode(), text.encode(), "sha256")).decode()

    assert why(auth, _bearer(f"{text}.{proof.rstrip('=')}")) == "jwt: the proof does not match"


@pytest.mark.parametrize(
    "jwt_",
    [
        {"secret": {"env": "K"}, "algorithms": ["HS256", "RS256"]},
        {"secret": {"env": "K"}, "algorithms": "ES256"},
        {"public_key_text": "x", "algorithms": ["HS256"]},
        {"jwks": {"env": "K"}, "algorithms": ["HS512"]},
        {"secret": {"env": "K"}, "algorithms": ["none"]},
        {"secret": {"env": "K"}, "algorithms": []},
        {"secret": {"env": "K"}, "jwks": {"env": "K"}, "algorithms": ["HS256"]},
        {"secret": {"env": "K"}, "algorithms": ["HS256"], "audience": []},
        {"jwks_url": "http://example.com/keys", "algorithms": ["RS256"]},
    ],
)
def test_keys_and_algorithms_that_do_not_fit_are_refused_in_the_file(jwt_: object) -> None:
    with pytest.raises(ValidationError):
        parsed({"jwt": jwt_})


def test_an_algorithm_that_the_file_does_not_name_is_refused() -> None:
    token = _token(alg="HS512", key=OctKey.import_key(SECRET * 2))

    assert not is_let_in(auth_of(BY_SECRET, K=SECRET * 2), _bearer(token))


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": UNIX + 60}, None),
        ({"exp": UNIX - 29}, None),
        ({"exp": UNIX - 30}, "jwt: the token or certificate has expired"),
        ({}, "jwt: a claim of the token is missing or another"),
        ({"exp": "never"}, "jwt: a claim of the token is missing or another"),
        ({"exp": UNIX + 60, "nbf": UNIX + 30}, None),
        ({"exp": UNIX + 60, "nbf": UNIX + 31}, "jwt: a claim of the token is missing or another"),
        ({"exp": UNIX + 60, "iat": UNIX + 31}, "jwt: a claim of the token is missing or another"),
    ],
)
def test_a_token_is_good_in_its_time_alone(claims: dict[str, Any], reason: str | None) -> None:
    assert why(auth_of(BY_SECRET, K=SECRET), _bearer(_token(claims))) == reason


@pytest.mark.parametrize(
    ("claims", "is_good"),
    [
        ({"aud": "bridge", "iss": "a", "azp": "x"}, True),
        ({"aud": ["other", "bridge"], "iss": "b", "azp": "x", "sub": "1"}, True),
        ({"aud": "other", "iss": "a", "azp": "x"}, False),
        ({"aud": [], "iss": "a", "azp": "x"}, False),
        ({"aud": "bridge", "iss": "c", "azp": "x"}, False),
        ({"iss": "a", "azp": "x"}, False),
        ({"aud": "bridge", "azp": "x"}, False),
        ({"aud": "bridge", "iss": "a"}, False),
        ({"aud": "bridge", "iss": "a", "azp": "y"}, False),
        ({"aud": {"bridge": 1}, "iss": "a", "azp": "x"}, False),
    ],
)
def test_claims_must_be_what_the_file_says(claims: dict[str, Any], is_good: bool) -> None:
    written = {
        "jwt": {
            "secret": {"env": "K"},
            "algorithms": "HS256",
            "audience": "bridge",
            "issuer": ["a", "b"],
            "claims": {"azp": "x"},
        }
    }

    call = _bearer(_token({"exp": UNIX + 60, **claims}))

    assert is_let_in(auth_of(written, K=SECRET), call) == is_good


def test_a_claim_with_the_body_s_hash_covers_the_body() -> None:
    written = {
        "jwt": {
            "secret": {"env": "K"},
            "algorithms": "HS256",
            "header": "X-Token",
            "scheme": "",
            "body_hash": {"claim": "body_sha256"},
        }
    }
    auth = auth_of(written, K=SECRET)
    body = b'{"a": 1}'
    token = _token({"exp": UNIX + 60, "body_sha256": hashlib.sha256(body).hexdigest()})
    call = a_call(body, {"X-Token": token})

    assert is_let_in(auth, call)
    assert all_refused(auth, spoilt_bodies(call))
    assert not is_let_in(auth, a_call(body, {"X-Token": _token()}))
    assert auth.covers == frozenset({CallPart.BODY})


def test_the_body_itself_may_be_the_token() -> None:
    # Yandex Pay: ES256, keys from a set
    jwks = orjson.dumps({"keys": [_EC_KEY.as_dict(private=False, kid="1-key")]}).decode()
    written = {"jwt": {"jwks": {"env": "J"}, "algorithms": "ES256", "body": True, "require": []}}
    auth = auth_of(written, J=jwks)
    token = _token({"event": "ORDER_STATUS_UPDATED"}, _EC_KEY, "ES256", kid="1-key", iat="2026")

    assert is_let_in(auth, a_call(token.encode() + b"\n"))
    assert all_refused(auth, (a_call(text.encode()) for text in spoilt(token)))
    assert not is_let_in(auth, a_call(b""))


def test_a_key_is_chosen_by_its_id() -> None:
    other = ECKey.import_key(ec.derive_private_key(0xACE, ec.SECP256R1()))
    keys = [_EC_KEY.as_dict(private=False, kid="one"), other.as_dict(private=False, kid="two")]
    written = {"jwt": {"jwks": {"env": "J"}, "algorithms": "ES256"}}
    auth = auth_of(written, J=orjson.dumps({"keys": keys}).decode())

    assert is_let_in(auth, _bearer(_token(None, other, "ES256", kid="two")))
    assert is_let_in(auth, _bearer(_token(None, other, "ES256")))
    assert not is_let_in(auth, _bearer(_token(None, other, "ES256", kid="one")))
    assert not is_let_in(auth, _bearer(_token(None, other, "ES256", kid="three")))


URL = "https://id.example.com/keys"
BY_URL = {"jwt": {"jwks_url": URL, "algorithms": "ES256"}}


def test_until_the_keys_are_there_the_caller_is_asked_to_come_again() -> None:
    auth = auth_of(BY_URL, Held())

    refusal = auth.check(_bearer(_token(None, _EC_KEY, "ES256")), lambda: None)

    assert refusal == Refusal(
        "temporarily_unavailable", "jwt: the keys are not fetched yet", None, 5
    )


def test_keys_at_an_address_may_change() -> None:
    held = Held()
    auth = auth_of(BY_URL, held)
    call = _bearer(_token(None, _EC_KEY, "ES256"))
    other = ECKey.import_key(ec.derive_private_key(0xACE, ec.SECP256R1()))

    found = []
    for keys in ([other], [other, _EC_KEY], [other]):
        entries = [key.as_dict(private=False) for key in keys]
        held.texts[URL] = orjson.dumps({"keys": entries}).decode()
        found.append(is_let_in(auth, call))

    assert found == [False, True, False]


@pytest.mark.parametrize("text", ["", "no json", "[]", "{}", '{"keys": []}', '{"keys": [1, {}]}'])
def test_keys_that_can_t_be_read_let_nobody_in(text: str) -> None:
    auth = auth_of(BY_URL, Held(**{URL: text}))

    refusal = why(auth, _bearer(_token(None, _EC_KEY, "ES256")))

    assert refusal == "jwt: the fetched keys can't be read"


def test_a_shared_secret_in_a_key_set_is_no_key() -> None:
    oct_key = OctKey.import_key(SECRET).as_dict(private=True)
    made, faults = built(
        {"jwt": {"jwks": {"env": "J"}, "algorithms": "ES256"}},
        {"J": orjson.dumps({"keys": [oct_key]}).decode()},
    )

    assert made is None
    assert [str(fault) for fault in faults] == [
        "sources.shop.auth.jwt.jwks: holds no key that can be used"
    ]


def test_keys_at_an_address_need_somebody_who_fetches() -> None:
    made, faults = built(BY_URL, {})

    assert made is None
    assert [str(fault) for fault in faults] == [
        "sources.shop.auth.jwt.jwks_url: keys at an address can't be fetched here; "
        "give the keys as `jwks: {file: PATH}`"
    ]


def test_an_rsa_key_that_can_be_broken_is_a_fault() -> None:
    weak = rsa.generate_private_key(65537, 1024).public_key()
    pem = weak.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    made, faults = built({"jwt": {"public_key_text": pem, "algorithms": "RS256"}}, {})

    assert made is None
    assert "expected PEM, RSA of at least 2048 bits" in str(faults[0])


@pytest.mark.parametrize("algorithm", ["RS256", "PS512"])
def test_rsa_signs_in_both_paddings(algorithm: str) -> None:
    key = rsa.generate_private_key(65537, 2048)
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    auth = auth_of({"jwt": {"public_key": {"env": "P"}, "algorithms": algorithm}}, P=pem)

    token = _token(None, RSAKey.import_key(key), algorithm)

    assert is_let_in(auth, _bearer(token))
    assert not is_let_in(auth, _bearer(token[:-4] + "AAAA"))


def test_we_sign_with_a_shared_secret_alone() -> None:
    written = {"jwt": {**BY_SECRET["jwt"], "audience": "a", "issuer": "i", "require": ["sub"]}}

    call = auth_of(written, K=SECRET).sign(a_call(b"{}"), decode)

    assert is_let_in(auth_of(written, K=SECRET), call)
    with pytest.raises(CannotSign):
        auth_of({"jwt": {"public_key_text": _PEM, "algorithms": "ES256"}}).sign(call, decode)


def test_the_body_becomes_a_token_when_that_is_how_it_is_sent() -> None:
    written = {"jwt": {"secret": {"env": "K"}, "algorithms": "HS256", "body": True}}
    auth = auth_of(written, K=SECRET)

    call = auth.sign(a_call(b'{"event": "x"}'), decode)

    assert is_let_in(auth, call)
    claims = jwt.decode(call.body, OctKey.import_key(SECRET), ["HS256"]).claims
    assert claims["event"] == "x"
    with pytest.raises(CannotSign):
        auth.sign(a_call(b"no json"), decode)

"""Several ways of proof together."""

import hmac
from typing import Any

import pytest

from app.sources.auth import CallPart, CannotSign
from tests.sources.auth.support import Held, a_call, auth_of, decode, is_let_in, why

TOKEN = "s3cret-s3cret-s3cret"
BEARER = {"bearer": {"env": "K"}}
IP = {"ip": {"allow": "203.0.113.0/24"}}
HMAC = {"hmac": {"key": {"env": "K"}, "signature": {"header": "X-Sig"}}}
URL_HMAC = {
    "hmac": {"key": {"env": "K"}, "signature": {"header": "X-Sig2"}, "signed": "{url}{body}"}
}
JWKS = {"jwt": {"jwks_url": "https://id.example.com/keys", "algorithms": "ES256", "header": "T"}}
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
SIGNED = {"X-Sig": hmac.digest(TOKEN.encode(), b"", "sha256").hex()}


@pytest.mark.parametrize("written", [[BEARER, HMAC], {"any": [BEARER, HMAC]}])
def test_one_of_several_suffices(written: Any) -> None:
    auth = auth_of(written, K=TOKEN)

    assert is_let_in(auth, a_call(headers=AUTHORIZED))
    assert is_let_in(auth, a_call(headers=SIGNED))
    assert why(auth, a_call()) == "bearer: the call holds no proof; hmac: the call holds no proof"


def test_all_must_hold() -> None:
    auth = auth_of({"all": [BEARER, IP]}, K=TOKEN)

    assert is_let_in(auth, a_call(headers=AUTHORIZED))
    assert why(auth, a_call(headers=AUTHORIZED, client="8.8.8.8")) == (
        "ip: the address is not allowed"
    )
    assert why(auth, a_call()) == "bearer: the call holds no proof"


def test_they_may_stand_in_each_other_once() -> None:
    auth = auth_of({"all": [IP, {"any": [BEARER, HMAC]}]}, K=TOKEN)

    assert is_let_in(auth, a_call(headers=SIGNED))
    assert not is_let_in(auth, a_call(headers=SIGNED, client="8.8.8.8"))
    assert not is_let_in(auth, a_call())


def test_the_challenges_of_all_ways_are_told() -> None:
    basic = {"basic": {"username": "a", "password": {"env": "K"}}}
    auth = auth_of([BEARER, basic, HMAC], K=TOKEN)

    refusal = auth.check(a_call(), lambda: None)

    assert refusal is not None
    assert refusal.challenge == 'Bearer realm="hooks", Basic realm="hooks", charset="UTF-8"'


def test_where_one_way_may_still_become_good_the_caller_is_asked_to_come_again() -> None:
    token = {"T": "Bearer eyJhbGciOiJFUzI1NiJ9.e30.AAAA"}
    any_, all_ = (
        auth_of([BEARER, JWKS], Held(), K=TOKEN),
        auth_of({"all": [BEARER, JWKS]}, Held(), K=TOKEN),
    )

    temporary = any_.check(a_call(headers=token), lambda: None)
    final = all_.check(a_call(headers=token), lambda: None)
    waiting = all_.check(a_call(headers={**token, **AUTHORIZED}), lambda: None)

    assert temporary is not None
    assert temporary.is_temporary
    assert final is not None
    assert not final.is_temporary
    assert waiting is not None
    assert waiting.is_temporary
    assert any_.check(a_call(headers=AUTHORIZED), lambda: None) is None


def test_of_several_signatures_the_weakest_says_what_is_covered() -> None:
    body, path, query = CallPart.BODY, CallPart.PATH, CallPart.QUERY

    assert auth_of([HMAC, URL_HMAC], K=TOKEN).covers == frozenset({body})
    assert auth_of({"all": [HMAC, URL_HMAC]}, K=TOKEN).covers == frozenset({body, path, query})
    assert auth_of([BEARER, HMAC], K=TOKEN).covers == frozenset({body})
    assert auth_of([BEARER, IP], K=TOKEN).covers is None


def test_a_call_of_ours_holds_every_proof_that_is_asked_for() -> None:
    query = {"query_secret": {"value": {"env": "K"}}}
    auth = auth_of({"all": [URL_HMAC, query, BEARER, IP]}, K=TOKEN)

    call = auth.sign(a_call(b"{}"), decode)

    assert is_let_in(auth, call)
    assert {"authorization", "x-sig2"} <= call.headers.keys()


def test_of_several_ways_ours_is_the_first_that_can_be_made() -> None:
    auth = auth_of([JWKS, BEARER], Held(), K=TOKEN)

    assert auth.sign(a_call(), decode).headers == {"authorization": f"Bearer {TOKEN}"}
    with pytest.raises(CannotSign, match="only the sender has the private key"):
        auth_of([JWKS], Held()).sign(a_call(), decode)

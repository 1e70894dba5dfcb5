"""Signatures made with a shared secret, in all the shapes that senders have."""

import hashlib
import hmac
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from pydantic import ValidationError

from app.model.json import Json
from app.sources.auth import CallPart, Refusal
from app.sources.call import Call
from tests.sources.auth.support import (
    NOW,
    a_call,
    all_refused,
    at,
    auth_of,
    decode,
    is_let_in,
    parsed,
    spoilt_bodies,
    spoilt_headers,
    why,
)

KEY = "whsec_a-key-for-the-tests"
UNIX = int(NOW.timestamp())


def _hmac(text: bytes, key: str = KEY) -> bytes:
    return hmac.digest(key.encode(), text, "sha256")


def _stripe(**timestamp: str) -> dict[str, Any]:
    return {
        "hmac": {
            "key": [{"env": "K"}],
            "signature": {"header": "Stripe-Signature"},
            "extract": {"separator": ",", "name": "v1"},
            "signed": "{timestamp}.{body}",
            "timestamp": {"part": "t", **timestamp},
        }
    }


def _stripe_call(body: bytes = b'{"id": "evt_1"}', header: str | None = None) -> Call:
    proof = _hmac(f"{UNIX}.".encode() + body).hex()
    return a_call(body, {"Stripe-Signature": header or f"t={UNIX},v1={proof},v0=00"})


def test_stripe_s_key_is_the_whole_text_of_its_secret() -> None:
    auth = auth_of(_stripe(), K=KEY)
    call = _stripe_call(header=f"t={UNIX},v1={_hmac(f'{UNIX}.'.encode() + b'{}').hex()}")
    call = replace(call, body=b"{}")

    assert is_let_in(auth, call)
    assert all_refused(auth, spoilt_bodies(call))
    assert all_refused(auth, spoilt_headers(call, "stripe-signature"))


@pytest.mark.parametrize(
    "header",
    [
        "v1={good},t={now}",
        "t={now},v1=00,v1={good}",
        "t={now}, v1={good}",
        "t={now},v1={good},v1=00,x,y=",
    ],
)
def test_any_of_several_signatures_in_a_header_may_match(header: str) -> None:
    good = _hmac(f"{UNIX}.".encode() + b'{"id": "evt_1"}').hex()

    call = _stripe_call(header=header.format(good=good, now=UNIX))

    assert is_let_in(auth_of(_stripe(), K=KEY), call)


@pytest.mark.parametrize(
    "header",
    [
        "v1={good}",
        "t={now}",
        "t={now},t={now},v1={good}",
        "t={now},v0={good}",
        "t=,v1={good}",
        "t={now}.0,v1={good}",
        "t=-{now},v1={good}",
        "t=٣,v1={good}",
        "{good}",
        "," * 500,
    ],
)
def test_a_header_without_one_time_and_a_signature_is_refused(header: str) -> None:
    good = _hmac(f"{UNIX}.".encode() + b'{"id": "evt_1"}').hex()

    call = _stripe_call(header=header.format(good=good, now=UNIX))

    assert not is_let_in(auth_of(_stripe(), K=KEY), call)


def test_the_windows_before_and_after_are_what_the_file_says() -> None:
    auth = auth_of(_stripe(past="1h", future="0s"), K=KEY)
    call = _stripe_call()

    found = {
        seconds: why(auth, replace(call, received_at=at(UNIX + seconds)))
        for seconds in (0, 3600, 3601, -1)
    }

    assert found == {
        0: None,
        3600: None,
        3601: "hmac: signed too long ago",
        -1: "hmac: signed in the future",
    }


def test_without_a_timestamp_a_call_never_grows_too_old() -> None:
    written = {"hmac": {"key": {"env": "K"}, "signature": {"header": "X-Sig"}}}
    auth = auth_of(written, K=KEY)

    call = a_call(b"{}", {"X-Sig": _hmac(b"{}").hex()}, at=at(4102444800))

    assert is_let_in(auth, call)


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("s", str(UNIX)),
        ("ms", str(UNIX * 1000)),
        ("iso", "2026-11-23T12:00:00Z"),
        ("iso", "2026-11-23T15:00:00+03:00"),
        ("iso", "2026-11-23T12:00:00.123456Z"),
    ],
)
def test_a_time_is_read_in_its_unit(unit: str, text: str) -> None:
    written = {
        "hmac": {
            "key": {"env": "K"},
            "encoding": "base64",
            "signature": {"header": "X-Zendesk-Webhook-Signature"},
            "signed": "{timestamp}{body}",
            "timestamp": {"header": "X-Zendesk-Webhook-Signature-Timestamp", "unit": unit},
        }
    }
    headers = {
        "X-Zendesk-Webhook-Signature": b64encode(_hmac(text.encode() + b"{}")).decode(),
        "X-Zendesk-Webhook-Signature-Timestamp": text,
    }

    assert is_let_in(auth_of(written, K=KEY), a_call(b"{}", headers))


@pytest.mark.parametrize("text", ["2026-11-23T12:00:00", "2026-11-23", "", "now", "9" * 60, "1e9"])
@pytest.mark.parametrize("unit", ["s", "ms", "iso"])
def test_what_is_no_time_is_refused(unit: str, text: str) -> None:
    written = {
        "hmac": {
            "key": {"env": "K"},
            "signature": {"header": "X-Sig"},
            "signed": "{timestamp}{body}",
            "timestamp": {"header": "X-Time", "unit": unit},
        }
    }
    headers = {"X-Sig": _hmac(text.encode() + b"{}").hex(), "X-Time": text}

    assert not is_let_in(auth_of(written, K=KEY), a_call(b"{}", headers))


@pytest.mark.parametrize(
    ("encoding", "write"),
    [
        ("hex", lambda raw: raw.hex()),
        ("hex", lambda raw: raw.hex().upper()),
        ("base64", lambda raw: b64encode(raw).decode()),
        ("base64", lambda raw: b64encode(raw).decode().rstrip("=")),
        ("base64url", lambda raw: urlsafe_b64encode(raw).decode()),
        ("base64url", lambda raw: urlsafe_b64encode(raw).decode().rstrip("=")),
    ],
)
def test_a_signature_is_read_in_its_encoding(encoding: str, write: Callable[[bytes], str]) -> None:
    written = {
        "hmac": {"key": {"env": "K"}, "signature": {"header": "X-Sig"}, "encoding": encoding}
    }
    auth = auth_of(written, K=KEY)
    call = a_call(b"bytes \xff\x00", {"X-Sig": write(_hmac(b"bytes \xff\x00"))})

    assert is_let_in(auth, call)
    assert all_refused(auth, spoilt_headers(call, "x-sig"))
    assert all_refused(auth, spoilt_bodies(call))


@pytest.mark.parametrize(
    ("encoding", "secret"), [("hex", b"\x01\xfe" * 16), ("base64", b"\x01\xfe" * 16)]
)
def test_a_key_may_be_written_in_hex_or_base64(encoding: str, secret: bytes) -> None:
    text = secret.hex() if encoding == "hex" else b64encode(secret).decode()
    written = {
        "hmac": {"key": {"env": "K"}, "key_encoding": encoding, "signature": {"header": "X-Sig"}}
    }

    call = a_call(b"{}", {"X-Sig": hmac.digest(secret, b"{}", "sha256").hex()})

    assert is_let_in(auth_of(written, K=text), call)


def test_both_keys_are_good_during_a_rotation() -> None:
    written = {"hmac": {"key": [{"env": "NEW"}, {"env": "OLD"}], "signature": {"header": "X-Sig"}}}
    auth = auth_of(written, NEW=KEY, OLD="the-old-key-of-the-shop")

    for key in (KEY, "the-old-key-of-the-shop"):
        assert is_let_in(auth, a_call(b"{}", {"X-Sig": _hmac(b"{}", key).hex()}))
    assert not is_let_in(auth, a_call(b"{}", {"X-Sig": _hmac(b"{}", "a-third").hex()}))


def test_a_signature_sent_twice_is_refused() -> None:
    written = {"hmac": {"key": {"env": "K"}, "signature": {"header": "X-Sig"}}}
    proof = _hmac(b"{}").hex()

    assert not is_let_in(auth_of(written, K=KEY), a_call(b"{}", {"X-Sig": f"{proof}, {proof}"}))


MAILGUN = {
    "hmac": {
        "key": {"env": "K"},
        "signature": {"field": "signature.signature"},
        "signed": "{timestamp}{field:signature.token}",
        "timestamp": {"field": "signature.timestamp"},
    }
}


def test_mailgun_s_signature_stands_in_the_body_and_does_not_cover_it() -> None:
    auth = auth_of(MAILGUN, K=KEY)
    signature: dict[str, Json] = {
        "timestamp": UNIX,
        "token": "a" * 50,
        "signature": _hmac(f"{UNIX}{'a' * 50}".encode()).hex(),
    }

    assert auth.check(a_call(), lambda: {"signature": signature}) is None
    others: list[dict[str, Json]] = [
        {"token": "b" * 50},
        {"timestamp": UNIX + 1},
        {"token": None},
        {"token": 1.5},
    ]
    for changed in others:
        body = {**signature, **changed}
        assert auth.check(a_call(), partial(dict, signature=body)) is not None
    assert auth.check(a_call(), lambda: {"signature": [signature, signature]}) is not None
    assert auth.check(a_call(), lambda: None) == Refusal(
        "unauthenticated", "hmac: the call holds no proof"
    )
    assert auth.covers == frozenset()


def test_robokassa_s_digest_joins_fields_and_the_secret() -> None:
    # docs.robokassa.ru: hash of OutSum:InvId:password
    written = {
        "digest": {
            "secret": {"env": "K"},
            "algorithm": "md5",
            "signature": {"field": "SignatureValue"},
            "signed": "{field:OutSum}:{field:InvId}:{secret}",
        }
    }
    auth = auth_of(written, K="password-2")
    proof = hashlib.md5(b"100.00:17:password-2").hexdigest().upper()

    fields = {"OutSum": "100.00", "InvId": "17", "SignatureValue": proof}

    assert auth.check(a_call(), lambda: fields) is None
    assert auth.check(a_call(), lambda: {**fields, "OutSum": "1.00"}) is not None
    assert auth.check(a_call(), lambda: {**fields, "OutSum": 100.0}) is not None


def test_robokassa_s_digest_ends_with_the_shop_s_own_fields_by_name() -> None:
    written = {
        "digest": {
            "secret": {"env": "K"},
            "algorithm": "md5",
            "signature": {"field": "SignatureValue"},
            "signed": "{field:InvId}:{secret}{fields_with:Shp_}",
        }
    }
    auth = auth_of(written, K="password-2")
    proof = hashlib.md5("17:password-2:Shp_a=Иван:Shp_b=2".encode()).hexdigest()

    fields: dict[str, Json] = {
        "Shp_b": "2",
        "InvId": "17",
        "Shp_a": "Иван",
        "Fee": "1",
        "SignatureValue": proof,
    }

    assert auth.check(a_call(), lambda: fields) is None
    assert auth.check(a_call(), lambda: {**fields, "Fee": "2"}) is None
    for changed in ({"Shp_b": "3"}, {"shp_c": ""}, {"Shp_b": ["2", "2"]}, {"Shp_b": {"c": "2"}}):
        assert auth.check(a_call(), partial(dict, {**fields, **changed})) is not None
    assert auth.check(a_call(), lambda: ["Shp_a"]) is not None
    assert auth.covers == frozenset()


UNISENDER = {
    "digest": {
        "secret": {"env": "K"},
        "algorithm": "md5",
        "signature": {"field": "auth"},
        "signed": "{body_with_secret}",
    }
}


def test_unisender_s_digest_is_of_the_body_with_the_key_in_the_place_of_the_digest() -> None:
    # godocs.unisender.ru, "callback format"
    auth = auth_of(UNISENDER, K="the-api-key-of-unisender")
    plain = b'{"auth": "%s", "events": []}'
    proof = hashlib.md5(plain % b"the-api-key-of-unisender").hexdigest().encode()
    call = a_call(plain % proof)

    assert is_let_in(auth, call)
    assert all_refused(auth, spoilt_bodies(call))
    assert not is_let_in(auth, replace(call, body=call.body + proof))
    assert auth.covers == frozenset({CallPart.BODY})


def test_a_template_may_name_any_part_of_the_call() -> None:
    written = {
        "hmac": {
            "key": {"env": "K"},
            "signature": {"header": "X-Sig"},
            "signed": "{method} {path}?{query}|{header:X-Id}|{query:a}|{header:X-No?}|{value:v}|"
            "{body_sha256}|{body_md5}|{body_crc32}|{{}}",
            "values": {"v": "fixed"},
        }
    }
    body = b"The quick brown fox jumps over the lazy dog"
    text = (
        "PUT /hooks/shop/x?a=%D0%B9&b=|id-7|й||fixed|"
        "d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592|"
        "9e107d9d372bb6826bd81d3542a419d6|1095738169|{}"
    )
    headers = {"X-Sig": _hmac(text.encode()).hex(), "X-Id": "id-7"}
    url = "https://bridge.example/hooks/shop/x?a=%D0%B9&b="

    call = a_call(body, headers, url=url, method="put")

    assert is_let_in(auth_of(written, K=KEY), call)


def test_a_header_that_is_signed_and_missing_is_refused() -> None:
    written = {
        "hmac": {
            "key": {"env": "K"},
            "signature": {"header": "X-Sig"},
            "signed": "{header:X-Id}{body}",
        }
    }

    call = a_call(b"{}", {"X-Sig": _hmac(b"{}").hex()})

    assert why(auth_of(written, K=KEY), call) == "hmac: a part that is signed is missing"


def test_the_query_takes_the_place_of_an_empty_body() -> None:
    # CloudPayments calls with GET as well
    written = {
        "hmac": {
            "key": {"env": "K"},
            "encoding": "base64",
            "signature": {"header": "Content-HMAC"},
            "signed": "{body_or_query}",
        }
    }
    auth = auth_of(written, K=KEY)

    for body, query in ((b"TransactionId=504", ""), (b"", "?TransactionId=504")):
        proof = b64encode(_hmac(b"TransactionId=504")).decode()
        url = "https://bridge.example/hooks/shop" + query
        assert is_let_in(auth, a_call(body, {"Content-HMAC": proof}, url=url))


def test_a_form_may_be_signed_as_it_reads_without_its_escapes() -> None:
    written = {
        "hmac": {
            "key": {"env": "K"},
            "signature": {"header": "X-Sig"},
            "signed": "{body_decoded}",
        }
    }
    proof = _hmac("Name=Иван И.&a=1".encode()).hex()

    call = a_call(b"Name=%D0%98%D0%B2%D0%B0%D0%BD+%D0%98.&a=1", {"X-Sig": proof})

    assert is_let_in(auth_of(written, K=KEY), call)


def test_escapes_that_the_sender_does_not_sign_are_taken_back() -> None:
    written = {
        "hmac": {
            "key": {"env": "K"},
            "signature": {"header": "X-Sig"},
            "signed": "{url}",
            "url": {"unescape": ":/@"},
        }
    }
    proof = _hmac(b"https://bridge.example/hooks/shop?u=https://x&m=a@b&p=%20").hex()
    url = "https://bridge.example/hooks/shop?u=https%3A%2f%2Fx&m=a%40b&p=%20"

    assert is_let_in(auth_of(written, K=KEY), a_call(b"", {"X-Sig": proof}, url=url))


@pytest.mark.parametrize(
    ("signed", "covers"),
    [
        ("{body}", {"body"}),
        ("{url}{body}", {"body", "path", "query"}),
        ("{method}{path}{query}{body_sha256}", {"body", "path", "query", "method"}),
        ("{header:X-Id}|{body_crc32}", set()),
        ("{url}{fields_sorted}", {"body", "path", "query"}),
    ],
)
def test_what_a_signature_covers_follows_from_its_template(signed: str, covers: set[str]) -> None:
    written = {"hmac": {"key": {"env": "K"}, "signature": {"header": "X-Sig"}, "signed": signed}}

    assert auth_of(written, K=KEY).covers == frozenset({CallPart(part) for part in covers})


def test_a_proof_that_is_no_signature_has_nothing_to_cover() -> None:
    assert auth_of({"bearer": {"env": "K"}}, K=KEY).covers is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"signed": "{bdy}"}, 'unknown placeholder {bdy}; did you mean "body"?'),
        ({"signed": "{haeder:X}"}, 'unknown placeholder {haeder:NAME}; did you mean "header"?'),
        ({"signed": "{body"}, "a stray { at column 1; a brace as such is written twice"),
        ({"signed": "{secret}{body}"}, "{secret} stands in a `digest` only"),
        ({"signed": "{value:x}"}, "`signed` names {value:x}, which is not in `values`"),
        (
            {"signed": "{timestamp}{body}"},
            "`signed` has {timestamp}: say with `timestamp` where it stands",
        ),
        (
            {"timestamp": {"header": "X-Time"}},
            "`timestamp` is checked but not signed: put {timestamp} in `signed`",
        ),
        (
            {"signed": "{timestamp}", "timestamp": {"part": "t"}},
            "`timestamp: {part: ...}` needs `extract`",
        ),
        (
            {"body_hash": {"header": "Digest"}},
            "`body_hash` is checked but not signed: put its place in `signed`",
        ),
        ({"signature": {}}, "expected exactly one of `header`, `query`, `field`"),
        (
            {"signature": {"header": "A", "query": "b"}},
            "expected exactly one of `header`, `query`, `field`",
        ),
    ],
)
def test_a_signature_that_could_not_hold_is_refused_in_the_file(
    change: dict[str, object], reason: str | None
) -> None:
    written = {"hmac": {"key": {"env": "K"}, "signature": {"header": "X-Sig"}, **change}}

    with pytest.raises(ValidationError) as refused:
        parsed(written)

    found = [error["msg"].removeprefix("Value error, ") for error in refused.value.errors()]
    assert found == [reason]


def test_a_place_that_is_signed_by_its_own_name_counts_as_signed() -> None:
    written = {
        "hmac": {
            "key": {"env": "K"},
            "signature": {"header": "X-Sig"},
            "signed": "{header:x-time}.{header:DIGEST}",
            "timestamp": {"header": "X-Time"},
            "body_hash": {"header": "Digest", "encoding": "base64", "prefix": "SHA-256="},
        }
    }
    auth = auth_of(written, K=KEY)

    call = auth.sign(a_call(b'{"a": 1}'), decode)

    assert is_let_in(auth, call)
    assert all_refused(auth, spoilt_bodies(call))
    assert all_refused(auth, spoilt_headers(call, "digest"))

"""A call that we make as that caller would is one that we let in."""

from dataclasses import replace
from typing import Any

import pytest

from tests.sources.auth.support import NOW, a_call, auth_of, decode, is_let_in
from tests.sources.auth.test_signatures import MAILGUN, UNISENDER
from tests.sources.auth.test_vectors import GITHUB, HUBSPOT_V3, SLACK, SQUARE, TWILIO

TOKEN = "s3cret-s3cret-s3cret-s3cret-s3cret"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_HMAC = {"key": {"env": "K"}, "signature": {"header": "X-Sig"}}


@pytest.mark.parametrize(
    ("written", "body", "headers"),
    [
        ({"bearer": {"env": "K"}}, b"{}", {}),
        ({"basic": {"username": "u", "password": {"env": "K"}}}, b"{}", {}),
        ({"api_key": {"header": "X-Key", "value": {"env": "K"}, "prefix": "T "}}, b"{}", {}),
        ({"api_key": {"query": "a key", "value": {"env": "K"}}}, b"{}", {}),
        ({"api_key": {"field": "auth.token", "value": {"env": "K"}}}, b'{"a": 1}', {}),
        ({"api_key": {"field": "auth.token", "value": {"env": "K"}}}, b"", {}),
        ({"api_key": {"field": "auth[token]", "value": {"env": "K"}}}, b"a=1", _FORM),
        ({"api_key": {"field": "auth[token]", "value": {"env": "K"}}}, b"", _FORM),
        ({"query_secret": {"value": {"env": "K"}}}, b"{}", {}),
        ({"path_secret": {"env": "K"}}, b"{}", {}),
        (GITHUB, b"Hello", {}),
        (SLACK, b"a=1", _FORM),
        (TWILIO, b"b=2&a=1&a=0", _FORM),
        (TWILIO, b'{"a": 1}', {"Content-Type": "application/json"}),
        (HUBSPOT_V3, b"[]", {}),
        (SQUARE, b"{}", {}),
        (MAILGUN, b'{"signature": {"token": "t"}}', {}),
        (UNISENDER, b'{"events": []}', {}),
        (
            {"hmac": {**_HMAC, "extract": {"name": "v1"}, "signed": "{timestamp}.{body}",
                      "timestamp": {"part": "t"}}},
            b"{}",
            {},
        ),
        ({"hmac": {**_HMAC, "signature": {"query": "sig"}}}, b"{}", {}),
        (
            {"hmac": {**_HMAC, "signed": "{timestamp}{body}", "encoding": "base64url",
                      "timestamp": {"header": "X-Time", "unit": "iso", "future": "0s"}}},
            b"{}",
            {},
        ),
        (
            {"digest": {"secret": {"env": "K"}, "algorithm": "md5",
                        "signature": {"field": "SignatureValue"},
                        "signed": "{field:OutSum}:{secret}"}},
            b"OutSum=1.00",
            _FORM,
        ),
        ({"jwt": {"secret": {"env": "K"}, "algorithms": "HS384"}}, b"{}", {}),
        (
            {"jwt": {"secret": {"env": "K"}, "algorithms": "HS256",
                     "body_hash": {"claim": "h", "encoding": "base64url"}}},
            b"{}",
            {},
        ),
    ],
)  # fmt: skip
def test_what_we_sign_is_let_in_and_what_others_sign_is_not(
    written: Any, body: bytes, headers: dict[str, str]
) -> None:
    auth = auth_of(written, K=TOKEN)
    call = a_call(body, headers)

    signed = auth.sign(call, decode)

    assert is_let_in(auth, signed)
    assert not is_let_in(auth, call)
    assert not is_let_in(auth_of(written, K=TOKEN[::-1]), signed)


def test_the_secret_of_the_path_stands_in_the_address() -> None:
    auth = auth_of({"path_secret": {"env": "K"}}, K=TOKEN)

    signed = auth.sign(a_call(url="https://bridge.example/hooks/shop/orders?a=1"), decode)

    assert signed.url == f"https://bridge.example/hooks/shop/{TOKEN}/orders?a=1"
    assert signed.path == f"{TOKEN}/orders"
    assert auth.without_secrets(signed).url == "https://bridge.example/hooks/shop/orders?a=1"


def test_the_time_of_a_proof_is_that_of_the_call() -> None:
    auth = auth_of(SLACK, K=TOKEN)

    signed = auth.sign(replace(a_call(b"{}"), received_at=NOW), decode)

    assert signed.headers["x-slack-request-timestamp"] == str(int(NOW.timestamp()))

from base64 import b64encode
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from standardwebhooks import Webhook

from app.sources.auth import CannotSign
from app.sources.call import Call
from tests.sources.auth.support import (
    NOW,
    a_call,
    all_refused,
    at,
    auth_of,
    built,
    decode,
    is_let_in,
    spoilt_bodies,
    spoilt_headers,
    why,
)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
BY_SECRET = {"standard_webhooks": {"secret": {"env": "K"}}}
# github.com/standard-webhooks/standard-webhooks, tests of its libraries
VECTOR = a_call(
    b'{"test": 2432232314}',
    {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": SIGNATURE,
    },
    at=at(1614265330),
)


def test_the_standard_s_own_example_is_let_in() -> None:
    auth = auth_of(BY_SECRET, K=SECRET)

    assert is_let_in(auth, VECTOR)
    for name in ("webhook-signature", "webhook-id", "webhook-timestamp"):
        assert all_refused(auth, spoilt_headers(VECTOR, name))
    assert all_refused(auth, spoilt_bodies(VECTOR))


@pytest.mark.parametrize("secret", [SECRET.removeprefix("whsec_"), SECRET])
def test_the_mark_of_the_secret_may_be_missing(secret: str) -> None:
    assert is_let_in(auth_of(BY_SECRET, K=secret), VECTOR)


def test_a_secret_without_its_padding_is_read() -> None:
    key = b"a key of twenty-five byte"
    padded, bare = b64encode(key).decode(), b64encode(key).decode().rstrip("=")

    call = auth_of(BY_SECRET, K="whsec_" + padded).sign(a_call(b"{}"), decode)

    assert padded != bare
    assert is_let_in(auth_of(BY_SECRET, K="whsec_" + bare), call)


def test_what_the_reference_library_signs_is_let_in() -> None:
    proof = Webhook(SECRET).sign("msg_1", NOW, '{"who": "Иван"}')
    headers = {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(int(NOW.timestamp())),
        "Webhook-Signature": proof,
    }

    call = a_call('{"who": "Иван"}'.encode(), headers)

    assert is_let_in(auth_of(BY_SECRET, K=SECRET), call)


def test_what_we_sign_is_what_the_reference_library_signs() -> None:
    call = auth_of(BY_SECRET, K=SECRET).sign(a_call(b'{"a": 1}'), decode)

    expected = Webhook(SECRET).sign(call.headers["webhook-id"], NOW, '{"a": 1}')
    assert call.headers["webhook-signature"] == expected


@pytest.mark.parametrize(
    "signatures",
    [
        f"v1,AAAA {SIGNATURE}",
        f"{SIGNATURE} v1a,AAAA",
        f"v2,{SIGNATURE[3:]} {SIGNATURE}",
        f"garbage  {SIGNATURE}",
    ],
)
def test_any_signature_of_a_list_may_match(signatures: str) -> None:
    headers = {**VECTOR.headers, "webhook-signature": signatures}

    assert is_let_in(auth_of(BY_SECRET, K=SECRET), replace(VECTOR, headers=headers))


@pytest.mark.parametrize(
    "signatures",
    ["", " ", "v1", "v1,", "v2," + SIGNATURE[3:], SIGNATURE[3:], "v1a" + SIGNATURE[2:]],
)
def test_a_signature_of_another_version_is_refused(signatures: str) -> None:
    headers = {**VECTOR.headers, "webhook-signature": signatures}

    assert not is_let_in(auth_of(BY_SECRET, K=SECRET), replace(VECTOR, headers=headers))


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_refused(name: str) -> None:
    headers = {known: text for known, text in VECTOR.headers.items() if known != name}

    refusal = why(auth_of(BY_SECRET, K=SECRET), replace(VECTOR, headers=headers))

    assert refusal == "standard_webhooks: the call holds no proof"


def test_both_secrets_are_good_during_a_rotation() -> None:
    other = "whsec_" + b64encode(b"another secret of 32 bytes -----").decode()
    both = {"standard_webhooks": {"secret": [{"env": "NEW"}, {"env": "OLD"}]}}

    assert is_let_in(auth_of(both, NEW=other, OLD=SECRET), VECTOR)
    assert not is_let_in(auth_of(BY_SECRET, K=other), VECTOR)


def test_the_windows_before_and_after_are_what_the_file_says() -> None:
    written = {"standard_webhooks": {"secret": {"env": "K"}, "past": "10m", "future": "30s"}}
    auth = auth_of(written, K=SECRET)

    found = {
        seconds: why(auth, replace(VECTOR, received_at=at(1614265330 + seconds)))
        for seconds in (600, 601, -30, -31)
    }

    assert found == {
        600: None,
        601: "standard_webhooks: signed too long ago",
        -30: None,
        -31: "standard_webhooks: signed in the future",
    }


def test_svix_s_own_header_names_are_taken_where_the_file_says_so() -> None:
    headers = {name.replace("webhook-", "svix-"): text for name, text in VECTOR.headers.items()}
    call = replace(VECTOR, headers=headers)
    written = {"standard_webhooks": {"secret": {"env": "K"}, "prefix": ["webhook-", "Svix-"]}}

    assert is_let_in(auth_of(written, K=SECRET), call)
    assert is_let_in(auth_of(written, K=SECRET), VECTOR)
    assert not is_let_in(auth_of(BY_SECRET, K=SECRET), call)


# RFC 8032, section 7.1, test 1: signatures of ed25519 are the same each time.
_PRIVATE = Ed25519PrivateKey.from_private_bytes(
    bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
)
_PUBLIC = (
    "whpk_" + b64encode(_PRIVATE.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
)


def _signed_by_pair() -> Call:
    text = f"msg_1.{int(NOW.timestamp())}.".encode() + b'{"a": 1}'
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(NOW.timestamp())),
        "webhook-signature": f"v1,AAAA v1a,{b64encode(_PRIVATE.sign(text)).decode()}",
    }
    return a_call(b'{"a": 1}', headers)


def test_a_signature_by_a_key_pair_is_let_in() -> None:
    auth = auth_of({"standard_webhooks": {"public_key_text": _PUBLIC}})
    call = _signed_by_pair()

    assert is_let_in(auth, call)
    assert all_refused(auth, spoilt_bodies(call))
    assert all_refused(auth, spoilt_headers(call, "webhook-id"))
    signature = call.headers["webhook-signature"].partition(" ")[2]
    alone = replace(call, headers={**call.headers, "webhook-signature": signature})
    assert all_refused(auth, spoilt_headers(alone, "webhook-signature"))


def test_a_public_key_may_be_kept_like_a_secret() -> None:
    auth = auth_of({"standard_webhooks": {"public_key": {"env": "P"}}}, P=_PUBLIC)

    assert is_let_in(auth, _signed_by_pair())


def test_we_can_t_sign_for_a_key_pair() -> None:
    auth = auth_of({"standard_webhooks": {"public_key_text": _PUBLIC}})

    with pytest.raises(CannotSign, match="only the sender has the private key"):
        auth.sign(a_call(b"{}"), decode)


@pytest.mark.parametrize("secret", ["whsec_not base64", "whsec_", "whsec_é", "plain text!"])
def test_a_secret_of_the_wrong_form_is_a_fault_that_does_not_show_it(secret: str) -> None:
    made, faults = built(BY_SECRET, {"K": secret})

    assert made is None
    assert [str(fault) for fault in faults] == [
        "sources.shop.auth.standard_webhooks.secret: the secret is not base64 after `whsec_`"
    ]


def test_a_public_key_of_the_wrong_form_is_a_fault() -> None:
    _, faults = built({"standard_webhooks": {"public_key_text": ["whpk_AAAA", _PUBLIC]}}, {})

    assert [fault.key for fault in faults] == [
        "sources.shop.auth.standard_webhooks.public_key_text[0]"
    ]

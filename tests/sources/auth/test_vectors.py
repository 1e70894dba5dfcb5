"""Signatures that the senders themselves have published."""

from dataclasses import replace

import pytest

from tests.sources.auth.support import (
    a_call,
    all_refused,
    at,
    auth_of,
    is_let_in,
    spoilt_bodies,
    spoilt_headers,
    why,
)

GITHUB = {
    "hmac": {
        "key": {"env": "K"},
        "signature": {"header": "X-Hub-Signature-256"},
        "prefix": "sha256=",
    }
}
SLACK = {
    "hmac": {
        "key": {"env": "K"},
        "signature": {"header": "X-Slack-Signature"},
        "prefix": "v0=",
        "signed": "v0:{timestamp}:{body}",
        "timestamp": {"header": "X-Slack-Request-Timestamp"},
    }
}
TWILIO = {
    "hmac": {
        "key": {"env": "K"},
        "algorithm": "sha1",
        "encoding": "base64",
        "signature": {"header": "X-Twilio-Signature"},
        "signed": "{url}{fields_sorted}",
        "url": {"port": "any"},
        "body_hash": {"query": "bodySHA256"},
    }
}
HUBSPOT_V3 = {
    "hmac": {
        "key": {"env": "K"},
        "encoding": "base64",
        "signature": {"header": "X-HubSpot-Signature-v3"},
        "signed": "{method}{url}{body}{timestamp}",
        "timestamp": {"header": "X-HubSpot-Request-Timestamp", "unit": "ms"},
        "url": {"unescape": ":/?@!$'()*,;"},
    }
}
SQUARE = {
    "hmac": {
        "key": {"env": "K"},
        "encoding": "base64",
        "signature": {"header": "x-square-hmacsha256-signature"},
        "signed": "{url}{body}",
    }
}
SENDGRID = {
    "public_key": {
        "kind": "ecdsa",
        "key_text": "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1"
        "flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==",
        "signature": {"header": "X-Twilio-Email-Event-Webhook-Signature"},
        "signed": "{timestamp}{body}",
        "timestamp": {"header": "X-Twilio-Email-Event-Webhook-Timestamp"},
    }
}


def test_github_s_documented_example_is_let_in() -> None:
    # docs.github.com, "Validating webhook deliveries"
    auth = auth_of(GITHUB, K="It's a Secret to Everybody")
    signature = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    call = a_call(b"Hello, World!", {"X-Hub-Signature-256": f"sha256={signature}"})

    assert is_let_in(auth, call)
    assert is_let_in(
        auth, a_call(call.body, {"x-hub-signature-256": f"sha256={signature.upper()}"})
    )
    assert all_refused(auth, spoilt_headers(call, "x-hub-signature-256"))
    assert all_refused(auth, spoilt_bodies(call))


def test_slack_s_documented_example_is_let_in() -> None:
    # docs.slack.dev, "Verifying requests from Slack"
    auth = auth_of(SLACK, K="8f742231b10e8888abcd99yyyzzz85a5")
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&"
        b"channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&"
        b"command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands"
        b"%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&"
        b"trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    headers = {
        "X-Slack-Signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        "X-Slack-Request-Timestamp": "1531420618",
    }
    call = a_call(body, headers, at=at(1531420620))

    assert is_let_in(auth, call)
    assert all_refused(auth, spoilt_headers(call, "x-slack-signature"))
    assert all_refused(auth, spoilt_headers(call, "x-slack-request-timestamp"))
    assert all_refused(auth, spoilt_bodies(call))
    assert why(auth, replace(call, received_at=at(1531420618 + 301))) == (
        "hmac: signed too long ago"
    )


_TWILIO_URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
_TWILIO_FORM = (
    b"CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309"
    b"&To=%2B18005551212"
)
_FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


@pytest.mark.parametrize(
    ("url", "body", "signature"),
    [
        # github.com/twilio/twilio-php, tests/Twilio/Unit/Security/RequestValidatorTest.php
        (_TWILIO_URL, _TWILIO_FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (
            _TWILIO_URL,
            b"&".join(reversed(_TWILIO_FORM.split(b"&"))),
            "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
        ),
        (
            _TWILIO_URL,
            b"Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234",
            "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
        ),
        (
            _TWILIO_URL.replace(".com", ".com:1234"),
            _TWILIO_FORM,
            "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
        ),
        (
            _TWILIO_URL.replace(".com", ".com:1234").replace("https", "http"),
            _TWILIO_FORM,
            "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=",
        ),
        (_TWILIO_URL, _TWILIO_FORM, "kvajT1Ptam85bY51eRf/AJRuM3w="),
        (_TWILIO_URL.replace("https", "http"), _TWILIO_FORM, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
    ],
)
def test_twilio_s_published_examples_are_let_in(url: str, body: bytes, signature: str) -> None:
    auth = auth_of(TWILIO, K="12345")
    call = a_call(body, {**_FORM, "X-Twilio-Signature": signature}, url=url)

    assert is_let_in(auth, call)
    assert all_refused(auth, spoilt_headers(call, "x-twilio-signature"))
    assert not is_let_in(auth, replace(call, body=body + b"&Digits=9"))
    assert not is_let_in(auth, replace(call, url=url + "&baz=3"))


def test_twilio_s_json_is_covered_by_the_hash_in_its_url() -> None:
    # the same file of twilio-php
    auth = auth_of(TWILIO, K="12345")
    hash_ = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
    headers = {
        "Content-Type": "application/json",
        "X-Twilio-Signature": "a9nBmqA0ju/hNViExpshrM61xv4=",
    }
    body = b'{"property": "value", "boolean": true}'
    call = a_call(body, headers, url=f"{_TWILIO_URL}&bodySHA256={hash_}")

    assert is_let_in(auth, call)
    assert all_refused(auth, spoilt_bodies(call))
    assert not is_let_in(auth, replace(call, headers={**call.headers, **_lower(_FORM)}))


def test_twilio_s_form_signature_lets_no_json_body_in() -> None:
    auth = auth_of(TWILIO, K="12345")
    signature = auth.sign(a_call(b"", _FORM, url=_TWILIO_URL), lambda _: None)
    swapped = replace(
        signature,
        body=b'{"a": 1}',
        headers={**signature.headers, "content-type": "application/json"},
    )

    assert is_let_in(auth, signature)
    assert why(auth, swapped) == "hmac: the body is not what was signed"


def _lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): text for name, text in headers.items()}


def test_hubspot_s_third_signature_is_let_in() -> None:
    # github.com/HubSpot/hubspot-api-python, tests/spec/utils/test_signature.py
    auth = auth_of(HUBSPOT_V3, K="yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy")
    headers = {
        "X-HubSpot-Signature-v3": "HPW73RUtKmcYoEDADG0s6MmGFWUzWJKAW07r8RDgcQw=",
        "X-HubSpot-Request-Timestamp": "15000000",
    }
    url = "https://www.example.com/webhook_uri"
    call = a_call(b"{'example_field':'example_value'}", headers, url=url, at=at(15000))

    assert is_let_in(auth, call)
    assert all_refused(auth, spoilt_headers(call, "x-hubspot-signature-v3"))
    assert all_refused(auth, spoilt_headers(call, "x-hubspot-request-timestamp"))
    assert all_refused(auth, spoilt_bodies(call))
    assert not is_let_in(auth, replace(call, method="PUT"))
    assert not is_let_in(auth, replace(call, url=url + "?a=1"))


@pytest.mark.parametrize(
    ("signed", "method", "body", "signature"),
    [
        # the same file of hubspot-api-python: v1, v2, and v2 of a GET
        (
            "{secret}{body}",
            "POST",
            b"{'example_field':'example_value'}",
            "69fc6631a867edd4f9e9e627fc5c1148e3fbdd8b21837b6d2b8901c1fa57f750",
        ),
        (
            "{secret}{method}{url}{body}",
            "POST",
            b"{'example_field':'example_value'}",
            "4fe4e3a7d3cf09db53be39d0a58130e2aaba074ec123a9e355b876a689a1c383",
        ),
        (
            "{secret}{method}{url}{body}",
            "GET",
            b"",
            "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e",
        ),
    ],
)
def test_hubspot_s_older_digests_are_let_in(
    signed: str, method: str, body: bytes, signature: str
) -> None:
    written = {
        "digest": {
            "secret": {"env": "K"},
            "signature": {"header": "X-HubSpot-Signature"},
            "signed": signed,
        }
    }
    auth = auth_of(written, K="yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy")
    url = "https://www.example.com/webhook_uri"
    call = a_call(body, {"X-HubSpot-Signature": signature}, url=url, method=method)

    assert is_let_in(auth, call)
    assert all_refused(auth, spoilt_headers(call, "x-hubspot-signature"))
    assert not is_let_in(auth, replace(call, body=body + b"x"))


def test_square_s_published_example_is_let_in() -> None:
    # github.com/square/square-python-sdk, tests/utilities/test_webhooks_helper.py
    auth = auth_of(SQUARE, K="Ibxx_5AKakO-3qeNVR61Dw")
    body = (
        b'{"merchant_id":"MLEFBHHSJGVHD","type":"webhooks.test_notification","event_id":'
        b'"ac3ac95b-f97d-458c-a6e6-18981597e05f","created_at":"2022-07-13T20:30:59.037339943Z",'
        b'"data":{"type":"webhooks","id":"bc368e64-01aa-407e-b46e-3231809b1129"}}'
    )
    call = a_call(
        body,
        {"x-square-hmacsha256-signature": "GF4YkrJgGBDZ9NIYbNXBnMzqb2HoL4RW/S6vkZ9/2N4="},
        url="https://webhook.site/679a4f3a-dcfa-49ee-bac5-9d0edad886b9",
    )

    assert is_let_in(auth, call)
    assert all_refused(auth, spoilt_headers(call, "x-square-hmacsha256-signature"))
    assert all_refused(auth, spoilt_bodies(call))
    assert not is_let_in(auth, replace(call, url=call.url.replace("679a", "79a")))


def test_sendgrid_s_published_example_is_let_in() -> None:
    # github.com/sendgrid/sendgrid-python, test/unit/test_eventwebhook.py
    auth = auth_of(SENDGRID)
    body = (
        b'[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","sg_event_id":'
        b'"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA","sg_message_id":'
        b'"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",'
        b'"smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>",'
        b'"timestamp":1600112492}]\r\n'
    )
    headers = {
        "X-Twilio-Email-Event-Webhook-Signature": "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZU"
        "AiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=",
        "X-Twilio-Email-Event-Webhook-Timestamp": "1600112502",
    }
    call = a_call(body, headers, at=at(1600112502))

    assert is_let_in(auth, call)
    assert all_refused(auth, spoilt_headers(call, "x-twilio-email-event-webhook-signature"))
    assert all_refused(auth, spoilt_headers(call, "x-twilio-email-event-webhook-timestamp"))
    assert all_refused(auth, spoilt_bodies(call))


@pytest.mark.parametrize(
    ("key", "text", "algorithm", "digest"),
    [
        # RFC 4231, test cases 1, 2, 3 and 6 (SHA-256, SHA-512); RFC 2202, test case 2 (MD5, SHA-1)
        (
            "0b" * 20,
            b"Hi There",
            "sha256",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            "4a656665",
            b"what do ya want for nothing?",
            "sha256",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            "aa" * 20,
            b"\xdd" * 50,
            "sha256",
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
        ),
        (
            "aa" * 131,
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "sha256",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
        (
            "4a656665",
            b"what do ya want for nothing?",
            "sha512",
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
            "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ),
        (
            "4a656665",
            b"what do ya want for nothing?",
            "sha384",
            "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
            "8e2240ca5e69e2c78b3239ecfab21649",
        ),
        (
            "4a656665",
            b"what do ya want for nothing?",
            "sha1",
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
        ),
        ("4a656665", b"what do ya want for nothing?", "md5", "750c783e6ab0b503eaa86e310a5db738"),
    ],
)
def test_the_standards_own_hmacs_are_let_in(
    key: str, text: bytes, algorithm: str, digest: str
) -> None:
    written = {
        "hmac": {
            "key": {"env": "K"},
            "key_encoding": "hex",
            "algorithm": algorithm,
            "signature": {"header": "X-Sig"},
        }
    }

    call = a_call(text, {"X-Sig": digest})

    assert is_let_in(auth_of(written, K=key), call)
    assert all_refused(auth_of(written, K=key), spoilt_bodies(call))

"""Whatever comes in is let in or refused; nothing is ever raised, and nothing gets in by chance."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.sources.auth import Authenticator, Refusal
from app.sources.call import Call
from tests.sources.auth.support import Held, auth_of, decode
from tests.sources.auth.test_key_pairs import _CHAIN, _ROOT, BY_URL, CERT_URL
from tests.sources.auth.test_vectors import HUBSPOT_V3, SENDGRID, SLACK, TWILIO
from tests.support.certificates import as_pem

TOKEN = "s3cret-s3cret-s3cret-s3cret-s3cret"
URL = "https://id.example.com/keys"
WAYS: dict[str, Any] = {
    "bearer": {"bearer": {"env": "K"}},
    "basic": {"basic": {"username": "ü", "password": {"env": "K"}}},
    "header": {"api_key": {"header": "X-A", "value": {"env": "K"}, "prefix": "T "}},
    "field": {"api_key": {"field": "a[0].*.b", "value": {"env": "K"}}},
    "query": {"query_secret": {"value": {"env": "K"}}},
    "path": {"path_secret": {"env": "K"}},
    "ip": {"ip": {"allow": ["10.0.0.0/8", "::1"]}},
    "slack": SLACK,
    "twilio": TWILIO,
    "hubspot": HUBSPOT_V3,
    "sendgrid": SENDGRID,
    "stripe": {
        "hmac": {
            "key": {"env": "K"},
            "signature": {"header": "X-A"},
            "extract": {"name": "v1"},
            "signed": "{timestamp}.{body}{path}{body_decoded}",
            "timestamp": {"part": "t"},
        }
    },
    "mailgun": {
        "hmac": {
            "key": {"env": "K"},
            "signature": {"field": "a.b"},
            "signed": "{timestamp}{field:a.c}{field:b?}",
            "timestamp": {"field": "a.a", "unit": "iso"},
        }
    },
    "digest": {
        "digest": {
            "secret": {"env": "K"},
            "signature": {"field": "a"},
            "signed": "{body_with_secret}",
        }
    },
    "standard": {"standard_webhooks": {"secret": {"env": "W"}}},
    "standard pair": {"standard_webhooks": {"public_key_text": "whpk_" + "A" * 43}},
    "jwt": {"jwt": {"secret": {"env": "K"}, "algorithms": "HS256"}},
    "jwt body": {"jwt": {"jwks_url": URL, "algorithms": ["ES256", "RS256"], "body": True}},
    "certificate": BY_URL,
}
HELD = Held(**{CERT_URL: _CHAIN, URL: '{"keys": [{"kty": "EC"}, {"kty": "RSA", "n": 1}]}'})
ENV = {"K": TOKEN, "W": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "ROOTS": as_pem(_ROOT)}
AUTHS: dict[str, Authenticator] = {
    name: auth_of(written, HELD, **ENV) for name, written in WAYS.items()
}
HEADERS = [
    "authorization",
    "x-a",
    "content-type",
    "x-slack-signature",
    "x-slack-request-timestamp",
    "x-twilio-signature",
    "x-hubspot-signature-v3",
    "x-hubspot-request-timestamp",
    "x-twilio-email-event-webhook-signature",
    "x-twilio-email-event-webhook-timestamp",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "paypal-transmission-id",
    "paypal-transmission-time",
    "paypal-transmission-sig",
    "paypal-cert-url",
]

_noise = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="0123456789abcdefABCDEF=,.:; vt1-_+/", max_size=80),
    st.sampled_from(
        [
            "Bearer ",
            "Basic Og==",
            "Basic /w==",
            "T ",
            "v0=",
            "t=1,v1=",
            "v1, v1a, v1,AAAA v1a,AAAA",
            "1795435200",
            "2026-11-23T12:00:00Z",
            "9999-12-31T23:59:59-23:59",
            "0001-01-01T00:00:00+23:59",
            "application/x-www-form-urlencoded",
            "application/json",
            CERT_URL,
            "https://[",
            "https://a.paypal.com:99999/v1/notifications/certs/",
            "Bearer W10.W10.W10",
            "Bearer eyJhbGciOlsxXX0.e30.AA",
            "Bearer eyJhbGciOiJIUzI1NiIsImNyaXQiOjF9.e30.AA",
            "Bearer " + "W1tb" * 100 + ".e30.AA",
        ]
    ),
)
_body = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"",
            b"a=1&b=%FF&%=",
            b'{"a": {"a": "2026-11-23T12:00:00Z", "b": "00", "c": []}}',
            b'{"a": [{"x": {"b": 1}}, 7, null]}',
            b'{"a": "a"}',
            b"\xff\xfe",
            b"e30.e30.e30",
            b"[" * 5000,
            b"W1tb" * 4000 + b".e30.e30",
        ]
    ),
)


@st.composite
def _calls(draw: st.DrawFn) -> Call:
    names = st.sampled_from(HEADERS)
    query = draw(st.dictionaries(st.sampled_from(["token", "bodySHA256"]), st.lists(_noise)))
    return Call(
        source="shop",
        method=draw(st.sampled_from(["POST", "get", ""])),
        path=draw(_noise),
        url=draw(st.one_of(_noise, st.just("https://b.example:1/hooks/shop?a=%41"))),
        raw_query=draw(_noise),
        query=query,
        headers=draw(st.dictionaries(names, _noise, max_size=8)),
        body=draw(_body),
        received_at=datetime(2026, 11, 23, 12, tzinfo=UTC)
        + draw(st.timedeltas(timedelta(0), timedelta(days=1))),
        client=draw(st.one_of(st.none(), _noise, st.just("::ffff:11.0.0.1"))),
    )


@settings(max_examples=150, deadline=None)
@given(call=_calls(), name=st.sampled_from(sorted(AUTHS)))
def test_garbage_is_refused_without_an_exception(call: Call, name: str) -> None:
    refusal = AUTHS[name].check(call, lambda: decode(call))

    assert isinstance(refusal, Refusal)
    assert refusal.slug in ("unauthenticated", "temporarily_unavailable")
    assert TOKEN not in refusal.why


@settings(max_examples=150, deadline=None)
@given(call=_calls(), name=st.sampled_from(sorted(AUTHS)))
def test_no_secret_is_left_in_what_is_kept_of_any_call(call: Call, name: str) -> None:
    places = AUTHS[name].secret_places

    kept = AUTHS[name].without_secrets(call)

    assert all(kept.headers.get(header, "") == "" for header in places.headers)
    assert all(not any(kept.query.get(parameter, ())) for parameter in places.query)
    assert kept.body == call.body

"""Calls by which a system checks the address."""

import hmac

import orjson
import pytest

from app.expressions import Scope
from app.sources.call import Call
from app.sources.receive import Answered, Refused, Taken, receive
from app.sources.source import Source
from tests.support.sources import SECRETS, a_call, a_source, signed

ZOOM = """
auth:
  hmac:
    signature: {header: x-zm-signature}
    prefix: "v0="
    timestamp: {header: x-zm-request-timestamp}
    signed: "v0:{timestamp}:{body}"
    key: {env: SECRET}
handshakes:
  - name: url_validation
    when: body.event == "endpoint.url_validation"
    reply:
      body:
        plainToken: body.payload.plainToken
        encryptedToken: {hmac_sha256_hex: body.payload.plainToken}
"""
GRAPH = """
auth: {api_key: {field: "value[*].clientState", value: {env: SECRET}}}
handshakes:
  - name: validation
    when: '"validationToken" in query'
    authenticated: false
    reply: {body: query.validationToken}
"""
META = """
auth: {hmac: {signature: {header: X-Hub-Signature-256}, prefix: "sha256=", key: {env: SECRET}}}
verify_token: [{env: VERIFY}, {env: OTHER}]
handshakes:
  - name: subscription
    when: method == "GET" && query["hub.mode"] == "subscribe"
    authenticated: false
    verify: {query: hub.verify_token}
    reply: {body: 'query["hub.challenge"]'}
"""
CLOUDEVENTS = """
auth: {bearer: {env: SECRET}}
handshakes:
  - name: abuse protection
    when: method == "OPTIONS"
    authenticated: false
    reply:
      status: 204
      headers:
        WebHook-Allowed-Origin: 'headers["webhook-request-origin"]'
        WebHook-Allowed-Rate: 120
"""
TILDA = """
auth: {path_secret: {env: SECRET}}
handshakes:
  - {when: body.test == "test", authenticated: false, reply: {text: ok}}
"""


def asked(source: Source, call: Call) -> Refused | Answered | Taken:
    return receive(source, call, Scope())


def test_an_answer_is_signed_with_the_secret_of_the_source() -> None:
    source = a_source(ZOOM)
    body = {"event": "endpoint.url_validation", "payload": {"plainToken": "qgg8vlvZRS6UYooatFL8Aw"}}

    found = asked(source, signed(source, a_call(orjson.dumps(body))))

    assert isinstance(found, Answered)
    digest = hmac.new(SECRETS["SECRET"].encode(), b"qgg8vlvZRS6UYooatFL8Aw", "sha256").hexdigest()
    assert orjson.loads(found.reply.body) == {
        "plainToken": "qgg8vlvZRS6UYooatFL8Aw",
        "encryptedToken": digest,
    }
    assert found.reply.content_type == "application/json"
    assert found.name == "url_validation"


def test_a_handshake_that_needs_proof_is_not_answered_without_it() -> None:
    body = b'{"event": "endpoint.url_validation", "payload": {"plainToken": "x"}}'

    found = asked(a_source(ZOOM), a_call(body))

    assert isinstance(found, Refused)
    assert found.slug == "unauthenticated"


def test_a_validation_token_comes_back_as_text_that_no_browser_runs() -> None:
    token = "%3Cscript%3Ealert%281%29%3C%2Fscript%3E+and+more"
    call = a_call(method="POST", query=f"validationToken={token}", content_type="text/plain")

    found = asked(a_source(GRAPH), call)

    assert isinstance(found, Answered)
    assert found.reply.body == b"<script>alert(1)</script> and more"
    assert found.reply.content_type == "text/plain; charset=utf-8"
    assert found.reply.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("variable", ["VERIFY", "OTHER"])
def test_a_challenge_comes_back_when_the_verify_token_is_one_of_ours(variable: str) -> None:
    query = f"hub.mode=subscribe&hub.challenge=115&hub.verify_token={SECRETS[variable]}"

    found = asked(a_source(META), a_call(method="GET", query=query))

    assert isinstance(found, Answered)
    assert found.reply.body == b"115"


@pytest.mark.parametrize(
    "token", ["", "&hub.verify_token=wrong", f"&hub.verify_token={SECRETS['VERIFY']}" * 2]
)
def test_a_challenge_with_another_verify_token_is_refused(token: str) -> None:
    call = a_call(method="GET", query=f"hub.mode=subscribe&hub.challenge=115{token}")

    found = asked(a_source(META), call)

    assert isinstance(found, Refused)
    assert found.slug == "unauthenticated"
    assert "wrong" not in f"{found.detail}{found.why}"


def test_a_challenge_that_is_missing_is_a_bad_request() -> None:
    query = f"hub.mode=subscribe&hub.verify_token={SECRETS['VERIFY']}"

    found = asked(a_source(META), a_call(method="GET", query=query))

    assert isinstance(found, Refused)
    assert found.slug == "bad_request"


def test_an_origin_is_allowed_to_call_by_headers_alone() -> None:
    call = a_call(method="OPTIONS", headers={"webhook-request-origin": "events.example.com"})

    found = asked(a_source(CLOUDEVENTS), call)

    assert isinstance(found, Answered)
    assert (found.reply.status, found.reply.body) == (204, b"")
    assert found.reply.headers["WebHook-Allowed-Origin"] == "events.example.com"
    assert found.reply.headers["WebHook-Allowed-Rate"] == "120"


@pytest.mark.parametrize("origin", ["a\r\nSet-Cookie: x=1", "a\tb", "é", "x" * 5000])
def test_no_header_of_ours_is_written_by_the_caller(origin: str) -> None:
    call = a_call(method="OPTIONS", headers={"webhook-request-origin": origin})

    found = asked(a_source(CLOUDEVENTS), call)

    assert isinstance(found, Refused)
    assert found.slug == "bad_request"


def test_a_test_call_is_answered_and_other_calls_are_not_taken_for_it() -> None:
    source = a_source(TILDA)
    form = "application/x-www-form-urlencoded"

    answered = asked(source, a_call(b"test=test", content_type=form))
    unproven = asked(source, a_call(b"Name=Ivan", content_type=form))
    proven = asked(source, a_call(b"Name=Ivan", content_type=form, path=SECRETS["SECRET"]))

    assert isinstance(answered, Answered)
    assert (answered.name, answered.reply.body) == ("1", b"ok")
    assert isinstance(unproven, Refused)
    assert isinstance(proven, Taken)
    assert proven.variables.body == {"Name": "Ivan"}


def test_a_large_body_is_not_decoded_for_somebody_who_has_proved_nothing() -> None:
    body = b"test=test&more=" + b"x" * 10_000

    found = asked(a_source(TILDA), a_call(body, content_type="application/x-www-form-urlencoded"))

    assert isinstance(found, Refused)
    assert found.slug == "unauthenticated"


def test_a_body_that_is_none_is_refused_for_its_proof_not_for_its_form() -> None:
    found = asked(a_source(TILDA), a_call(b"{broken"))

    assert isinstance(found, Refused)
    assert found.slug == "unauthenticated"

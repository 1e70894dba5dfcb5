"""What is special about the systems of developers, offices and sales."""

import hashlib
import hmac
from base64 import b64encode
from datetime import timedelta

import orjson
import pytest

from app.expressions import Scope
from app.sources.call import Call
from app.sources.receive import Answered, Refused, Taken, receive
from tests.support.sources import AT, SECRETS, a_call, a_source, signed

SECRET = SECRETS["SECRET"]
URL = "https://bridge.example.com/hooks/crm"


def received(name: str, call: Call) -> Taken | Answered | Refused:
    source = a_source(f"preset: {name}\nauth: {{secret: {{env: SECRET}}}}")
    return receive(source, call, Scope())


def by_owner(name: str, call: Call) -> Call:
    return signed(a_source(f"preset: {name}\nauth: {{secret: {{env: SECRET}}}}"), call)


def test_zoom_s_check_of_the_address_is_answered_with_a_digest_of_its_token() -> None:
    body = b'{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"}}'
    call = by_owner("zoom", a_call(body))

    found = received("zoom", call)

    assert isinstance(found, Answered)
    digest = hmac.new(SECRET.encode(), b"qgg8vlvZRS6UYooatFL8Aw", "sha256").hexdigest()
    assert orjson.loads(found.reply.body) == {
        "plainToken": "qgg8vlvZRS6UYooatFL8Aw",
        "encryptedToken": digest,
    }


def test_zoom_s_check_is_answered_to_nobody_else() -> None:
    body = b'{"event":"endpoint.url_validation","payload":{"plainToken":"t"}}'

    assert isinstance(received("zoom", a_call(body)), Refused)


@pytest.mark.parametrize("states", [[SECRET, "wrong"], ["wrong", SECRET], [SECRET, None], []])
def test_every_notification_of_graph_must_hold_the_client_state(states: list[str | None]) -> None:
    items = [
        {"subscriptionId": "s", "changeType": "updated", "resource": "r", "clientState": state}
        for state in states
    ]

    found = received("microsoft-graph", a_call(orjson.dumps({"value": items})))

    assert isinstance(found, Refused)
    assert found.slug == "unauthenticated"


def test_whoever_asks_for_leave_to_send_cloudevents_gets_it_and_starts_nothing() -> None:
    asked = a_call(
        b"", method="OPTIONS", headers={"webhook-request-origin": "eventemitter.example.com"}
    )

    found = received("cloudevents", asked)

    assert isinstance(found, Answered)
    assert found.reply.headers["WebHook-Allowed-Origin"] == "eventemitter.example.com"
    assert found.reply.headers["WebHook-Allowed-Rate"] == "*"


@pytest.mark.parametrize("signed_text", ["{secret}{body}", "{secret}POST{url}{body}"])
def test_both_older_signatures_of_hubspot_are_known(signed_text: str) -> None:
    body = '[{"eventId":1,"subscriptionId":2,"objectId":3,"occurredAt":4}]'
    text = signed_text.format(secret=SECRET, url=URL, body=body)
    proof = hashlib.sha256(text.encode()).hexdigest()

    found = received("hubspot-v1", a_call(body.encode(), headers={"x-hubspot-signature": proof}))

    assert isinstance(found, Taken)
    assert [item.dedup_key for item in found.items] == ["1:2:3:4"]


@pytest.mark.parametrize(("age", "is_taken"), [(299, True), (301, False)])
def test_hubspot_signs_the_address_and_the_time_in_milliseconds(age: int, is_taken: bool) -> None:
    body = b"[]"
    time = str(int((AT - timedelta(seconds=age)).timestamp() * 1000))
    text = f"POST{URL}".encode() + body + time.encode()
    proof = b64encode(hmac.new(SECRET.encode(), text, "sha256").digest()).decode()
    headers = {"x-hubspot-signature-v3": proof, "x-hubspot-request-timestamp": time}

    found = received("hubspot", a_call(body, headers=headers))

    assert isinstance(found, Taken) is is_taken


def test_an_older_webhook_of_pipedrive_is_known_by_object_id_and_time() -> None:
    meta = {"object": "deal", "id": 7, "timestamp_micro": 1732350000123456}
    call = by_owner("pipedrive", a_call(orjson.dumps({"meta": meta, "current": {}})))

    found = received("pipedrive", call)

    assert isinstance(found, Taken)
    assert found.items[0].dedup_key == "deal:7:1732350000123456"


def test_the_answers_of_jotform_are_read_out_of_their_text() -> None:
    form = b"submissionID=1&rawRequest=%7B%22q3_email%22%3A%22ivan%40example.com%22%7D"
    kind = "application/x-www-form-urlencoded"

    found = received("jotform", a_call(form, content_type=kind, path=SECRET))

    assert isinstance(found, Taken)
    assert found.variables.body == {
        "submissionID": "1",
        "rawRequest": {"q3_email": "ivan@example.com"},
    }
    assert found.variables.path == ""

"""What is special about sales, forms and calendars."""

import hmac
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from pydantic import TypeAdapter

from app.config.schema.auth import Auth, AuthTree
from app.config.secrets import SecretReader
from app.expressions import Scope
from app.sources.auth import build_auth
from app.sources.call import Call
from app.sources.presets import presets
from app.sources.receive import Answered, Refused, Taken, receive
from app.sources.replies import Summary, build_reply
from tests.support.sources import AT, SECRETS, a_call, a_source, signed, source_and_faults

SECRET = SECRETS["SECRET"]
WITH_SECRET = "auth: {secret: {env: SECRET}}"


def received(name: str, call: Call, own: str = WITH_SECRET) -> Taken | Answered | Refused:
    return receive(a_source(f"preset: {name}\n{own}"), call, Scope())


def by_owner(name: str, call: Call, own: str = WITH_SECRET) -> Call:
    """The call as the system makes it, which knows the secret."""
    return signed(a_source(f"preset: {name}\n{own}"), call)


def keys(name: str, call: Call, own: str = WITH_SECRET) -> list[str | None]:
    found = received(name, call, own)
    assert isinstance(found, Taken), found
    return [item.dedup_key for item in found.items]


def is_refused(name: str, call: Call, own: str = WITH_SECRET) -> bool:
    found = received(name, call, own)
    return isinstance(found, Refused) and found.slug == "unauthenticated"


def a_json(value: object, **headers: str) -> Call:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return a_call(orjson.dumps(value), headers=named)


def keys_of(name: str, value: object, own: str = WITH_SECRET) -> list[str | None]:
    return keys(name, by_owner(name, a_json(value), own), own)


def is_proved(name: str, key: str, call: Call) -> bool:
    """By the preset's own way and a published secret."""
    authenticator, faults = build_auth(
        TypeAdapter[AuthTree](Auth).validate_python({"secret": {"env": "K"}}),
        secrets=SecretReader({"K": key}, Path("/nowhere")),
        key=("sources", name, "auth"),
        preset=presets()[name].auth,
        forbidden=(),
    )
    assert authenticator is not None, [str(fault) for fault in faults]
    return authenticator.check(call, lambda: None) is None


# developers.hubspot.com/docs/faq, "v1 request validation" and "v2 request validation";
# github.com/HubSpot/hubspot-api-python, tests/spec/utils/test_signature.py
HUBSPOT_KEY = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
HUBSPOT_URL = "https://www.example.com/webhook_uri"
HUBSPOT_EVENTS = (
    b'[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,'
    b'"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,'
    b'"changeSource":"CRM","changeFlag":"NEW","appId":54321}]'
)
HUBSPOT_FIELD = b"{'example_field':'example_value'}"


@pytest.mark.parametrize(
    ("method", "body", "signature"),
    [
        (
            "POST",
            HUBSPOT_EVENTS,
            "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de",
        ),
        ("GET", b"", "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e"),
        ("POST", HUBSPOT_FIELD, "69fc6631a867edd4f9e9e627fc5c1148e3fbdd8b21837b6d2b8901c1fa57f750"),
        ("POST", HUBSPOT_FIELD, "4fe4e3a7d3cf09db53be39d0a58130e2aaba074ec123a9e355b876a689a1c383"),
    ],
    ids=["version 1", "version 2", "version 1 of the SDK", "version 2 of the SDK"],
)
def test_the_vectors_of_hubspot_s_older_signatures_fit_their_preset(
    method: str, body: bytes, signature: str
) -> None:
    call = a_call(body, method=method, headers={"x-hubspot-signature": signature})
    call = replace(call, url=HUBSPOT_URL)

    assert is_proved("hubspot-v1", HUBSPOT_KEY, call)
    assert not is_proved("hubspot-v1", HUBSPOT_KEY, replace(call, body=body + b" "))
    assert not is_proved("hubspot-v1", HUBSPOT_KEY.replace("y", "z"), call)


def test_the_vector_of_hubspot_s_own_sdk_fits_its_preset() -> None:
    headers = {
        "x-hubspot-signature-v3": "HPW73RUtKmcYoEDADG0s6MmGFWUzWJKAW07r8RDgcQw=",
        "x-hubspot-request-timestamp": "15000000",
    }
    at = datetime.fromtimestamp(15_000, UTC)
    call = replace(a_call(HUBSPOT_FIELD, headers=headers, at=at), url=HUBSPOT_URL)

    assert is_proved("hubspot", HUBSPOT_KEY, call)
    assert not is_proved("hubspot", HUBSPOT_KEY, replace(call, url=HUBSPOT_URL + "/"))
    assert not is_proved("hubspot", HUBSPOT_KEY, replace(call, method="PUT"))
    assert not is_proved("hubspot", HUBSPOT_KEY, replace(call, body=HUBSPOT_FIELD + b" "))


def test_hubspot_signs_some_characters_of_the_address_without_their_escapes() -> None:
    signed_url = "https://bridge.example.com/hooks/crm?to=a@b.c&at=12:30&of=1%202"
    sent = a_call(b"[]", query="to=a%40b.c&at=12%3a30&of=1%202")
    time = str(int(AT.timestamp() * 1000))
    text = f"POST{signed_url}[]{time}".encode()
    proof = b64encode(hmac.digest(SECRET.encode(), text, "sha256")).decode()
    headers = {"x-hubspot-signature-v3": proof, "x-hubspot-request-timestamp": time}

    assert isinstance(received("hubspot", replace(sent, headers=headers)), Taken)


def test_hubspot_s_older_signature_is_none_of_its_newer_ones() -> None:
    call = by_owner("hubspot-v1", a_json([{"eventId": 1}]))

    assert is_refused("hubspot", call)
    assert is_refused("hubspot-v1", by_owner("hubspot", a_json([{"eventId": 1}])))


HUBSPOT_EVENT = {"eventId": 1, "subscriptionId": 2, "occurredAt": 4, "attemptNumber": 0}


def test_an_event_of_hubspot_that_is_sent_again_in_another_batch_is_the_same() -> None:
    first, second = {**HUBSPOT_EVENT, "objectId": 3}, {**HUBSPOT_EVENT, "objectId": 5}

    assert keys_of("hubspot", [first, second]) == ["1:2:3:4", "1:2:5:4"]
    assert keys_of("hubspot", [{**second, "attemptNumber": 1}]) == ["1:2:5:4"]


@pytest.mark.parametrize("name", ["hubspot", "hubspot-v1"])
def test_an_association_in_hubspot_is_known_although_it_has_no_object_of_its_own(
    name: str,
) -> None:
    event = {"eventId": 1, "occurredAt": 4, "fromObjectId": 7, "toObjectId": 9}
    other_side = {**event, "fromObjectId": 9, "toObjectId": 7}

    assert keys_of(name, [event, other_side]) == ["1::7-9:4", "1::9-7:4"]


def test_a_merge_in_hubspot_is_known_although_it_has_no_object_of_its_own() -> None:
    merge = {**HUBSPOT_EVENT, "primaryObjectId": 7, "mergedObjectIds": [8], "newObjectId": 9}

    assert keys_of("hubspot", [merge]) == ["1:2::4"]


PIPEDRIVE = {"meta": {"entity": "deal", "id": "6c3c1f2a", "attempt": 1}, "data": {"id": 11}}


def test_a_call_of_pipedrive_that_is_tried_again_is_the_same() -> None:
    again = {**PIPEDRIVE, "meta": {"entity": "deal", "id": "6c3c1f2a", "attempt": 2}}

    assert keys_of("pipedrive", PIPEDRIVE) == keys_of("pipedrive", again) == ["6c3c1f2a"]


def test_the_number_of_a_record_is_no_key_of_pipedrive() -> None:
    older = {"meta": {"object": "person", "id": 11}, "current": {"id": 11}}

    assert keys_of("pipedrive", older) == [None]


@pytest.mark.parametrize(
    ("login", "own", "is_let_in"),
    [
        (f"pipedrive:{SECRET}", WITH_SECRET, True),
        (f"sales:{SECRET}", WITH_SECRET, False),
        (f"sales:{SECRET}", "auth: {secret: {env: SECRET}, inputs: {username: sales}}", True),
        (f"pipedrive:{SECRETS['OTHER']}", WITH_SECRET, False),
        ("pipedrive:", WITH_SECRET, False),
    ],
)
def test_pipedrive_is_known_by_user_and_password(login: str, own: str, is_let_in: bool) -> None:
    call = a_json(PIPEDRIVE, authorization="Basic " + b64encode(login.encode()).decode())

    assert isinstance(received("pipedrive", call, own), Taken) is is_let_in
    assert is_refused("pipedrive", call, own) is not is_let_in


TYPEFORM = b'{"event_id":"LtWX","form_response":{"token":"a3a1","answers":[]}}'
TYPEFORM_PROOF = hmac.digest(SECRET.encode(), TYPEFORM, "sha256")


@pytest.mark.parametrize(
    ("signature", "is_let_in"),
    [
        ("sha256=" + b64encode(TYPEFORM_PROOF).decode(), True),
        (b64encode(TYPEFORM_PROOF).decode(), False),
        ("sha256=" + TYPEFORM_PROOF.hex(), False),
        ("sha256=", False),
        ("sha1=" + b64encode(hmac.digest(SECRET.encode(), TYPEFORM, "sha1")).decode(), False),
    ],
)
def test_typeform_signs_in_base64_after_the_name_of_its_digest(
    signature: str, is_let_in: bool
) -> None:
    call = a_call(TYPEFORM, headers={"typeform-signature": signature})

    assert isinstance(received("typeform", call), Taken) is is_let_in
    assert is_refused("typeform", call) is not is_let_in


def test_an_answer_of_typeform_without_the_number_of_its_event_is_known_by_its_token() -> None:
    assert keys_of("typeform", {"form_response": {"token": "a3a1"}}) == ["a3a1"]


def test_the_expression_in_the_text_on_typeform_finds_the_e_mail() -> None:
    answers = [
        {"type": "text", "text": "Ivan", "field": {"ref": "name"}},
        {"type": "email", "email": "ivan@example.com", "field": {"ref": "email"}},
    ]
    value = 'body.form_response.answers.filter(a, a.field.ref == "email")[0].email'
    own = f"{WITH_SECRET}\ndedup: '{value}'"

    assert value in presets()["typeform"].about
    assert keys_of("typeform", {"form_response": {"answers": answers}}, own) == ["ivan@example.com"]


def calendly(event: str, invitee: str) -> Call:
    """Signed apart from the code."""
    body = orjson.dumps({"event": event, "payload": {"uri": f"https://c.test/{invitee}"}})
    time = str(int(AT.timestamp()))
    proof = hmac.digest(SECRET.encode(), f"{time}.".encode() + body, "sha256").hex()
    return a_call(body, headers={"calendly-webhook-signature": f"t={time},v1={proof}"})


@pytest.mark.parametrize(("age", "is_taken"), [(179, True), (181, False)])
def test_a_signature_of_calendly_counts_for_three_minutes(age: int, is_taken: bool) -> None:
    call = replace(calendly("invitee.created", "i-1"), received_at=AT + timedelta(seconds=age))

    assert isinstance(received("calendly", call), Taken) is is_taken


def test_the_time_of_calendly_s_signature_cannot_be_put_forward() -> None:
    call = calendly("invitee.created", "i-1")
    header = call.headers["calendly-webhook-signature"]
    later = AT + timedelta(hours=1)
    forged = header.replace(f"t={int(AT.timestamp())}", f"t={int(later.timestamp())}")

    assert is_refused(
        "calendly",
        replace(call, received_at=later, headers={"calendly-webhook-signature": forged}),
    )


def test_a_meeting_that_is_moved_in_calendly_is_two_events() -> None:
    cancelled = keys("calendly", calendly("invitee.canceled", "i-1"))
    created = keys("calendly", calendly("invitee.created", "i-2"))

    assert cancelled == ["invitee.canceled https://c.test/i-1"]
    assert created == ["invitee.created https://c.test/i-2"]


def jotform(path: str) -> Call:
    lines = ["--b"]
    for name, value in (("submissionID", "608"), ("rawRequest", '{"q3_email":"a@example.com"}')):
        lines += [f'Content-Disposition: form-data; name="{name}"', "", value, "--b"]
    body = "\r\n".join(lines) + "--\r\n"
    return a_call(body.encode(), path=path, content_type="multipart/form-data; boundary=b")


def test_a_multipart_call_of_jotform_is_read_and_answered_by_200() -> None:
    source = a_source(f"preset: jotform\n{WITH_SECRET}")

    found = receive(source, jotform(SECRET), Scope())

    assert isinstance(found, Taken)
    assert found.variables.body == {
        "submissionID": "608",
        "rawRequest": {"q3_email": "a@example.com"},
    }
    reply = build_reply(source, found, Summary((("018f", "accepted"),)), Scope())
    assert reply is not None
    assert (reply.status, reply.body) == (200, b"")


@pytest.mark.parametrize("path", ["", SECRETS["OTHER"], SECRET + "1", "a/" + SECRET])
def test_a_call_of_jotform_without_the_secret_in_its_address_is_refused(path: str) -> None:
    assert is_refused("jotform", jotform(path))


def test_the_example_in_the_documentation_of_callrail_fits_its_preset() -> None:
    # apidocs.callrail.com, "Validating Payloads"; the newline is the file's.
    body = Path(__file__).with_name("callrail.json").read_bytes().rstrip(b"\n")
    key = "072e77e426f92738a72fe23c4d1953b4"
    call = a_call(body, headers={"signature": "UZAHbUdfm3GqL7qzilGozGzWV64="})

    assert is_proved("callrail", key, call)
    assert not is_proved("callrail", key, replace(call, body=body + b"\n"))
    assert not is_proved("callrail", key[::-1], call)


def test_each_change_of_a_call_in_callrail_is_one_and_a_repeated_one_is_none() -> None:
    tagged, good = (
        {"resource_id": "CAL1", "tags": ["new"], "lead_status": None},
        {"resource_id": "CAL1", "tags": ["new"], "lead_status": "good_lead"},
    )

    assert keys_of("callrail", tagged) == keys_of("callrail", tagged)
    assert keys_of("callrail", tagged) != keys_of("callrail", good)


def test_the_key_in_the_text_on_callrail_takes_a_changed_call_once() -> None:
    own = f"{WITH_SECRET}\ndedup: body.resource_id"
    good = {"resource_id": "CAL1", "lead_status": "good_lead"}

    _, faults = source_and_faults(f"preset: callrail\n{own}")

    assert "dedup: body.resource_id" in presets()["callrail"].about
    assert keys_of("callrail", good, own) == ["CAL1"]
    assert [str(fault) for fault in faults] == []

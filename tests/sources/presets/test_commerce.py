"""What is special about shops, payments, mail and support systems."""

import hmac
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import orjson
import pytest
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]
from pydantic import TypeAdapter

from app.config.schema.auth import Auth, AuthTree
from app.config.secrets import SecretReader
from app.expressions import Scope
from app.model.json import Json
from app.sources.auth import build_auth
from app.sources.call import Call
from app.sources.presets import presets
from app.sources.receive import Answered, Refused, Taken, receive
from app.sources.replies import HttpReply, Summary, build_reply
from tests.sources.auth.test_vectors import SENDGRID
from tests.support.senders import (
    PAYPAL_CERTIFICATE_URL,
    PAYPAL_MIDDLE,
    PAYPAL_WEBHOOK,
    SENDGRID_KEY,
    Fetched,
    by_paypal,
    by_sendgrid,
    paypal_certificate,
)
from tests.support.sources import AT, SECRETS, a_call, a_source, signed, source_and_faults

SECRET = SECRETS["SECRET"]
FORM = "application/x-www-form-urlencoded"
WITH_SECRET = "auth: {secret: {env: SECRET}}"
PAYPAL = f"auth: {{inputs: {{webhook_id: {PAYPAL_WEBHOOK}, roots: {{env: ROOTS}}}}}}"
BY_SENDGRID = f"auth: {{inputs: {{public_key: {SENDGRID_KEY}}}}}"


def received(name: str, call: Call, own: str = WITH_SECRET) -> Taken | Answered | Refused:
    return receive(a_source(f"preset: {name}\n{own}"), call, Scope())


def by_owner(name: str, call: Call, own: str = WITH_SECRET) -> Call:
    """The call as the system makes it, which knows the secret."""
    return signed(a_source(f"preset: {name}\n{own}"), call)


def taken(name: str, call: Call, own: str = WITH_SECRET) -> Taken:
    found = received(name, call, own)
    assert isinstance(found, Taken), found
    return found


def is_refused(name: str, call: Call, own: str = WITH_SECRET) -> bool:
    found = received(name, call, own)
    return isinstance(found, Refused) and found.slug == "unauthenticated"


def is_answered(name: str, call: Call) -> bool:
    found = received(name, call)
    return isinstance(found, Answered) and (found.reply.status, found.reply.body) == (200, b"")


def keys(found: Taken) -> list[str | None]:
    return [item.dedup_key for item in found.items]


def bodies(found: Taken) -> list[Json]:
    return [item.variables.body for item in found.items]


def reply_to(name: str, call: Call) -> HttpReply:
    source = a_source(f"preset: {name}\n{WITH_SECRET}")
    found = receive(source, call, Scope())
    assert isinstance(found, Taken), found
    reply = build_reply(source, found, Summary((("018f", "accepted"),)), Scope())
    assert reply is not None
    return reply


def a_json(value: object, **headers: str) -> Call:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return a_call(orjson.dumps(value), headers=named)


def a_form(fields: dict[str, str], *, path: str = "") -> Call:
    return a_call(urlencode(fields).encode(), path=path, content_type=FORM)


def is_proved(name: str, auth: object, call: Call, **secrets: str) -> bool:
    """By the preset's own way and published secrets, which a source would refuse."""
    authenticator, faults = build_auth(
        TypeAdapter[AuthTree](Auth).validate_python(auth),
        secrets=SecretReader(secrets, Path("/nowhere")),
        key=("sources", name, "auth"),
        preset=presets()[name].auth,
        forbidden=(),
    )
    assert authenticator is not None, [str(fault) for fault in faults]
    return authenticator.check(call, lambda: None) is None


def test_the_ping_of_woocommerce_is_answered_without_a_proof() -> None:
    assert is_answered("woocommerce", a_form({"webhook_id": "12"}))
    assert is_answered("woocommerce", a_call(b"webhook_id=12", content_type=""))


@pytest.mark.parametrize(
    "fields", [{"webhook_id": "12", "id": "7"}, {"webhook_id": "x"}, {"id": "12"}]
)
def test_what_is_no_ping_of_woocommerce_needs_a_proof(fields: dict[str, str]) -> None:
    assert is_refused("woocommerce", a_form(fields))


def test_two_orders_of_woocommerce_within_a_second_are_two() -> None:
    def order(number: int) -> list[str | None]:
        call = a_json({"id": number}, x_wc_webhook_delivery_id="d1")
        return keys(taken("woocommerce", by_owner("woocommerce", call)))

    assert (order(1), order(2)) == (["d1:1"], ["d1:2"])


def test_a_custom_action_of_woocommerce_has_no_key() -> None:
    call = a_json({"action": "own", "arg": 5}, x_wc_webhook_delivery_id="d1")

    assert keys(taken("woocommerce", by_owner("woocommerce", call))) == [None]


def test_the_vector_of_square_s_own_sdk_fits_its_preset() -> None:
    # github.com/square/square-python-sdk, tests/utilities/test_webhooks_helper.py
    body = (
        b'{"merchant_id":"MLEFBHHSJGVHD","type":"webhooks.test_notification","event_id":'
        b'"ac3ac95b-f97d-458c-a6e6-18981597e05f","created_at":"2022-07-13T20:30:59.037339943Z",'
        b'"data":{"type":"webhooks","id":"bc368e64-01aa-407e-b46e-3231809b1129"}}'
    )
    signature = "GF4YkrJgGBDZ9NIYbNXBnMzqb2HoL4RW/S6vkZ9/2N4="
    call = replace(
        a_call(body, headers={"x-square-hmacsha256-signature": signature}),
        url="https://webhook.site/679a4f3a-dcfa-49ee-bac5-9d0edad886b9",
    )
    secret, key = {"secret": {"env": "K"}}, "Ibxx_5AKakO-3qeNVR61Dw"

    assert is_proved("square", secret, call, K=key)
    assert not is_proved("square", secret, replace(call, body=body + b" "), K=key)


def test_a_call_of_square_to_another_address_is_refused() -> None:
    call = by_owner("square", a_json({"event_id": "e-1"}))

    assert keys(taken("square", call)) == ["e-1"]
    assert is_refused("square", replace(call, url=call.url.replace("crm", "other")))


PAYPAL_CALL = by_paypal(a_json({"id": "WH-1"}))


def test_a_call_of_paypal_is_known_by_its_certificate() -> None:
    assert keys(taken("paypal", PAYPAL_CALL, PAYPAL)) == ["WH-1"]


@pytest.mark.parametrize(
    "changed",
    [
        replace(PAYPAL_CALL, body=b'{"id": "WH-2"}'),
        replace(PAYPAL_CALL, headers={**PAYPAL_CALL.headers, "paypal-transmission-id": "other"}),
        replace(PAYPAL_CALL, headers={**PAYPAL_CALL.headers, "paypal-cert-url": "https://a.test/"}),
        replace(PAYPAL_CALL, received_at=AT + timedelta(days=4)),
    ],
    ids=["body", "transmission", "address of the certificate", "too late"],
)
def test_a_call_of_paypal_that_was_changed_is_refused(changed: Call) -> None:
    assert is_refused("paypal", changed, PAYPAL)


def test_a_retry_of_paypal_after_three_days_is_taken() -> None:
    late = replace(PAYPAL_CALL, received_at=AT + timedelta(days=3))

    assert keys(taken("paypal", late, PAYPAL)) == ["WH-1"]


def test_a_call_for_another_webhook_of_paypal_is_refused() -> None:
    assert is_refused("paypal", PAYPAL_CALL, PAYPAL.replace(PAYPAL_WEBHOOK, "8PT000000X000000L"))


def of_paypal(own: str, chain: str | None) -> Taken | Answered | Refused:
    fetched = Fetched({PAYPAL_CERTIFICATE_URL: lambda: chain} if chain is not None else {})
    source, faults = source_and_faults(f"preset: paypal\n{own}", fetched=fetched)
    assert source is not None, [str(fault) for fault in faults]
    return receive(source, PAYPAL_CALL, Scope())


def test_a_call_of_paypal_whose_certificate_is_not_there_yet_is_put_off() -> None:
    found = of_paypal(PAYPAL, None)

    assert isinstance(found, Refused)
    assert found.retry_after_s is not None


@pytest.mark.parametrize(
    ("name", "own", "is_let_in"),
    [
        ("messageverificationcerts.paypal.com", "", True),
        ("messageverificationcerts.sandbox.paypal.com", "", False),
        (
            "messageverificationcerts.sandbox.paypal.com",
            "subject: messageverificationcerts.sandbox.paypal.com, ",
            True,
        ),
        ("shop.example.com", "", False),
    ],
)
def test_the_name_of_paypal_s_certificate_counts(name: str, own: str, is_let_in: bool) -> None:
    given = PAYPAL.replace("webhook_id", f"{own}webhook_id")

    found = of_paypal(given, paypal_certificate(name) + PAYPAL_MIDDLE)

    assert isinstance(found, Taken) == is_let_in


def test_a_certificate_of_paypal_without_the_middle_one_needs_it_among_the_roots(
    tmp_path: Path,
) -> None:
    roots = tmp_path / "roots.pem"
    roots.write_text(PAYPAL_MIDDLE)
    own = PAYPAL.replace("env: ROOTS", f"file: {roots}")

    assert isinstance(of_paypal(PAYPAL, paypal_certificate()), Refused)
    assert isinstance(of_paypal(own, paypal_certificate()), Taken)


def test_what_paypal_needs_besides_is_said() -> None:
    _, faults = source_and_faults("preset: paypal")

    assert "inputs: {webhook_id: ...}" in str(faults[0])


def test_the_vector_of_sendgrid_s_own_sdk_fits_its_preset() -> None:
    # github.com/sendgrid/sendgrid-python, test/unit/test_eventwebhook.py
    auth = {"inputs": {"public_key": SENDGRID["public_key"]["key_text"]}}
    body = (
        b'[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","sg_event_id":'
        b'"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA","sg_message_id":'
        b'"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",'
        b'"smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>",'
        b'"timestamp":1600112492}]\r\n'
    )
    headers = {
        "x-twilio-email-event-webhook-signature": "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZU"
        "AiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=",
        "x-twilio-email-event-webhook-timestamp": "1600112502",
    }
    call = a_call(body, headers=headers, at=datetime.fromtimestamp(1600112502, UTC))

    assert is_proved("sendgrid", auth, call)
    assert not is_proved("sendgrid", auth, replace(call, body=body.strip()))


def test_each_event_of_sendgrid_is_one_and_a_late_batch_is_taken() -> None:
    call = by_sendgrid(a_json([{"sg_event_id": "a"}, {"sg_event_id": "b"}]))
    late = replace(call, received_at=AT + timedelta(hours=24))
    too_late = replace(call, received_at=AT + timedelta(hours=26))

    assert keys(taken("sendgrid", late, BY_SENDGRID)) == ["a", "b"]
    assert is_refused("sendgrid", too_late, BY_SENDGRID)
    assert is_refused("sendgrid", replace(call, body=b"[]"), BY_SENDGRID)


def test_events_of_sendgrid_signed_by_another_key_are_refused() -> None:
    other = f"auth: {{inputs: {{public_key: {SENDGRID['public_key']['key_text']}}}}}"

    assert is_refused("sendgrid", by_sendgrid(a_json([{"sg_event_id": "a"}])), other)


def test_sendgrid_without_its_key_says_what_is_needed() -> None:
    _, faults = source_and_faults("preset: sendgrid")

    assert "inputs: {public_key: ...}" in str(faults[0])


def mailgun(event: str, *, name: str = "signature", key: str = SECRET) -> Call:
    """Signed apart from the code."""
    time = str(int(AT.timestamp()))
    proof = hmac.digest(key.encode(), f"{time}t0ken".encode(), "sha256").hex()
    signature = {"timestamp": time, "token": "t0ken", "signature": "0" * 64, name: proof}
    return a_json({"signature": signature, "event-data": {"id": event, "event": "clicked"}})


def test_a_signature_of_mailgun_counts_once_whatever_event_it_comes_with() -> None:
    first = keys(taken("mailgun", mailgun("e-1")))

    assert first == ["t0ken"]
    assert keys(taken("mailgun", mailgun("e-2"))) == first


def test_a_subaccount_s_event_of_mailgun_is_proved_by_the_parent_s_key() -> None:
    assert keys(taken("mailgun", mailgun("e-1", name="parent-signature"))) == ["t0ken"]
    assert is_refused("mailgun", mailgun("e-1", name="parent-signature", key=SECRETS["OTHER"]))
    assert is_refused("mailgun", mailgun("e-1", key=SECRETS["OTHER"]))


def test_mailgun_is_told_200_and_may_come_late() -> None:
    late = replace(mailgun("e-1"), received_at=AT + timedelta(hours=8))

    assert reply_to("mailgun", late).status == 200
    assert is_refused("mailgun", replace(late, received_at=AT + timedelta(hours=10)))


@pytest.mark.parametrize("path", ["", "guess", SECRET])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_check_of_mailchimp_is_answered_whatever_its_address(path: str, method: str) -> None:
    assert is_answered("mailchimp", a_call(method=method, path=path, content_type=""))


def test_a_call_of_mailchimp_needs_the_secret_in_its_address() -> None:
    fields = {"type": "subscribe", "fired_at": "now", "data[list_id]": "l", "data[email]": "a@b.c"}

    assert keys(taken("mailchimp", a_form(fields, path=SECRET))) == ["subscribe:l:a@b.c:now"]
    assert is_refused("mailchimp", a_form(fields))
    assert is_refused("mailchimp", a_form(fields, path="guess"))


TWILIO_URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
TWILIO_FORM = (
    b"CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309"
    b"&To=%2B18005551212"
)
TWILIO_HASH = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"


@pytest.mark.parametrize(
    ("query", "kind", "body", "signature"),
    [
        # github.com/twilio/twilio-php, tests/Twilio/Unit/Security/RequestValidatorTest.php
        ("foo=1&bar=2", FORM, TWILIO_FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (
            f"foo=1&bar=2&bodySHA256={TWILIO_HASH}",
            "application/json",
            b'{"property": "value", "boolean": true}',
            "a9nBmqA0ju/hNViExpshrM61xv4=",
        ),
    ],
)
def test_the_vectors_of_twilio_s_own_sdk_fit_its_preset(
    query: str, kind: str, body: bytes, signature: str
) -> None:
    headers = {"x-twilio-signature": signature}
    url = f"https://mycompany.com/myapp.php?{query}"
    call = replace(a_call(body, query=query, headers=headers, content_type=kind), url=url)
    secret = {"secret": {"env": "K"}}

    assert is_proved("twilio", secret, call, K="12345")
    assert not is_proved("twilio", secret, replace(call, body=body + b"&a=1"), K="12345")
    assert not is_proved("twilio", secret, replace(call, url=url + "1"), K="12345")


def test_twilio_is_told_to_do_nothing() -> None:
    call = by_owner("twilio", a_form({"MessageSid": "SM1", "SmsStatus": "received"}))

    reply = reply_to("twilio", call)

    assert (reply.status, reply.content_type) == (200, "text/xml")
    assert fromstring(reply.body).tag == "Response"


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"MessageSid": "SM1", "SmsStatus": "sent", "MessageStatus": "delivered"}, "SM1:delivered"),
        ({"MessageSid": "SM1", "SmsStatus": "received"}, "SM1:received"),
        ({"MessageSid": "SM1"}, "t-1"),
        ({"CallSid": "CA1", "CallStatus": "in-progress"}, "t-1"),
    ],
)
def test_a_message_of_twilio_is_known_by_its_state(fields: dict[str, str], key: str) -> None:
    call = by_owner("twilio", a_form(fields))
    call = replace(call, headers={**call.headers, "i-twilio-idempotency-token": "t-1"})

    assert keys(taken("twilio", call)) == [key]


def test_a_message_of_twilio_by_get_is_read_from_its_query() -> None:
    own = f"{WITH_SECRET}\ndecode: {{as: query}}"
    query = "MessageSid=SM1&SmsStatus=received"
    call = by_owner("twilio", a_call(method="GET", query=query, content_type=""), own)

    assert keys(taken("twilio", call, own)) == ["SM1:received"]
    assert is_refused("twilio", replace(call, url=call.url + "&a=1"), own)


BATCH = [{"messageId": "m-1"}, {"messageId": "m-2"}]


def segment(body: object, signed_text: object) -> Call:
    proof = hmac.digest(SECRET.encode(), orjson.dumps(signed_text), "sha1").hex()
    return a_json(body, x_signature=proof)


def test_a_batch_of_segment_that_is_signed_by_its_first_event_is_refused() -> None:
    assert keys(taken("segment", segment(BATCH[0], BATCH[0]))) == ["m-1"]
    assert is_refused("segment", segment(BATCH, BATCH[0]))
    assert is_refused("segment", a_json(BATCH))


def test_a_batch_of_segment_is_taken_apart_where_its_address_holds_the_secret() -> None:
    call = a_call(orjson.dumps(BATCH), path=SECRET)

    assert keys(taken("segment", call, "auth: {path_secret: {env: SECRET}}")) == ["m-1", "m-2"]


def salesforce(inner: str, *, path: str = SECRET, before: str = "") -> Call:
    body = (
        f'{before}<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:x="http://www.w3.org/2001/XMLSchema-instance"><e:Body>'
        '<notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
        f"<OrganizationId>00D1</OrganizationId>{inner}</notifications></e:Body></e:Envelope>"
    )
    return a_call(body.encode(), path=path, content_type="text/xml; charset=utf-8")


NOTIFICATION = (
    '<Notification><Id>04l1</Id><sObject x:type="sf:Lead" xmlns:sf="urn:sobject">'
    '<sf:Id>00Q1</sf:Id><sf:Email>ivan@example.com</sf:Email><sf:Phone x:nil="true"/>'
    "</sObject></Notification>"
)


def test_a_single_notification_of_salesforce_is_one_event() -> None:
    found = taken("salesforce", salesforce(NOTIFICATION))

    assert keys(found) == ["04l1"]
    assert bodies(found) == [
        {
            "Id": "04l1",
            "sObject": {
                "@type": "sf:Lead",
                "Id": "00Q1",
                "Email": "ivan@example.com",
                "Phone": None,
            },
        }
    ]


def test_salesforce_is_told_that_all_is_taken() -> None:
    reply = reply_to("salesforce", salesforce(NOTIFICATION * 100))

    assert (reply.status, reply.content_type) == (200, "text/xml")
    (ack,) = fromstring(reply.body).iter("{http://soap.sforce.com/2005/09/outbound}Ack")
    assert ack.text == "true"


def test_a_call_of_salesforce_without_the_secret_is_refused() -> None:
    assert is_refused("salesforce", salesforce(NOTIFICATION, path=""))


def test_the_organization_of_salesforce_can_be_asked_for_besides() -> None:
    own = (
        "auth: {all: [{path_secret: {env: SECRET}},"
        " {api_key: {field: notifications.OrganizationId, value: {env: OTHER}}}]}"
    )
    call = salesforce(NOTIFICATION)
    right = replace(call, body=call.body.replace(b"00D1", SECRETS["OTHER"].encode()))

    assert keys(taken("salesforce", right, own)) == ["04l1"]
    assert is_refused("salesforce", call, own)


def test_a_document_type_in_a_call_of_salesforce_is_not_read() -> None:
    found = received(
        "salesforce", salesforce(NOTIFICATION, before='<!DOCTYPE e [<!ENTITY a "b">]>')
    )

    assert isinstance(found, Refused)
    assert found.slug == "undecodable"


def test_the_key_of_zendesk_s_documentation_is_refused() -> None:
    published = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
    authenticator, faults = build_auth(
        TypeAdapter[AuthTree](Auth).validate_python({"secret": {"env": "K"}}),
        secrets=SecretReader({"K": published}, Path("/nowhere")),
        key=("sources", "zendesk", "auth"),
        preset=presets()["zendesk"].auth,
    )

    assert authenticator is None
    assert "public documentation" in str(faults[0])
    assert published not in str(faults)


def zendesk(body: dict[str, object], *, key: str = SECRET) -> Call:
    time = "2026-11-23T09:10:09Z"
    proof = hmac.digest(key.encode(), time.encode() + orjson.dumps(body), "sha256")
    return a_json(
        body,
        x_zendesk_webhook_signature=b64encode(proof).decode(),
        x_zendesk_webhook_signature_timestamp=time,
        x_zendesk_webhook_invocation_id="835",
    )


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"id": "e-1", "type": "zen:event-type:user.created"}, "e-1"),
        ({"id": "4711", "type": "question"}, "invocation:835"),
        ({"id": 4711, "type": 3}, "invocation:835"),
        ({"email": "ivan@example.com"}, "invocation:835"),
    ],
)
def test_a_number_in_a_body_of_one_s_own_is_no_key_of_zendesk(
    body: dict[str, object], key: str
) -> None:
    assert keys(taken("zendesk", zendesk(body))) == [key]


def test_a_call_of_zendesk_with_another_key_or_too_late_is_refused() -> None:
    late = replace(zendesk({}), received_at=AT + timedelta(minutes=6))

    assert is_refused("zendesk", zendesk({}, key=SECRETS["OTHER"]))
    assert is_refused("zendesk", late)


PING = {"type": "notification_event", "topic": "ping", "id": None}


def test_the_ping_of_intercom_is_answered_once_it_is_proved() -> None:
    assert is_answered("intercom", by_owner("intercom", a_json(PING)))
    assert is_refused("intercom", a_json(PING))


def test_the_address_of_intercom_may_be_checked_by_head() -> None:
    assert is_answered("intercom", a_call(method="HEAD", content_type=""))
    assert is_refused("intercom", a_call(method="GET", content_type=""))

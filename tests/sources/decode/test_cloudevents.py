import base64
import json

import pytest

from app.sources.decode import Undecodable, UnsupportedMedia, decode
from tests.sources.decode.calls import call, decoded, plan

ATTRIBUTES = {"specversion": "1.0", "id": "A-1", "source": "/shop", "type": "order.paid"}
EVENT = {**ATTRIBUTES, "data": {"email": "ivan@example.ru"}}
HEADERS = {f"ce-{name}": text for name, text in ATTRIBUTES.items()}


def test_a_structured_event_is_the_object_itself() -> None:
    assert decoded(json.dumps(EVENT), "application/cloudevents+json; charset=utf-8") == EVENT


def test_a_batch_is_a_list_of_events() -> None:
    body = json.dumps([EVENT, EVENT])

    assert decoded(body, "application/cloudevents-batch+json") == [EVENT, EVENT]


def test_a_binary_event_is_put_together_from_headers_and_body() -> None:
    headers = {**HEADERS, "ce-subject": "%D0%98%D0%B2%D0%B0%D0%BD", "ce-note": '"a \\"b\\""'}

    read = decode(call('{"email": "ivan@example.ru"}', "application/json", headers), plan())

    assert read == {
        **EVENT,
        "datacontenttype": "application/json",
        "subject": "Иван",
        "note": 'a "b"',
    }


def test_a_binary_event_without_a_body_has_no_data() -> None:
    assert decode(call("", headers=HEADERS), plan()) == ATTRIBUTES


def test_a_source_that_says_json_sees_only_the_body_of_a_binary_event() -> None:
    assert decode(call('{"a": 1}', "", HEADERS), plan(**{"as": "json"})) == {"a": 1}


def test_encoded_data_is_decoded_by_its_kind() -> None:
    encoded = base64.b64encode(b"<order><id>5</id></order>").decode()
    body = {**ATTRIBUTES, "datacontenttype": "application/xml", "data_base64": encoded}

    read = decoded(json.dumps(body), "application/cloudevents+json")

    assert read == {
        **ATTRIBUTES,
        "datacontenttype": "application/xml",
        "data": {"order": {"id": "5"}},
    }


def test_encoded_data_of_an_unknown_kind_stays_encoded() -> None:
    body = {**ATTRIBUTES, "datacontenttype": "image/png", "data_base64": "iVBORw=="}

    assert decoded(json.dumps(body), "application/cloudevents+json") == body


def test_a_source_that_says_cloudevents_takes_them_under_a_plain_content_type() -> None:
    assert decoded(json.dumps(EVENT), "application/json", **{"as": "cloudevents"}) == EVENT


@pytest.mark.parametrize("missing", ATTRIBUTES)
def test_an_event_without_a_required_attribute_is_refused_by_its_name(missing: str) -> None:
    body = {name: text for name, text in EVENT.items() if name != missing}

    with pytest.raises(Undecodable, match=f"event 2 is no CloudEvent: attribute `{missing}`"):
        decoded(json.dumps([EVENT, body]), "application/cloudevents-batch+json")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("5", "expected an object"),
        (json.dumps({**ATTRIBUTES, "data_base64": "a b"}), "not base64"),
        (json.dumps({**ATTRIBUTES, "data_base64": "é"}), "not base64"),
    ],
)
def test_what_is_no_event_is_refused(body: str, reason: str) -> None:
    with pytest.raises(Undecodable, match=reason):
        decoded(body, "application/cloudevents+json")


@pytest.mark.parametrize("kind", ["application/cloudevents+xml", "application/cloudevents+avro"])
def test_other_formats_of_events_are_unsupported(kind: str) -> None:
    with pytest.raises(UnsupportedMedia, match=r"application/cloudevents\+json"):
        decoded("<event/>", kind)

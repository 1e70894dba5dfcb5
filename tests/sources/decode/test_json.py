import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sources.decode import Undecodable, UnsupportedMedia
from tests.sources.decode.calls import decoded

JSON = "application/json"
YOOKASSA = {
    "type": "notification",
    "event": "payment.succeeded",
    "object": {
        "id": "22d6d597-000f-5000-9000-145f6df21d6f",
        "amount": {"value": "990.00", "currency": "RUB"},
        "paid": True,
        "metadata": {"email": "ivan@example.ru", "user_id": 42},
        "description": "Заказ №17",
        "refunded_at": None,
    },
}
HUBSPOT = [
    {"eventId": 100, "subscriptionType": "contact.propertyChange", "objectId": 123456789012},
    {"eventId": 101, "subscriptionType": "contact.creation", "objectId": 2**53 + 1},
]
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc[]"), inner),
    max_leaves=30,
)


@pytest.mark.parametrize("value", [YOOKASSA, HUBSPOT, 5, "text", None, True, [], {}])
def test_json_of_any_shape_is_taken_as_it_is(value: object) -> None:
    assert decoded(json.dumps(value), JSON) == value


@settings(max_examples=200, deadline=None)
@given(values)
def test_what_was_written_as_json_is_read_as_the_same_value(value: object) -> None:
    assert decoded(json.dumps(value), JSON) == value


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
@pytest.mark.parametrize("content_type", [JSON, ""])
def test_unicode_is_known_by_its_mark_or_its_zero_bytes(charset: str, content_type: str) -> None:
    body = json.dumps(YOOKASSA, ensure_ascii=False).encode(charset)

    assert decoded(body, content_type) == YOOKASSA


@pytest.mark.parametrize("name", ["windows-1251", '"Windows-1251"', "cp1251", "koi8-r"])
def test_the_charset_of_the_content_type_is_honoured(name: str) -> None:
    body = json.dumps(YOOKASSA, ensure_ascii=False).replace("№", "N").encode(name.strip('"'))

    read = decoded(body, f"application/json; charset={name}")

    assert read["object"]["description"] == "Заказ N17"  # type: ignore[index, call-overload]  # an object, by the sample


def test_the_charset_of_the_source_goes_before_that_of_the_call() -> None:
    body = '{"name": "Иван"}'.encode("cp1251")

    assert decoded(body, "application/json; charset=utf-8", charset="windows-1251") == {
        "name": "Иван"
    }


@pytest.mark.parametrize("charset", ["zip", "idna", "unicode_escape", "utf-7", "no-such-charset"])
def test_a_charset_that_is_not_known_is_unsupported(charset: str) -> None:
    with pytest.raises(UnsupportedMedia):
        decoded("{}", f"application/json; charset={charset}")


def test_a_text_that_is_no_utf_8_is_refused_with_the_byte_and_what_to_do() -> None:
    with pytest.raises(Undecodable, match=r"not utf-8 at byte 10; name its charset"):
        decoded('{"name": "Иван"}'.encode("cp1251"), JSON)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ('{"name": "O"Neil"}', "line 1 column 13"),
        ('{"a": 1,\n "b": }', "line 2 column 7"),
        ('{"a": NaN}', "line 1 column 7"),
        ('{"a": Infinity}', "line 1 column 7"),
        (r'"\ud800"', "line 1 column"),
        ('{"a": 1', "line 1 column"),
    ],
)
def test_broken_json_is_refused_with_its_place(body: str, place: str) -> None:
    with pytest.raises(Undecodable, match=f"^not JSON at {place}"):
        decoded(body, JSON)


def test_of_a_repeated_name_the_last_one_wins() -> None:
    assert decoded('{"email": "a@b.c", "email": "d@e.f"}', JSON) == {"email": "d@e.f"}


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63), 2**53 + 1, 1234567890123456789])
def test_a_whole_number_of_64_bits_stays_a_number(number: int) -> None:
    assert decoded(f'{{"id": {number}}}', JSON) == {"id": number}


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 2**64, 10**30])
def test_a_larger_whole_number_keeps_its_digits_as_a_text(number: int) -> None:
    assert decoded(f'{{"id": {number}, "n": [1, 2.5]}}', JSON) == {"id": str(number), "n": [1, 2.5]}


def test_long_digits_within_a_text_change_nothing() -> None:
    assert decoded('{"id": "12345678901234567890", "x": 1.5}', JSON) == {
        "id": "12345678901234567890",
        "x": 1.5,
    }


def test_a_refusal_never_shows_what_the_body_held() -> None:
    with pytest.raises(Undecodable) as refused:
        decoded('{"email": "ivan@example.ru", "phone" "+79991234567"}', JSON)

    assert "ivan" not in str(refused.value)
    assert "7999" not in str(refused.value)


@pytest.mark.parametrize(
    "kind", ["application/json", "text/json", "application/vnd.api+json", "APPLICATION/JSON ; v=1"]
)
def test_every_kind_of_json_is_known(kind: str) -> None:
    assert decoded('{"a": 1}', kind) == {"a": 1}

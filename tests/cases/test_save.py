"""A stored call becomes a case that passes and holds nobody of the call."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.cases import CannotSave, SavedCase, SaveOptions, case_of_event, run_cases
from app.cases.read import case_of_text
from app.model.json import Json
from app.sources.results import ITEM_TYPE
from tests.cases.support import CONFIG, a_revision, an_event

REVISION = a_revision()
FORM = "application/x-www-form-urlencoded"
ORDER = {
    "id": "A-17",
    "kind": "order",
    "status": "paid",
    "name": "Иван Петров",
    "customer": {
        "id": 555,
        "email": "Ivan@Real.example.org",
        "phone": "8 (912) 345-67-89",
        "address": {"city": "Москва", "country": "RU"},
        "birthday": "1985-03-04",
        "passport": "4510 123456",
    },
    "items": [{"name": "Книга", "price": 990}],
    "comment": "звоните +7 912 345-67-89",
    "log": "ivan@real.example.org wrote, then called 8 912 345 67 89",
    "ip": "203.0.113.7",
    "access_token": "tok-123",
}


def saved(body: object, options: SaveOptions | None = None, **event: Any) -> SavedCase:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return case_of_event(REVISION, an_event(raw, **event), options or SaveOptions())


def body_of(case: SavedCase) -> Any:
    body = case_of_text(case.text).case.body
    return body if isinstance(body, str) else body.json_ if body.form is None else body.form


def passes(case: SavedCase) -> bool:
    return run_cases([case_of_text(case.text)], REVISION)[0].passed


def test_the_case_passes_and_expects_what_the_rules_say_today() -> None:
    case = saved(ORDER)

    assert passes(case)
    assert case.notes == ()
    [start] = case_of_text(case.text).case.expect.starts or ()
    assert (start.rule, start.scenario, start.content) == ("order", 2, {"id": "A-17"})


def test_a_person_is_replaced_consistently_and_things_are_kept() -> None:
    body = body_of(saved(ORDER))

    assert body["customer"]["email"] == "person1@example.com"
    assert body["customer"]["phone"] == "8 (912) 000-00-01"
    assert body["log"] == "person1@example.com wrote, then called 8 912 000 00 01"
    assert body["customer"]["birthday"] == "1990-01-01"
    assert re.fullmatch(r"\d{4} \d{6}", body["customer"]["passport"])
    assert (body["name"], body["comment"], body["ip"]) == ("name 1", "text 1", "192.0.2.1")
    assert body["customer"]["address"] == {"city": "address 1", "country": "RU"}
    assert body["access_token"] == "***"
    kept = {"id": "A-17", "status": "paid", "items": ORDER["items"]}
    assert {name: body[name] for name in kept} == kept
    assert body["customer"]["id"] == 555


def test_a_form_is_written_as_a_form_without_the_secret_of_its_source() -> None:
    raw = (
        b"event=ONCRMDEALUPDATE&data%5BFIELDS%5D%5BID%5D=17&data%5BFIELDS%5D%5BSTAGE_ID%5D=WON"
        b"&data%5BFIELDS%5D%5BEMAIL%5D=ivan%40real.example.org&ts=1"
        b"&auth%5Bapplication_token%5D=bitrix-s3cret"
    )
    case = saved(raw, source="crm", content_type=FORM)

    assert passes(case)
    assert body_of(case)["data[FIELDS][EMAIL]"] == ("person1@example.com",)
    assert "bitrix-s3cret" not in case.text


def test_a_form_whose_order_matters_is_written_as_a_text() -> None:
    case = saved(b"a[][x]=1&a[][y]=2&a[][x]=3&crm_id=5", content_type=FORM)

    assert passes(case)
    assert body_of(case).startswith("a%5B%5D%5Bx%5D=1&a%5B%5D%5By%5D=2&a")


@pytest.mark.parametrize(
    ("raw", "content_type"),
    [
        (b"<o><email>ivan@real.example.org</email><name>Ivan</name></o>", "application/xml"),
        (b'<?xml version="1.0"?><o n="a" phone="+79123456789"/>', "text/xml"),
        (b'{"email": "ivan@real.example.org", "name": "Ivan"}\n{}\n', "application/x-ndjson"),
        (
            b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nIvan\r\n'
            b'--b\r\nContent-Disposition: form-data; name="scan"; filename="Ivan.png"\r\n\r\n'
            b"\xff\xfe\0ivan@real.example.org\r\n--b--\r\n",
            "multipart/form-data; boundary=b",
        ),
        (b'{"item": {"email": "ivan@real.example.org"}, "call": {"name": "Ivan"}}', ITEM_TYPE),
        (b'{"<<": 1, "email": "ivan@real.example.org", "first_name": "Ivan"}', "application/json"),
        (b'data={"email": "ivan@real.example.org", "name": "Ivan"}', FORM),
    ],
)
def test_other_kinds_of_bodies_are_replaced_too(raw: bytes, content_type: str) -> None:
    case = saved(raw, content_type=content_type)

    assert passes(case)
    for private in ("real.example.org", "Ivan", "3456789"):
        assert private not in case.text


def test_of_a_text_only_mails_and_phones_are_replaced_and_that_is_said() -> None:
    case = saved(b"Ivan, ivan@real.example.org", source="text", content_type="text/plain")

    assert body_of(case) == "Ivan, person1@example.com"
    assert "read it before you share it" in case.notes[0]


def test_the_query_is_replaced_as_a_form() -> None:
    case = saved(b"", query="phone=%2B79123456789&utm=5", method="GET")

    assert case_of_text(case.text).case.query == "phone=%2B79120000001&utm=5"
    assert passes(case)


def test_a_body_that_cannot_be_read_is_refused_unless_it_may_stay() -> None:
    with pytest.raises(CannotSave, match="--as-it-is"):
        saved(b'{"email": "ivan@real.example.org"')

    case = saved(b'{"email": "ivan@real.example.org"', SaveOptions(as_it_is=True))

    assert "ivan@real.example.org" in case.text
    assert "holds the people" in case.notes[0]


def test_fields_can_be_kept_and_replaced_by_name() -> None:
    options = SaveOptions(keep=frozenset({"Name"}), replace=frozenset({"crm_id"}))

    body = body_of(saved({"name": "Ivan", "crm_id": "C-12345", "n": {"crm_id": 12345}}, options))

    assert body == {"name": "Ivan", "crm_id": "value 1", "n": {"crm_id": 1}}


def test_a_text_that_a_rule_compares_with_is_no_persons() -> None:
    config = CONFIG.replace('body.kind == "order"', 'body.message == "new.order"')
    body = {"message": "new.order", "customer": {"email": "a@b.ru"}, "status": "paid", "id": "1"}

    case = case_of_event(a_revision(config), an_event(json.dumps(body).encode()), SaveOptions())

    assert body_of(case)["message"] == "new.order"
    assert case.notes == ()


def test_a_rule_that_reads_what_was_replaced_is_pointed_at() -> None:
    config = CONFIG.replace("'!has(body.kind)'", 'body.city.startsWith("Mos")')
    event = an_event(b'{"city": "Moscow", "crm_id": "1"}')

    case = case_of_event(a_revision(config), event, SaveOptions())

    assert "--keep" in case.notes[0]
    assert "Moscow" not in case.notes[0]


def test_headers_are_written_where_an_expression_reads_them() -> None:
    config = CONFIG.replace("'!has(body.kind)'", "headers['x-topic'] == 'new'")
    event = an_event(b'{"crm_id": "1"}', headers={"x-topic": "new", "authorization": ""})

    read = case_of_text(case_of_event(a_revision(config), event, SaveOptions()).text).case
    unread = case_of_text(case_of_event(REVISION, event, SaveOptions()).text).case

    assert (read.headers, unread.headers) == ({"x-topic": "new"}, {})


def test_a_source_that_is_gone_is_named() -> None:
    with pytest.raises(CannotSave, match='no source "old" any more'):
        saved({}, source="old")


PHONES = st.sampled_from(["+7912", "+7495", "+3361", "+4915", "+1415"]).flatmap(
    lambda code: st.integers(10**6, 10**7 - 1).map(lambda rest: f"{code}{rest}")
)
KEYS = st.text(max_size=12) | st.sampled_from(["email", "phone", "id", "name", "data", "a[b]"])
LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20)


@st.composite
def bodies(draw: st.DrawFn) -> tuple[Json, list[str]]:
    """A JSON body, and the e-mails and phones in it."""
    people = draw(st.lists(st.emails() | PHONES, min_size=1, max_size=4))
    around = st.sampled_from(["{}", "of {} and", "({})", "<{}>", "a: {}, b"])
    said = st.tuples(around, st.sampled_from(people)).map(lambda pair: pair[0].format(pair[1]))
    leaf = LEAVES | st.sampled_from(people) | said
    inner = st.recursive(
        leaf,
        lambda value: (
            st.lists(value, max_size=3)
            | st.dictionaries(KEYS | st.sampled_from(people), value, max_size=4)
        ),
        max_leaves=12,
    )
    body: Mapping[str, Json] = draw(st.dictionaries(KEYS, inner, min_size=1, max_size=4))
    return {**body, "one": people}, people


@settings(max_examples=60, deadline=None)
@given(bodies())
def test_a_saved_case_passes_and_holds_none_of_the_mails_and_phones(
    given_: tuple[Json, list[str]],
) -> None:
    body, people = given_

    case = saved(body)

    assert passes(case)
    shown = case.text + json.dumps(body_of(case), ensure_ascii=False)
    assert [one for one in people if one in shown] == []

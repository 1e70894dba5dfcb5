"""What stood at the places that a condition names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.expressions import compile_text
from app.expressions.terms import Read, brief, reads_of, terms
from app.model.json import Json
from tests.expressions.support import a_call, value

DEAL: Json = {
    "deal": {"stage": "LOST", "first-name": "Ivan", "none": None},
    "items": [{"sku": "a-1"}],
    "n": 3,
}


def read(text: str) -> list[tuple[str, str | None, str | None]]:
    call = a_call(DEAL, headers={"x-event": "paid"}, query={"id": "7"})
    return [(one.term, one.value, one.missing) for one in reads_of(text, call)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('body.deal.stage == "WON"', [("body.deal.stage", '"LOST"', None)]),
        ('body.lead.stage == "WON"', [("body.lead.stage", None, "body.lead")]),
        ('body.deal.stage.a == "WON"', [("body.deal.stage.a", None, "body.deal.stage.a")]),
        ("has(body.deal.none)", [("body.deal.none", "null", None)]),
        ('body.deal.stage.startsWith("W")', [("body.deal.stage", '"LOST"', None)]),
        ('body.deal["first-name"] == ""', [('body.deal["first-name"]', '"Ivan"', None)]),
        ("body['n'] > body.n", [("body.n", "3", None)]),
        ("body.items[0].sku != ''", [("body.items[0].sku", '"a-1"', None)]),
        ("body.items[4].sku != ''", [("body.items[4].sku", None, "body.items[4]")]),
        ("body.items.exists(i, i.sku == '')", [("body.items", '[{"sku":"a-1"}]', None)]),
        ('"n" in body.deal && size(body.items) > 1',
         [("body.deal", '{"stage":"LOST","first-name":"Ivan","none":null}', None),
          ("body.items", '[{"sku":"a-1"}]', None)]),
        ('headers["x-event"] == query.id || source == "body.n"',
         [('headers["x-event"]', '"paid"', None), ("query.id", '"7"', None),
          ("source", '"crm"', None)]),
        ("received.getFullYear() == 2026", [("received", '"2026-11-23T09:10:11Z"', None)]),
        ("1 < 2 // body.n", []),
    ],
)  # fmt: skip
def test_each_place_is_read_once_and_what_is_missing_is_named(
    text: str, expected: list[tuple[str, str | None, str | None]]
) -> None:
    compile_text(text)

    found = read(text)

    assert found == expected


def test_values_are_shortened_however_large_the_body_is() -> None:
    body: Json = {"text": "x" * 100_000, "list": list(range(100_000)), "deep": [[[[[[1]]]]]]}

    found = reads_of("body == {} || body.text == '' || body.list == []", a_call(body))

    assert all(len(one.value or "") <= 201 for one in found)
    assert found[2] == Read("body.list", '[0,1,2,3,4,"… 99995 more"]')


def test_no_more_than_some_places_of_an_expression_are_read() -> None:
    text = " + ".join(f"body.a{n}" for n in range(50))

    assert len(terms(text)) == 12


@given(st.text(st.sampled_from("ab_1"), min_size=1, max_size=6).map(lambda t: "k" + t))
def test_a_place_holds_what_the_expression_itself_yields(key: str) -> None:
    body: Json = {key: {"x": [1, {"y": key}]}}
    text = f"body.{key}.x[1].y"

    [found] = reads_of(text, a_call(body))

    assert found.value == brief(value(text, body))

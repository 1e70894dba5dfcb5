"""Expressions over a call: what they yield, and the reason where they yield nothing."""

import string
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.expressions import ExpressionFailed, ExpressionFault, Scope, compile_text
from app.model.json import Json
from tests.expressions.support import SCOPE, a_call, failure, holds, value, value_over

BODY: Mapping[str, Json] = {
    "n": 1,
    "f": 1.5,
    "text": "Won",
    "none": None,
    "yes": True,
    "list": [1, 2, 3],
    "object": {"k": "v", "a-b": 5},
    "items": [{"sku": "a", "n": 2}, {"sku": "b", "n": 0}],
    "at": "2026-11-23T00:00:00Z",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("body.n", 1),
        ("body.f", 1.5),
        ("body.n + 1", 2),
        ("body.none", None),
        ("body.list", [1, 2, 3]),
        ("body.object", {"k": "v", "a-b": 5}),
        ('body.object["a-b"]', 5),
        ('string(body.n) + " RUB"', "1 RUB"),
        ("double(body.n) + body.f", 2.5),
        ("int(body.f)", 1),
        ("body.text.lowerAscii()", "won"),
        ('body.text.replace("W", "w")', "won"),
        ('"a@b".split("@")[1]', "b"),
        ("body.items.map(i, i.sku)", ["a", "b"]),
        ("body.items.filter(i, i.n > 0)[0].sku", "a"),
        ('has(body.x) ? body.x : "none"', "none"),
        ('has(body.text) ? body.text : "none"', "Won"),
        ("received", "2026-11-23T09:10:11Z"),
        ("received - timestamp(body.at)", 33_011.0),
        ("received.getFullYear()", 2026),
        ('received + duration("1h")', "2026-11-23T10:10:11Z"),
        ("source", "crm"),
        ("path", "a/b"),
        ("method", "POST"),
        ("call.n", 1),
        ('{"a": [1, null, true]}', {"a": [1, None, True]}),
        ("{1: 2}", {"1": 2}),
        ('b"abc"', "YWJj"),
        ("body.list.first()", 1),
        ("[].first().orValue(7)", 7),
        ('base64.encode(b"x")', "eA=="),
    ],
)
def test_an_expression_yields_json(text: str, expected: Json) -> None:
    found = value(text, BODY)

    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("body.n == 1.0", True),
        ("body.n > 0.5", True),
        ('body.n == "1"', False),
        ('body.text == "Won" && body.yes', True),
        ("has(body.none)", True),
        ("has(body.missing)", False),
        ("has(body.object.missing)", False),
        ('"k" in body.object', True),
        ("2 in body.list", True),
        ('body.text in ["Won", "Lost"]', True),
        ('body.text.matches("^W")', True),
        ("body.items.exists(i, i.n == 0)", True),
        ("body.items.all(i, i.n > 0)", False),
        ("received > timestamp(body.at)", True),
        ("type(body.n) == type(0)", True),
        ("body.missing == 1 || body.yes", True),
        ("body.yes || body.missing == 1", True),
        ("body.missing == 1 && false", False),
    ],
)
def test_a_condition_yields_true_or_false(text: str, expected: bool) -> None:
    expression = compile_text(text)
    SCOPE.fill(a_call(BODY), expression.needs, None)

    assert expression.holds(SCOPE) is expected


@pytest.mark.parametrize(
    "text",
    ["body.missing", "body.missing == 1", "body.missing == null", "body.object.missing != 'x'",
     "!body.missing", "has(body.missing.k)", "body.missing ? true : false"],
)  # fmt: skip
def test_a_missing_key_makes_a_condition_false_and_is_named(text: str) -> None:
    assert not holds(text, BODY)
    assert failure(text, BODY) == 'no key "missing"'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("body.list[7]", "the list is shorter than that"),
        ("body.n + 1.5", "an operation does not fit the types of its values"),
        ('"x" + body.n', "an operation does not fit the types of its values"),
        ("body.text.k", "an operation does not fit the types of its values"),
        ("body.none.k", "an operation does not fit the types of its values"),
        ("body.n / 0", "division by zero"),
        ("int(body.text)", "a function can't take the value that it is given"),
        ('body.text.matches("[")', "a function can't take the value that it is given"),
        ("9223372036854775807 + body.n", "a function can't take the value that it is given"),
        ("email(body.text)", "the value is no e-mail address"),
        ("email(body.n)", "the value is no e-mail address: it is of type int"),
        ("email(body.none)", "the value is no e-mail address: it is empty"),
        ("phone(body.list)", "the value is no phone number: it is of type list"),
        ("phone(body.missing)", 'no key "missing"'),
        ('headers["X-Kind"]', 'no key "X-Kind"; names of headers are in lower case here'),
        ("[].first()", "yields an optional without a value"),
        ("1.0 / 0.0", "yields a number that is infinite or none, which JSON has not"),
        ('double("nan")', "yields a number that is infinite or none, which JSON has not"),
        ("[1.0 / 0.0]", "yields a number that is infinite or none, which JSON has not"),
    ],
)
def test_what_yields_nothing_says_why(text: str, reason: str) -> None:
    assert failure(text, BODY) == reason


@pytest.mark.parametrize(
    ("text", "what"),
    [("body.n", "a number"), ("body.f", "a number"), ("body.text", "a text"),
     ("body.list", "a list"), ("body.object", "an object"), ("body.none", "null")],
)  # fmt: skip
def test_a_condition_that_yields_no_true_or_false_is_told(text: str, what: str) -> None:
    expression = compile_text(text)
    SCOPE.fill(a_call(BODY), expression.needs, None)

    with pytest.raises(ExpressionFailed, match=f"^yields {what}, not true or false$"):
        expression.holds(SCOPE)


def test_the_reason_of_one_expression_is_not_that_of_the_next() -> None:
    assert failure("email(body.text)", BODY) == "the value is no e-mail address"
    assert failure("body.n / 0", BODY) == "division by zero"


def test_a_function_that_fails_beside_what_holds_is_no_failure() -> None:
    assert value('body.yes || email(body.text) == "x"', BODY) is True


def test_headers_and_query_are_read_by_their_names() -> None:
    given_ = a_call(headers={"x-event": "paid"}, query={"q": "1", "ids[]": ["a", "b"]})

    assert value_over('headers["x-event"] + query.q', given_) == "paid1"
    assert value_over('query["ids[]"]', given_) == ["a", "b"]
    assert value_over('"x-none" in headers', given_) is False


def test_a_body_that_is_no_object_is_a_value_like_others() -> None:
    assert value("body", [1, 2]) == [1, 2]
    assert value("body[1]", [1, 2]) == 2
    assert value("body + '!'", "ёж") == "ёж!"
    assert failure("body.a", [1]) == "an operation does not fit the types of its values"
    assert failure("body.a == 'x'", None) == "an operation does not fit the types of its values"


def test_the_size_of_a_text_is_in_bytes_and_its_characters_can_be_counted() -> None:
    assert value("size(body.t)", {"t": "ёж"}) == 4
    assert value('size(body.t.split(""))', {"t": "ёж"}) == 2


def test_one_call_leaves_nothing_behind_for_the_next() -> None:
    scope, expression = Scope(), compile_text('has(body.a) ? "a" : "none"')

    scope.fill(a_call({"a": 1}), expression.needs, None)
    first = expression.evaluate(scope)
    scope.fill(a_call({"b": 1}), expression.needs, None)

    assert (first, expression.evaluate(scope)) == ("a", "none")


def test_the_region_is_that_of_the_call_at_hand() -> None:
    assert value("phone(body.p)", {"p": "8 916 123-45-67"}, region="RU") == "+79161234567"
    assert "state the source's `region`" in failure("phone(body.p)", {"p": "8 916 123-45-67"})


_PROBES = (
    "body.x", "body.x.y", "body[body.x]", "body.m[body.x]", 'body.m[body.x] == "a"',
    "body.l[body.x]",
    "{'a': 1}[body.x]", "int(body.x)", "double(body.x)", "uint(body.x)", "bool(body.x)",
    "timestamp(body.x)", "duration(body.x)", "email(body.x)", "phone(body.x)", "-body.x", "!body.x",
    "body.x + 1", "1 + body.x", "body.x < 1", "body.x / 0", "body.x ? 1 : 2", "body.x && true",
    "body.x in body.x", "body.x.matches(body.x)", "body.x.matches('(')", "body.x[99]", "size(1)",
    "body.x.substring(9999)", "body.x.charAt(9999)", "body.x.startsWith(1)",
    "base64.decode(body.x)",
    "math.abs(body.x)", "body.x.split(1)", "[1, body.x].sort()", "body.x.map(i, i.k)",
    "headers[body.x]", "query[body.x]", "type(body.x)[0]", "body.l.exists(i, i.k == body.x)",
)  # fmt: skip
_LETTERS = string.ascii_letters + string.digits + "йцукен@.-_ +"


@given(
    text=st.sampled_from(_PROBES),
    secret=st.text(_LETTERS, min_size=6, max_size=30).map(lambda end: f"Zq{end}"),
    wrap=st.sampled_from(["text", "list", "key", "object"]),
)
@settings(max_examples=200, deadline=None)
def test_a_reason_never_holds_a_value_of_the_call(text: str, secret: str, wrap: str) -> None:
    forms: dict[str, Json] = {
        "text": secret,
        "list": [secret],
        "key": {secret: 1},
        "object": {"k": secret},
    }
    body: Json = {"x": forms[wrap], "m": {"k": secret}, "l": [{"k": 1}, secret]}

    assert secret not in failure(text, body)
    assert secret.strip() not in failure(text, body)


_TEXTS = st.text("abody.[]()!&|=<>+-*/%?:,'\"1 \nhelxin{}", max_size=30)


@given(text=_TEXTS | st.text(max_size=20), body=st.dictionaries(st.sampled_from("aby"), st.none()))
@settings(max_examples=200, deadline=None)
def test_any_text_is_a_fault_a_failure_or_a_value(text: str, body: dict[str, Json]) -> None:
    try:
        failure(text, body)
    except ExpressionFault as fault:
        assert fault.reason  # noqa: PT017 - either is fine, a third thing is not

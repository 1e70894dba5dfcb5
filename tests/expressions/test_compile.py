"""What can't be used is said when the file is read, with the place and what may be meant."""

import pytest

from app.expressions import ExpressionFault, compile_text
from app.expressions.scope import FUNCTIONS


def fault(text: str) -> tuple[str, str | None]:
    with pytest.raises(ExpressionFault) as found:
        compile_text(text)
    return found.value.reason, found.value.hint


@pytest.mark.parametrize(
    ("text", "name", "column", "hint"),
    [
        ("boddy.x == 1", "boddy", 1, 'did you mean "body"?'),
        ("body.boddy == boddy.x", "boddy", 15, 'did you mean "body"?'),
        ('"boddy" == boddy', "boddy", 12, 'did you mean "body"?'),
        ("body.x == 1 &&\n  header.y == 2", "header", 18, 'did you mean "headers"?'),
        (
            "qwxyz == 1",
            "qwxyz",
            1,
            "known names: body, headers, query, path, source, received, method, call",
        ),
        ("body.items.map(x, y)", "y", 19, None),
        ("type(body.x) == int", "int", 17, None),
    ],
)
def test_an_unknown_name_is_told_with_its_column_and_its_nearest(
    text: str, name: str, column: int, hint: str | None
) -> None:
    reason, found = fault(text)

    assert reason == f'unknown name "{name}" at column {column}'
    assert hint is None or found == hint


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('body.status = "paid"', "= is written =="),
        ("body.a == 1 and body.b == 2", "and is written &&"),
        ("body.a == 1 OR body.b == 2", "OR is written ||"),
        ("not body.a", "not is written !"),
        ("body.a <> 1", "<> is written !="),
        ('body.a == "a = b" +', None),
        ("body.", None),
        ("order-1", "in quotes of its own"),
        ("a@example.com", "in quotes of its own"),
        ("welcome", "in quotes of its own"),
    ],
)
def test_what_was_probably_meant_is_said(text: str, hint: str | None) -> None:
    _, found = fault(text)

    assert (found is None) if hint is None else (found is not None and hint in found)


@pytest.mark.parametrize(
    ("text", "reason", "hint"),
    [
        ("emial(body.x)", 'unknown function "emial" at column 1', 'did you mean "email"?'),
        (
            "body.x.startWith('a')",
            'unknown function "startWith" at column 8',
            'did you mean "startsWith"?',
        ),
        ("now()", 'unknown function "now" at column 1', None),
        (
            "body.emial == emial(body.x)",
            'unknown function "emial" at column 15',
            'did you mean "email"?',
        ),
    ],
)
def test_an_unknown_function_is_told_with_its_column_and_its_nearest(
    text: str, reason: str, hint: str | None
) -> None:
    assert fault(text) == (reason, hint)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("body.a == ", "at column 11"),
        ("body.a == 1)", "at column 12"),
        ("body.a = 1", "at column 8"),
        ('body.a == "unclosed', "at column 11"),
        ("body.a ==\n== 1", "at line 2, column 1"),
        ("body.in", "at column 6"),
        ("has(body)", "at column 5"),
        ("body.?a", "at column 5"),
        ("99999999999999999999", "at column 1"),
        ("(" * 500 + "1" + ")" * 500, "it is nested too deeply"),
        (r'"\ud800"', "invalid string literal at column 1"),
        ("", "at column 1"),
    ],
)
def test_a_syntax_error_is_told_with_its_place(text: str, where: str) -> None:
    reason, _ = fault(text)

    assert reason.startswith("is no CEL expression")
    assert reason.endswith(where)
    assert "ParseError" not in reason


@pytest.mark.parametrize(
    "text",
    [
        "body.items.exists(i, i.sku == 'a')",
        "body.items.all(i, i.n > 0) && body.items.map(n, n.sku).size() > 0",
        "body.items.filter(item, item.n > body.least)[0].sku",
        "body.items.exists_one(i, i == 'i')",
        "math.greatest(body.a, body.b) > 1",
        "optional.of(body.a).orValue(1)",
        "headers['x-id'] + query.q + path + source + method + call.x",
        "received.getFullYear() > 2025",
        "strings.quote(body.x)",
        "body.x // a comment with (brackets and && more",
    ],
)
def test_what_is_known_compiles(text: str) -> None:
    assert compile_text(text).text == text


def test_one_text_is_compiled_once() -> None:
    assert compile_text("body.a == 1") is compile_text("body.a == 1")


def test_every_function_of_the_library_and_ours_is_known() -> None:
    assert {"email", "phone", "startsWith", "lowerAscii", "split", "has", "size"} <= FUNCTIONS

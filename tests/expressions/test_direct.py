"""Expressions that are evaluated without the library say what the library says."""

from datetime import UTC, datetime

import cel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.expressions import ExpressionFailed, Scope, Variables, compile_text
from app.expressions.direct import direct
from app.expressions.reads import Reads, body_paths
from app.model.json import Json

_NAMES = st.sampled_from(["a", "b", "c"])
_LEAVES: st.SearchStrategy[Json] = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
    | st.sampled_from(["", "x", "y", "WON"])
)  # fmt: skip
_BODIES: st.SearchStrategy[Json] = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=8,
)
_PATHS = st.lists(_NAMES, min_size=1, max_size=3).map(lambda names: "body." + ".".join(names))
_EXPRESSIONS = _PATHS | st.builds(
    lambda path, sign, text: f"{path} {sign} {text}",
    _PATHS,
    st.sampled_from(["==", "!="]),
    st.sampled_from(['"x"', "'WON'", '""']),
)


def by_the_library(text: str, body: Json) -> object:
    try:
        return cel.compile(text).execute({"body": body})
    except (KeyError, TypeError) as error:
        return type(error)


def by_ours(text: str, body: Json) -> object:
    evaluated = direct(text)
    assert evaluated is not None
    try:
        return evaluated(body)
    except (KeyError, TypeError) as error:
        return type(error)


@given(text=_EXPRESSIONS, body=_BODIES)
@settings(max_examples=400, deadline=None)
def test_the_direct_way_and_the_library_agree(text: str, body: Json) -> None:
    ours, theirs = by_ours(text, body), by_the_library(text, body)

    assert ours == theirs
    assert type(ours) is type(theirs)


@pytest.mark.parametrize(
    "text",
    [
        "body",
        "body.a()",
        "body.a.startsWith('x')",
        "body.a[0]",
        'body["a"]',
        "body.a == 1",
        "body.a == body.b",
        r'body.a == "x\"y"',
        "body.a == 'x' && body.b == 'y'",
        "headers.a",
        "body.in",
        "!body.a",
    ],
)
def test_what_is_less_plain_is_left_to_the_library(text: str) -> None:
    assert direct(text) is None


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("body.a.b == 1", {("a", "b")}),
        ("body.a.startsWith('x') && has(body.b.c)", {("a",), ("b", "c")}),
        ("body.items[0].x", {("items",)}),
        ("body.items.exists(i, i.x == body.y)", {("items",), ("y",)}),
        ('"body.x" == source', set()),
        ("size(body)", None),
        ('body["a"]', None),
        ("'a' in body", None),
        ("body.size() > 1", None),
    ],
)
def test_what_an_expression_reads_of_the_body_is_known(
    text: str, paths: set[tuple[str, ...]] | None
) -> None:
    assert body_paths(text) == paths


@given(text=_EXPRESSIONS, other=_EXPRESSIONS, body=_BODIES)
@settings(max_examples=200, deadline=None)
def test_a_body_cut_to_what_is_read_gives_the_same_answers(
    text: str, other: str, body: Json
) -> None:
    whole = f"({text}) == ({other}) || {text} == null"
    reads = Reads.of(frozenset({"body"}), body_paths(whole))

    assert by_the_library(whole, reads.of_body(body)) == by_the_library(whole, body)


def test_a_scope_that_was_filled_for_one_expression_is_filled_further_for_the_next() -> None:
    scope = Scope()
    given_ = Variables("crm", datetime(2026, 1, 1, tzinfo=UTC), body={"a": [1], "b": [2, 3]})
    first, second = compile_text("size(body.a)"), compile_text("size(body.b) + size(body.a)")

    scope.fill(given_, first.needs, None)
    assert first.evaluate(scope) == 1
    scope.fill(given_, second.needs, None)
    assert second.evaluate(scope) == 3

    other = Variables("crm", given_.received, body={"b": []})
    scope.fill(other, first.needs, None)
    with pytest.raises(ExpressionFailed, match='no key "a"'):
        first.evaluate(scope)

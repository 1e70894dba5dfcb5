"""A condition taken apart holds exactly when its parts do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.expressions.conjuncts import conjuncts, without_texts
from app.model.json import Json
from tests.expressions.support import holds


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a", ["a"]),
        ("a && b", ["a", "b"]),
        (" a&&b  &&\n c ", ["a", "b", "c"]),
        ("a || b && c", ["a || b && c"]),
        ("a && b || c", ["a && b || c"]),
        ("a && (b || c)", ["a", "(b || c)"]),
        ("(a && b)", ["(a && b)"]),
        ("a && b ? c : d", ["a && b ? c : d"]),
        ("a && (b ? c : d)", ["a", "(b ? c : d)"]),
        ("!(a && b) && c", ["!(a && b)", "c"]),
        ('x == "a && b" && c', ['x == "a && b"', "c"]),
        ("x == 'it\\'s && so' && c", ["x == 'it\\'s && so'", "c"]),
        ('x == "\\"" && c', ['x == "\\""', "c"]),
        ("x == r'\\' && c", ["x == r'\\'", "c"]),
        ('x == R"\\" && c', ['x == R"\\"', "c"]),
        ("x == b'a && b' && c", ["x == b'a && b'", "c"]),
        ("x == rb'\\' && c == br'\\' && d", ["x == rb'\\'", "c == br'\\'", "d"]),
        ("x == '''a' && 'b''' && c", ["x == '''a' && 'b'''", "c"]),
        ("x == '' && c", ["x == ''", "c"]),
        ("a // && b\n&& c", ["a // && b", "c"]),
        ("a['&&'] && [b && c].all(x, x && d) && {'k': e && f}['k']",
         ["a['&&']", "[b && c].all(x, x && d)", "{'k': e && f}['k']"]),
    ],
)  # fmt: skip
def test_a_chain_is_cut_where_its_parts_meet(text: str, parts: list[str]) -> None:
    assert conjuncts(text) == parts


_LEAVES = st.sampled_from(
    [
        "true", "false", "body.yes", "body.no", "body.missing", "body.n == 1", "body.n",
        "1 / 0 > 1",
        '"a && b" == body.s', '"a || b" != body.s', "'it\\'s ? && (' != body.s", r"r'\' != body.s",
        r"'\\' == body.b", r'R"\" == body.b', "'''&& ' || '''.contains('||')", "b'&&' == b'&&'",
        "[1, 2].exists(x, x == 1 && x < 2)", '{"k": body.yes && true}["k"]', "has(body.missing)",
        "(body.yes) // && false\n", "!body.no", "body.s.matches('a && (b|c)')", '""== body.s',
    ]
)  # fmt: skip
_CONDITIONS: st.SearchStrategy[str] = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.builds("{} && {}".format, inner, inner),
        st.builds("{}&&{}&&{}".format, inner, inner, inner),
        st.builds("{} || {}".format, inner, inner),
        st.builds("{} ? ({}) : {}".format, inner, inner, inner),
        st.builds("({})".format, inner),
        st.builds("!({})".format, inner),
        st.builds("[{}][0]".format, inner),
        st.builds('{{"&&": {}}}["&&"]'.format, inner),
    ),
    max_leaves=8,
)
BODY: Json = {"yes": True, "no": False, "n": 1, "s": "a && b", "b": "\\"}


@given(text=_CONDITIONS)
@settings(max_examples=200, deadline=None)
def test_all_parts_hold_exactly_when_the_whole_does(text: str) -> None:
    parts = conjuncts(text)

    assert all(holds(part, BODY) for part in parts) == holds(text, BODY)


@given(text=_CONDITIONS)
@settings(max_examples=100, deadline=None)
def test_texts_are_blanked_without_moving_a_column(text: str) -> None:
    plain = without_texts(text)

    assert len(plain) == len(text)
    assert "'" not in plain
    assert '"' not in plain
    assert all(after in (before, " ") for before, after in zip(text, plain, strict=True))

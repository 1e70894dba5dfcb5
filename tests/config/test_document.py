"""A YAML file is read into plain values that remember their lines, or refused by line."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.config.document import key_text, parse_document, read_document
from app.config.faults import ConfigRefused
from app.model.json import Json

TEXT = """\
# a comment
version: 1
destinations:
  main:
    url: https://a.example

rules:
  - name: one
    scenario: 3
  - name: two
    match:
      - {email: body.x,
         phone: body.y}
"""


def read(text: str | bytes) -> Json:
    raw = text if isinstance(text, bytes) else text.encode()
    return parse_document(raw, file="bridge.yaml").root


def refusal(text: str | bytes) -> str:
    with pytest.raises(ConfigRefused) as refused:
        read(text)
    return str(refused.value)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 2),
        (("version",), 2),
        (("destinations",), 3),
        (("destinations", "main", "url"), 5),
        (("rules",), 7),
        (("rules", 0), 8),
        (("rules", 0, "scenario"), 9),
        (("rules", 1), 10),
        (("rules", 1, "match", 0, "email"), 12),
        (("rules", 1, "match", 0, "phone"), 13),
    ],
)
def test_each_key_knows_its_line(path: tuple[str | int, ...], line: int) -> None:
    document = parse_document(TEXT.encode(), file="bridge.yaml")

    assert document.line(path) == line


def test_a_key_that_is_not_there_has_the_line_of_what_should_hold_it() -> None:
    document = parse_document(TEXT.encode(), file="bridge.yaml")

    assert document.line(("rules", 0, "when", 3)) == 8
    assert document.line(("nothing", "of", "this")) == 2


def test_all_keys_that_stand_twice_are_named_with_both_lines() -> None:
    text = "version: 1\nrules: []\nsources:\n  crm: 1\n  web: 2\n  crm: 3\nversion: 2\n"

    assert refusal(text).splitlines() == [
        "bridge.yaml:6: sources.crm: stands twice, first in line 4",
        "bridge.yaml:7: version: stands twice, first in line 1",
    ]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a: 1\nb: [1, 2", "bridge.yaml:2: file: is no YAML: expected ',' or ']'"),
        ("a: 1\nb: c: d", "bridge.yaml:2: file: is no YAML: mapping values are not allowed here"),
        ("a: 1\n\tb: 1", "bridge.yaml:2: file: is no YAML: found character '\\t'"),
        ('a: "\\q"', "bridge.yaml:1: file: is no YAML: found unknown escape character 'q' at col"),
        ("a: 1\nb: *a", "bridge.yaml:2: file: is no YAML: found undefined alias 'a' at column 4"),
        ("a: 1\n---\nb: 2", "bridge.yaml:2: file: is no YAML: but found another document"),
        ("a: \x00", "bridge.yaml:1: file: is no YAML: unacceptable character #x0000"),
        (b"a: \xff", "bridge.yaml:1: file: is not UTF-8 at byte 3"),
        ("a: \xe9".encode("latin-1"), "bridge.yaml:1: file: is not UTF-8 at byte 3"),
        ("a: 1".encode("utf-16"), "bridge.yaml:1: file: is not UTF-8 at byte 0"),
    ],
)
def test_what_is_no_yaml_is_named_by_its_line(text: str | bytes, where: str) -> None:
    assert refusal(text).startswith(where)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: !!int abc", "a: can't be read as int"),
        ("a: !!bool perhaps", "a: can't be read as bool"),
        ("a: " + "9" * 5000, "a: can't be read as int"),
        ("a: !env NAME", "a: the tag !env is not known here"),
        ("a: !!python/object:os.system x", "a: the tag python/object:os.system is not known here"),
        ("a: !!binary aGk=", "a: the tag binary is not known here"),
        ("a: !!set {b}", "a: the tag set is not known here"),
        ("a: !mine [1]", "a: the tag !mine is not known here"),
        ("? [1, 2]\n: 3", "file: has a key that is no text"),
        ("x: &x {a: 1}\ny:\n  <<: *x", "y: merge keys (<<) are not known here; write the keys out"),
    ],
)
def test_what_has_no_place_in_the_file_is_named(text: str, says: str) -> None:
    assert f": {says}" in refusal(text)


def test_a_value_that_cannot_be_read_is_not_repeated() -> None:
    assert "hunter2" not in refusal("token: !!int hunter2")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3), ("-1", -1), ("1.5", 1.5), ("true", True), ("yes", "yes"), ("~", None),
        ("", None), ("2026-01-01", "2026-01-01"), ("2026-99-99", "2026-99-99"), ("1:30", "1:30"),
        ("50/s", "50/s"), ("'3'", "3"), ("|\n  x\n  y", "x\ny"), ("[]", []), ("{}", {}),
    ],
)  # fmt: skip
def test_a_value_is_what_was_meant(text: str, value: Json) -> None:
    found = read(f"a: {text}")

    assert found == {"a": value}
    assert isinstance(found, dict)
    assert type(found["a"]) is type(value)


def test_the_names_of_keys_are_as_written() -> None:
    assert read("3: a\ntrue: b\n1.50: c\n~: d") == {"3": "a", "true": "b", "1.50": "c", "~": "d"}


def test_an_alias_stands_for_the_value_it_names() -> None:
    document = parse_document(b"x: &x {a: 1}\ny: *x\n", file="bridge.yaml")

    assert document.root == {"x": {"a": 1}, "y": {"a": 1}}
    assert document.line(("y",)) == 2


def test_a_byte_order_mark_changes_nothing() -> None:
    assert read(b"\xef\xbb\xbfversion: 1") == {"version": 1}


@pytest.mark.parametrize("text", ["", "# only a comment", "---", "~"])
def test_an_empty_file_is_nothing(text: str) -> None:
    assert read(text) is None


def bomb() -> str:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]")
    return "\n".join(lines)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", [bomb(), "a: &a [*a]", "a: &a {b: *a, c: *a}"])
def test_aliases_that_would_fill_the_memory_are_refused(text: str) -> None:
    says = refusal(text)

    assert "too many or too deep values (an alias of itself?)" in says
    assert len(says) < 200


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", ["[" * 20_000, "{a: " * 20_000, "- " * 20_000])
def test_a_file_that_is_nested_without_end_is_refused(text: str) -> None:
    assert refusal(text) == "bridge.yaml:1: file: is nested too deeply"


def test_a_file_that_is_too_large_is_refused() -> None:
    assert refusal("a: " + "x" * 4_200_000) == "bridge.yaml:1: file: is larger than 4194304 bytes"


def test_the_revision_names_the_content() -> None:
    one, same, other = (parse_document(raw, file="f") for raw in (b"a: 1", b"a: 1", b"a: 2"))

    assert one.revision == same.revision
    assert one.revision != other.revision
    assert len(one.revision) == 12


def test_a_file_that_is_not_there_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigRefused) as refused:
        read_document(tmp_path / "none.yaml")

    says = str(refused.value)
    assert says == f"{tmp_path}/none.yaml:1: file: can't be read: No such file or directory; " + (
        "check the path"
    )


def test_a_file_is_read_under_its_name(tmp_path: Path) -> None:
    path = tmp_path / "bridge.yaml"
    path.write_text("a: 1")

    document = read_document(path)

    assert (document.file, document.root) == (str(path), {"a": 1})


@pytest.mark.parametrize(
    ("path", "text"),
    [((), "file"), (("rules", 2, "when"), "rules[2].when"), (("a", 0, 1, "b"), "a[0][1].b")],
)
def test_a_path_is_written_as_people_say_it(path: tuple[str | int, ...], text: str) -> None:
    assert key_text(path) == text


@given(
    raw=st.binary(max_size=60) | st.text("ab:-[]{}&*!|>?\"'%#, \n\t1~", max_size=40).map(str.encode)
)
@example(raw=b"? ")
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        parse_document(raw, file="bridge.yaml")
    except ConfigRefused as refused:
        assert refused.faults  # noqa: PT017 - either is fine, a third thing is not

"""Which lines of a file are which rule's."""

from app.config.document import parse_document
from app.revision.excerpts import Excerpt, rule_excerpts, spliced

FILE = """\
version: 1
rules:
  # who is new
  - name: one
    scenario: 1

  # who came back
  - name: two
    when: |
      body.a == 1
    scenario: 2

# where it goes
destinations: {}
"""


def of(text: str) -> list[Excerpt]:
    return list(rule_excerpts(parse_document(text.encode(), file="f")))


def test_a_rule_has_the_comment_above_it_and_not_that_of_the_next() -> None:
    one, two = of(FILE)

    assert one == Excerpt(3, "  # who is new\n  - name: one\n    scenario: 1")
    assert (two.line, two.last_line) == (7, 11)
    assert two.text.endswith("scenario: 2")


def test_rules_at_the_end_of_a_file_or_in_one_line_have_lines_too() -> None:
    last = of("version: 1\nrules:\n- name: a\n- name: b\n")
    flow = of("rules: [{name: a}, {name: b}]\nversion: 1\n")

    assert [one.text for one in last] == ["- name: a", "- name: b"]
    assert [one.line for one in flow] == [1, 1]


def test_a_file_without_rules_has_no_excerpts() -> None:
    assert of("version: 1\n") == of("rules: []\n") == of("") == []


def test_an_edited_rule_takes_the_place_of_the_one_in_the_file() -> None:
    one = of(FILE)[0]

    edited = spliced(FILE, one, "  - name: one\n    scenario: 9\n")

    assert edited == FILE.replace("  # who is new\n", "").replace("scenario: 1", "scenario: 9")

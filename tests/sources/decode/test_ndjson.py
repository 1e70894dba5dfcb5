import pytest

from app.sources.decode import Undecodable
from tests.sources.decode.calls import decoded

NDJSON = "application/x-ndjson"


def test_lines_become_a_list_and_empty_lines_are_left_out() -> None:
    body = '{"email": "a@b.c"}\r\n\n{"email": "d@e.f"}\n5\n'

    assert decoded(body, NDJSON) == [{"email": "a@b.c"}, {"email": "d@e.f"}, 5]


def test_a_broken_line_is_named_by_its_number() -> None:
    with pytest.raises(Undecodable, match="not JSON at line 3 column 6"):
        decoded('{"a": 1}\n\n{"a" 2}\n', NDJSON)


def test_an_empty_body_is_an_empty_list_where_the_source_says_ndjson() -> None:
    assert decoded("", **{"as": "ndjson"}) == []


@pytest.mark.parametrize("kind", ["application/ndjson", "application/jsonl"])
def test_other_names_of_it_are_known(kind: str) -> None:
    assert decoded("1\n2", kind) == [1, 2]


def test_the_values_of_all_lines_are_counted_together() -> None:
    with pytest.raises(Undecodable, match="more than 10 values"):
        decoded("[1, 2]\n" * 5, NDJSON, max_keys=10)


def test_the_list_of_lines_counts_as_a_level() -> None:
    with pytest.raises(Undecodable, match="nested deeper"):
        decoded("[[1]]", NDJSON, max_depth=2)

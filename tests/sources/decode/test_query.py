import pytest

from app.sources.decode import Undecodable, decode, decode_query
from tests.sources.decode.calls import call, plan

GETCOURSE = "token=t&uid=123&email=ivan%40example.ru&order=456&status=payed"


def test_each_parameter_is_its_text_and_a_repeated_one_a_list() -> None:
    read = decode_query(
        "email=ivan%40example.ru&tag=a&tag=b+c&flag&ids[]=1&data[ID]=5&&name=%D0%AF"
    )

    assert read == {
        "email": "ivan@example.ru",
        "tag": ["a", "b c"],
        "flag": "",
        "ids[]": "1",
        "data[ID]": "5",
        "name": "Я",
    }


def test_no_query_is_no_parameter() -> None:
    assert decode_query("") == {}


def test_a_query_that_is_no_utf_8_is_shown_by_replacement_characters() -> None:
    assert decode_query("a=%FF%CF&b=\udcff") == {"a": "��", "b": "?"}


def test_too_many_parameters_are_refused() -> None:
    assert len(decode_query("&".join(f"a{n}=1" for n in range(1000)))) == 1000
    with pytest.raises(Undecodable, match="more than 1000 query parameters"):
        decode_query("a&" * 1000)


@pytest.mark.parametrize("body", ["", "ignored"])
def test_where_the_source_says_query_the_body_is_what_the_query_holds(body: str) -> None:
    read = decode(
        call(body, "text/plain", query=f"{GETCOURSE}&user[id]=7"), plan(**{"as": "query"})
    )

    assert read == {
        "token": "t",
        "uid": "123",
        "email": "ivan@example.ru",
        "order": "456",
        "status": "payed",
        "user": {"id": "7"},
    }


def test_else_the_body_of_a_call_with_only_a_query_is_empty() -> None:
    assert decode(call("", query=GETCOURSE), plan()) == {}

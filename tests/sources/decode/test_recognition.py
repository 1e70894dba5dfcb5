import pytest

from app.sources.decode import Undecodable, UnsupportedMedia
from tests.sources.decode.calls import FORM, decoded


@pytest.mark.parametrize("kind", ["", "application/octet-stream", "text/plain", "x/y", FORM])
@pytest.mark.parametrize(
    ("body", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        ("\ufeff \r\n[1, 2]", [1, 2]),
        ("a=b&c[d]=e", {"a": "b", "c": {"d": "e"}}),
        ("[a]=b", {"[a]": "b"}),
        ("Имя=Иван", {"Имя": "Иван"}),
        ("\ufeffa=b", {"a": "b"}),
    ],
)
def test_without_a_telling_content_type_the_first_characters_decide(
    kind: str, body: str, value: object
) -> None:
    assert decoded(body, kind) == value


def test_xml_without_a_content_type_is_known_too() -> None:
    assert decoded("\ufeff<?xml version='1.0'?><a>5</a>") == {"a": "5"}
    assert decoded("<a>Иван</a>".encode("utf-16")) == {"a": "Иван"}


def test_json_under_the_content_type_of_a_form_is_json() -> None:
    assert decoded('{"order_id": "5", "q": "a=b"}', FORM) == {"order_id": "5", "q": "a=b"}


def test_broken_json_under_the_content_type_of_a_form_is_no_form() -> None:
    with pytest.raises(Undecodable, match="not JSON"):
        decoded('{"q": "a=b}', FORM)


def test_a_content_type_that_tells_goes_before_the_first_characters() -> None:
    with pytest.raises(Undecodable, match="not JSON"):
        decoded("a=b", "application/json")


@pytest.mark.parametrize("body", ["", " ", "\r\n"])
@pytest.mark.parametrize("kind", ["", "application/json", FORM, "text/xml", "image/png"])
def test_an_empty_body_is_an_empty_object(body: str, kind: str) -> None:
    assert decoded(body, kind) == {}


def test_plain_text_is_a_text() -> None:
    assert decoded("Привет, мир", "text/plain") == "Привет, мир"
    assert decoded("Привет".encode("cp1251"), "text/plain; charset=windows-1251") == "Привет"


@pytest.mark.parametrize("kind", ["", "application/octet-stream", "image/png", "application/jose"])
def test_what_nothing_tells_of_is_unsupported(kind: str) -> None:
    with pytest.raises(UnsupportedMedia, match="name it in the content type"):
        decoded(b"eyJhbGciOiJFUzI1NiJ9.e30.c2ln", kind)


def test_a_token_in_octets_is_a_text_where_the_source_says_so() -> None:
    body = "eyJhbGciOiJFUzI1NiJ9.e30.c2ln"

    assert decoded(body, "application/octet-stream", **{"as": "text"}) == body
    assert decoded("", "application/octet-stream", **{"as": "text"}) == ""


@pytest.mark.parametrize(
    ("form", "body", "value"),
    [
        ("json", '"a=b"', "a=b"),
        ("form", '{"a": 1}', {'{"a": 1}': ""}),
        ("xml", "<a>1</a>", {"a": "1"}),
        ("ndjson", "1\n2", [1, 2]),
    ],
)
def test_what_the_source_says_goes_before_everything(form: str, body: str, value: object) -> None:
    assert decoded(body, "image/png", **{"as": form}) == value


def test_a_content_type_sent_twice_is_one() -> None:
    assert decoded('{"a": 1}', "application/json, application/json") == {"a": 1}


def test_a_very_long_content_type_is_unsupported() -> None:
    with pytest.raises(UnsupportedMedia, match="too long"):
        decoded("{}", "application/json;" + "a" * 2000)

import pytest

from app.sources.decode import Undecodable
from tests.sources.decode.calls import decoded

KIND = "multipart/form-data; boundary=----b17"


def multipart(*parts: tuple[str, bytes], end: bytes = b"------b17--\r\n") -> bytes:
    return b"".join(b"------b17\r\n%s\r\n\r\n%s\r\n" % (h.encode(), c) for h, c in parts) + end


def field(name: str, value: str, charset: str = "utf-8") -> tuple[str, bytes]:
    return f'Content-Disposition: form-data; name="{name}"', value.encode(charset)


def test_the_fields_of_jotform_are_texts_and_the_json_one_is_decoded_when_named() -> None:
    body = multipart(
        field("formID", "231"),
        field("submissionID", "5120"),
        field("pretty", "Почта:ivan@example.ru"),
        field("rawRequest", '{"q3_email": "ivan@example.ru", "q4_phone": {"full": "+7999"}}'),
    )

    assert decoded(body, KIND, json_fields=["rawRequest"]) == {
        "formID": "231",
        "submissionID": "5120",
        "pretty": "Почта:ivan@example.ru",
        "rawRequest": {"q3_email": "ivan@example.ru", "q4_phone": {"full": "+7999"}},
    }


def test_names_with_brackets_nest_as_in_a_form() -> None:
    body = multipart(
        field("customer_email", "ivan@example.ru"),
        field("products[0][name]", "Курс"),
        field("products[1][name]", "Книга"),
    )

    assert decoded(body, KIND) == {
        "customer_email": "ivan@example.ru",
        "products": [{"name": "Курс"}, {"name": "Книга"}],
    }


def test_a_file_is_left_out_but_named() -> None:
    head = (
        'Content-Disposition: form-data; name="scan"; filename="паспорт; 1.png"\r\n'
        "Content-Type: image/png"
    )

    assert decoded(multipart((head, b"\x89PNG\r\n--not"), field("a", "b")), KIND) == {
        "scan": {"filename": "паспорт; 1.png", "content_type": "image/png", "size_bytes": 11},
        "a": "b",
    }


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ('name=plain; x="y"', "plain"),
        ('x="; name=no"; Name = "a;b=c"', "a;b=c"),
        (r'name="say \"hi\" \ C:\dir"', r'say "hi" \ C:\dir'),
        ('name="without end', "without end"),
    ],
)
def test_a_name_is_read_with_or_without_quotes(parameters: str, name: str) -> None:
    head = f"Content-Disposition: form-data; {parameters}"

    assert decoded(multipart((head, b"1")), KIND) == {name: "1"}


def test_a_part_in_a_charset_of_its_own_is_read_by_it() -> None:
    head = (
        'Content-Disposition: form-data; name="a"\r\nContent-Type: text/plain; charset=windows-1251'
    )

    assert decoded(multipart((head, "Иван".encode("cp1251"))), KIND) == {"a": "Иван"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (multipart(field("a", "b"), end=b""), "without its last boundary"),
        (b"a=b", "not multipart at byte 0"),
        (multipart(("X-Other: 1", b"")), "part 1 has no name"),
        (multipart(field("a", "Я", "cp1251")), "part 1 is not utf-8"),
        (
            multipart(
                (
                    'Content-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64',
                    b"YQ==",
                )
            ),
            "transfer encoding",
        ),
        (
            multipart((f'Content-Disposition: form-data; name="{"x" * 5000}"', b"")),
            "not multipart",
        ),
    ],
)
def test_a_broken_body_is_refused_with_its_place(body: bytes, reason: str) -> None:
    with pytest.raises(Undecodable, match=reason):
        decoded(body, KIND)


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", f"multipart/form-data; boundary={'b' * 300}"]
)
def test_a_boundary_that_is_missing_or_too_long_is_refused(kind: str) -> None:
    with pytest.raises(Undecodable, match="boundary"):
        decoded(multipart(field("a", "b")), kind)


def test_nothing_of_a_broken_body_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Undecodable):
        decoded(b"ivan@example.ru", KIND)

    assert caplog.records == []

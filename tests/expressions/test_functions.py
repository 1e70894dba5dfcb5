"""E-mail addresses and phone numbers as people and systems write them, made normal."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.expressions.functions import NotNormal, email, phone

MOSCOW = "+79161234567"


@pytest.mark.parametrize(
    "written",
    [
        "8-916-123-45-67", "8 (916) 123-45-67", "89161234567", "8(916)1234567", "8.916.123.45.67",
        "79161234567", "+79161234567", "+7 916 123-45-67", "+7 (916) 123 45 67", "7 916 1234567",
        "9161234567", "916 123-45-67", "(916) 123-45-67", "  8 916 123 45 67\n", "tel:+79161234567",
        "8\u00a0916\u00a0123\u201145\u201167", "\u202a+79161234567\u202c", "7９１６１２３４５６７",
        "+7 916 123-45-67 доб. 12", "0079161234567", 89161234567, 79161234567, 9161234567,
    ],
)  # fmt: skip
def test_a_russian_number_in_any_form_is_one_number(written: str | int) -> None:
    assert phone(written, "RU") == MOSCOW


@pytest.mark.parametrize(
    "written", ["+79161234567", "79161234567", "+7 (916) 123-45-67", "0079161234567", 79161234567]
)
def test_a_number_with_its_country_needs_no_region(written: str | int) -> None:
    assert phone(written, None) == MOSCOW


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("491712345678", "+491712345678"),
        ("+49 171 2345678", "+491712345678"),
        ("0049 171 2345678", "+491712345678"),
        ("810 49 171 2345678", "+491712345678"),
        ("375291234567", "+375291234567"),
        ("380501234567", "+380501234567"),
        ("77011234567", "+77011234567"),
        ("998901234567", "+998901234567"),
        ("8 800 555-35-35", "+78005553535"),
        ("+1 212 555 0123", "+12125550123"),
        ("+79000000000", "+79000000000"),
    ],
)
def test_numbers_of_other_countries_are_known_in_russia(written: str, number: str) -> None:
    assert phone(written, "RU") == number


@pytest.mark.parametrize(
    ("written", "region", "number"),
    [
        ("0171 2345678", "DE", "+491712345678"),
        ("8 029 123-45-67", "BY", "+375291234567"),
        ("8 701 123 45 67", "KZ", "+77011234567"),
        ("(212) 253-0000", "US", "+12122530000"),
    ],
)
def test_the_region_says_what_a_number_without_a_country_means(
    written: str, region: str, number: str
) -> None:
    assert phone(written, region) == number


@pytest.mark.parametrize(
    "written",
    ["abc", "+", "123", "02", "112", "8916", "253-0000", "+7916123456", "+7 916 123-45-6789",
     "+89161234567", "8 916 123 45 67, 8 916 765 43 21", "ivan@example.com", "0" * 40, "9" * 5000],
)  # fmt: skip
def test_what_is_no_phone_number_is_refused(written: str) -> None:
    with pytest.raises(NotNormal, match=r"^is no phone number$"):
        phone(written, "RU")


@pytest.mark.parametrize(
    "written", ["8-916-123-45-67", "8-800-555-35-35", "9161234567", "253-0000"]
)
def test_a_number_without_a_country_is_never_guessed(written: str) -> None:
    with pytest.raises(NotNormal, match="state the source's `region`"):
        phone(written, None)


@pytest.mark.parametrize(
    ("given_", "what"),
    [(None, "it is empty"), ("", "it is empty"), (" \n", "it is empty"),
     (True, "it is of type bool"),
     (1.5, "it is of type float"), ([], "it is of type list"), ({}, "it is of type dict")],
)  # fmt: skip
def test_what_is_no_text_is_no_phone_number(given_: object, what: str) -> None:
    with pytest.raises(NotNormal, match=f"^is no phone number: {what}$"):
        phone(given_, "RU")


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("ivan@example.com", "ivan@example.com"),
        ("  ivan@example.com\n", "ivan@example.com"),
        ("Ivan@EXAMPLE.com", "Ivan@example.com"),
        ("ivan+shop@example.co.uk", "ivan+shop@example.co.uk"),
        ("a.b-c_d@sub.example.com", "a.b-c_d@sub.example.com"),
        ("почта@пример.рф", "почта@пример.рф"),
        ("a@xn--e1afmkfd.xn--p1ai", "a@пример.рф"),
        ("ivan@shop.test", "ivan@shop.test"),
    ],
)
def test_an_address_is_made_normal(written: str, address: str) -> None:
    assert email(written) == address


@pytest.mark.parametrize(
    "written",
    ["ivan", "ivan@", "@example.com", "ivan@example", "ivan@localhost", "a b@example.com",
     "a..b@example.com", ".a@example.com", "Ivan <ivan@example.com>", "mailto:ivan@example.com",
     "a@example.com, b@example.com", "a@-example.com", "a@[127.0.0.1]", '"a b"@example.com',
     "a@example.com.", "+79161234567", "a@b.ru\nb@c.ru"],
)  # fmt: skip
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(NotNormal, match=r"^is no e-mail address$"):
        email(written)


@pytest.mark.parametrize(
    ("given_", "what"),
    [(None, "it is empty"), (" ", "it is empty"), (5, "it is of type int"),
     (True, "it is of type bool"), (["a@b.ru"], "it is of type list")],
)  # fmt: skip
def test_what_is_no_text_is_no_address(given_: object, what: str) -> None:
    with pytest.raises(NotNormal, match=f"^is no e-mail address: {what}$"):
        email(given_)


def test_an_endless_address_is_refused_at_once() -> None:
    started = time.monotonic()

    with pytest.raises(NotNormal, match="it is too long"):
        email("a." * 500_000 + "@example.com")

    assert time.monotonic() - started < 0.2


_ANYTHING = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text())
)
_PHONE_LIKE = st.text("0123456789+-() .доб", max_size=30)


@given(given_=_ANYTHING | _PHONE_LIKE, region=st.sampled_from([None, "RU", "DE", "US", "XX"]))
@settings(max_examples=200, deadline=None)
def test_a_phone_number_is_e164_and_stays_itself_or_there_is_none(
    given_: object, region: str | None
) -> None:
    try:
        found = phone(given_, region)
    except NotNormal:
        return

    assert found.startswith("+")
    assert found[1:].isdecimal()
    assert found.isascii()
    assert 6 <= len(found) <= 16
    assert phone(found, region) == found


@given(given_=_ANYTHING | st.emails())
@settings(max_examples=100, deadline=None)
def test_an_address_stays_itself_or_there_is_none(given_: object) -> None:
    try:
        found = email(given_)
    except NotNormal:
        return

    assert email(found) == found
    assert found == found.strip()

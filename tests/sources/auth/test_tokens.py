from base64 import b64encode
from functools import partial
from typing import Any

import pytest

from app.sources.auth import Refusal
from tests.sources.auth.support import a_call, auth_of, decode, is_let_in, spoilt, why

TOKEN = "s3cret-s3cret-s3cret"


def test_a_bearer_token_is_let_in_and_any_other_is_not() -> None:
    auth = auth_of({"bearer": {"env": "K"}}, K=TOKEN)

    assert is_let_in(auth, a_call(headers={"Authorization": f"Bearer {TOKEN}"}))
    assert is_let_in(auth, a_call(headers={"Authorization": f"bearer {TOKEN}"}))
    for text in spoilt(TOKEN):
        assert not is_let_in(auth, a_call(headers={"Authorization": f"Bearer {text}"}))


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (None, "bearer: the call holds no proof"),
        ("", "bearer: the proof can't be read"),
        (TOKEN, "bearer: the proof can't be read"),
        (f"Basic {TOKEN}", "bearer: the proof can't be read"),
        ("Bearer ", "bearer: the proof does not match"),
        (f"Bearer {TOKEN}x", "bearer: the proof does not match"),
        (f"Bearer {TOKEN}, Bearer {TOKEN}", "bearer: the proof does not match"),
    ],
)
def test_a_bearer_token_that_is_missing_or_garbled_is_refused_with_a_challenge(
    header: str | None, reason: str
) -> None:
    auth = auth_of({"bearer": {"env": "K"}}, K=TOKEN)
    headers = {} if header is None else {"Authorization": header}

    refusal = auth.check(a_call(headers=headers), lambda: None)

    assert refusal == Refusal("unauthenticated", reason, 'Bearer realm="hooks"')


def test_each_of_several_tokens_is_let_in() -> None:
    auth = auth_of({"bearer": [{"env": "A"}, {"env": "B"}]}, A="first-of-the-two-x", B=TOKEN)

    for token in ("first-of-the-two-x", TOKEN):
        assert is_let_in(auth, a_call(headers={"Authorization": f"Bearer {token}"}))


def _basic(raw: bytes) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(raw).decode()}


def test_a_basic_password_may_hold_a_colon() -> None:
    auth = auth_of({"basic": {"username": "1c", "password": {"env": "P"}}}, P="a:b:c")

    assert is_let_in(auth, a_call(headers=_basic(b"1c:a:b:c")))
    assert not is_let_in(auth, a_call(headers=_basic(b"1c:a:b")))
    assert not is_let_in(auth, a_call(headers=_basic(b"1c:a:b:c:")))


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_basic_credentials_may_be_utf_8_or_latin_1(encoding: str) -> None:
    auth = auth_of({"basic": {"username": "zoë", "password": {"env": "P"}}}, P="pässwörd")

    assert is_let_in(auth, a_call(headers=_basic("zoë:pässwörd".encode(encoding))))


def test_basic_credentials_in_cyrillic_are_utf_8() -> None:
    auth = auth_of({"basic": {"username": "Админ", "password": {"env": "P"}}}, P="пароль")

    assert is_let_in(auth, a_call(headers=_basic("Админ:пароль".encode())))
    assert not is_let_in(auth, a_call(headers=_basic("Админ:пароль".encode("cp1251"))))


def test_each_of_several_basic_users_has_a_password_of_its_own() -> None:
    users = [
        {"username": "a", "password": {"env": "A"}},
        {"username": "b", "password": [{"env": "B1"}, {"env": "B2"}]},
    ]
    auth = auth_of({"basic": users}, A="one", B1="two", B2="three")

    found = {
        pair: is_let_in(auth, a_call(headers=_basic(pair)))
        for pair in (b"a:one", b"b:two", b"b:three", b"a:two", b"b:one", b"a:", b":one")
    }

    assert [pair for pair, is_good in found.items() if is_good] == [b"a:one", b"b:two", b"b:three"]


@pytest.mark.parametrize(
    "header", ["Basic", "Basic ", "Basic !!!", "Basic YTpvbmU", "basicYTpvbmU="]
)
def test_garbled_basic_credentials_are_refused_with_a_challenge(header: str) -> None:
    auth = auth_of({"basic": {"username": "a", "password": {"env": "P"}}}, P="one")

    refusal = auth.check(a_call(headers={"Authorization": header}), lambda: None)

    assert refusal is not None
    assert refusal.challenge == 'Basic realm="hooks", charset="UTF-8"'


def test_an_api_key_in_a_header_may_have_a_prefix() -> None:
    written = {"api_key": {"header": "X-Key", "value": {"env": "K"}, "prefix": "Token "}}
    auth = auth_of(written, K=TOKEN)

    assert is_let_in(auth, a_call(headers={"X-Key": f"Token {TOKEN}"}))
    assert not is_let_in(auth, a_call(headers={"X-Key": TOKEN}))
    assert not is_let_in(auth, a_call())


def test_a_key_beyond_ascii_matches_as_the_bytes_on_the_wire() -> None:
    auth = auth_of({"api_key": {"header": "X-Key", "value": {"env": "K"}}}, K="ключ-ключ-ключ")

    assert is_let_in(auth, a_call(headers={"X-Key": "ключ-ключ-ключ".encode().decode("latin-1")}))


def test_a_key_in_the_query_must_stand_there_once() -> None:
    auth = auth_of({"query_secret": {"value": {"env": "K"}}}, K=TOKEN)
    url = "https://bridge.example/hooks/shop?a=1&token="

    assert is_let_in(auth, a_call(url=url + TOKEN))
    assert why(auth, a_call(url=url + "other")) == "query_secret: the proof does not match"
    assert not is_let_in(auth, a_call(url=f"{url}{TOKEN}&token={TOKEN}"))
    assert not is_let_in(auth, a_call(url=f"{url}other&token={TOKEN}"))


@pytest.mark.parametrize("field", ["auth[application_token]", "auth.application_token"])
def test_a_key_in_the_body_is_found_in_objects_and_in_names_with_brackets(field: str) -> None:
    auth = auth_of({"api_key": {"field": field, "value": {"env": "K"}}}, K=TOKEN)
    nested = {"auth": {"application_token": TOKEN}}

    assert auth.check(a_call(), lambda: nested) is None
    assert auth.check(a_call(), lambda: {"auth": {"application_token": "other"}}) is not None
    assert auth.check(a_call(), lambda: {"auth": {"application_token": [TOKEN, TOKEN]}}) is not None
    assert auth.check(a_call(), lambda: None) is not None
    if "[" in field:
        assert auth.check(a_call(), lambda: {field: TOKEN}) is None


def test_a_key_asked_of_every_item_must_stand_in_every_item() -> None:
    written = {"api_key": {"field": "value[*].clientState", "value": {"env": "K"}}}
    auth = auth_of(written, K=TOKEN)
    good, bad = {"clientState": TOKEN}, {"clientState": "other"}

    assert auth.check(a_call(), lambda: {"value": [good, good]}) is None
    others: list[Any] = [[good, bad], [bad, good], [good, {}], [], [good, None], None, "text"]
    for items in others:
        assert auth.check(a_call(), partial(dict, value=items)) is not None


def test_the_body_is_not_decoded_for_what_stands_in_a_header() -> None:
    auth = auth_of({"api_key": {"header": "X-Key", "value": {"env": "K"}}}, K=TOKEN)
    asked = []

    auth.check(a_call(headers={"X-Key": TOKEN}), lambda: asked.append(1))

    assert asked == []


def test_a_secret_in_the_path_is_its_first_part() -> None:
    auth = auth_of({"path_secret": {"env": "K"}}, K=TOKEN)
    base = "https://bridge.example/hooks/shop"

    assert is_let_in(auth, a_call(url=f"{base}/{TOKEN}"))
    assert is_let_in(auth, a_call(url=f"{base}/{TOKEN}/orders/1"))
    for path in ("", "/orders", f"/orders/{TOKEN}", f"/{TOKEN}x", f"//{TOKEN}"[:-1]):
        assert not is_let_in(auth, a_call(url=base + path))


def test_a_call_from_an_allowed_network_is_let_in() -> None:
    auth = auth_of({"ip": {"allow": ["203.0.113.0/29", "2a02:5180::/32"]}})

    found = {
        client: why(auth, a_call(client=client))
        for client in (
            "203.0.113.7",
            "::ffff:203.0.113.7",
            "2a02:5180::1",
            "203.0.113.8",
            None,
            "x",
        )
    }

    assert found == {
        "203.0.113.7": None,
        "::ffff:203.0.113.7": None,
        "2a02:5180::1": None,
        "203.0.113.8": "ip: the address is not allowed",
        None: "ip: the call holds no proof",
        "x": "ip: the call holds no proof",
    }


def test_without_authentication_anybody_is_let_in() -> None:
    auth = auth_of("none")

    assert is_let_in(auth, a_call())
    assert auth.is_open
    assert auth.sign(a_call(), decode) == a_call()

"""What of a call is kept, once it is known who called."""

from dataclasses import replace

import pytest

from app.model.json import Json
from app.sources.auth import FieldPath, without_fields
from tests.sources.auth.support import a_call, auth_of

TOKEN = "s3cret-s3cret-s3cret"
BASE = "https://bridge.example/hooks/shop"


def test_headers_that_hold_a_secret_are_emptied() -> None:
    auth = auth_of({"api_key": {"header": "X-Key", "value": {"env": "K"}}}, K=TOKEN)

    kept = auth.without_secrets(a_call(b"{}", {"X-Key": TOKEN, "X-Other": "1"}))

    assert kept.headers == {"x-key": "", "x-other": "1"}
    assert kept.body == b"{}"


def test_credentials_and_cookies_are_emptied_whatever_the_source_asks_for() -> None:
    auth = auth_of("none")
    headers = {"Authorization": "Bearer x", "Proxy-Authorization": "y", "Cookie": "z", "A": "b"}

    kept = auth.without_secrets(a_call(headers=headers))

    assert kept.headers == {"authorization": "", "proxy-authorization": "", "cookie": "", "a": "b"}


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        (f"a=1&token={TOKEN}&b=2", "a=1&token=&b=2"),
        (f"to%6Ben={TOKEN}", "to%6Ben="),
        (f"token={TOKEN}&token=x", "token=&token="),
        ("a=1", "a=1"),
        ("", ""),
    ],
)
def test_parameters_that_hold_a_secret_are_emptied(query: str, kept: str) -> None:
    auth = auth_of({"query_secret": {"value": {"env": "K"}}}, K=TOKEN)

    call = auth.without_secrets(a_call(url=f"{BASE}?{query}" if query else BASE))

    assert call.raw_query == kept
    assert call.url == (f"{BASE}?{kept}" if query else BASE)
    assert TOKEN not in str(dict(call.query))


@pytest.mark.parametrize(
    ("url", "path", "kept"),
    [
        (f"{BASE}/{TOKEN}", "", BASE),
        (f"{BASE}/{TOKEN}?a=1", "", f"{BASE}?a=1"),
        (f"{BASE}/{TOKEN}/orders/1?a=1", "orders/1", f"{BASE}/orders/1?a=1"),
    ],
)
def test_the_secret_part_of_the_path_is_left_out(url: str, path: str, kept: str) -> None:
    auth = auth_of({"path_secret": {"env": "K"}}, K=TOKEN)

    call = auth.without_secrets(a_call(url=url))

    assert (call.path, call.url) == (path, kept)


def test_an_address_that_can_t_be_cut_loses_its_path() -> None:
    auth = auth_of({"path_secret": {"env": "K"}}, K=TOKEN)
    call = replace(a_call(), path=f"{TOKEN}/x", url=f"https://h.example/hooks/%73hop/{TOKEN}/x?a=1")

    assert auth.without_secrets(call).url == "https://h.example?a=1"


def test_an_address_that_is_none_is_no_reason_to_fail() -> None:
    # `urlsplit` raises for such a one.
    auth = auth_of({"path_secret": {"env": "K"}}, K=TOKEN)

    assert auth.without_secrets(replace(a_call(), url="A://[/x")).url == "A://["


def test_the_secrets_of_all_ways_are_left_out() -> None:
    ways = [
        {"bearer": {"env": "K"}},
        {"query_secret": {"name": "key", "value": {"env": "K"}}},
        {"api_key": {"field": "auth[application_token]", "value": {"env": "K"}}},
        {"path_secret": {"env": "K"}},
    ]

    places = auth_of(ways, K=TOKEN).secret_places

    assert places.headers == {"authorization"}
    assert places.query == {"key"}
    assert places.has_path
    assert [path.text for path in places.fields] == ["auth[application_token]"]


def test_fields_that_hold_a_secret_are_masked_for_display() -> None:
    body: dict[str, Json] = {
        "auth": {"application_token": TOKEN, "domain": "d"},
        "value": [{"s": 1}, {"t": 2}],
    }
    paths = [FieldPath.of("auth[application_token]"), FieldPath.of("value[*].s")]

    shown = without_fields(body, paths)

    assert shown == {
        "auth": {"application_token": "***", "domain": "d"},
        "value": [{"s": "***"}, {"t": 2}],
    }
    assert body["auth"] == {"application_token": TOKEN, "domain": "d"}
    assert without_fields({"auth[application_token]": TOKEN}, paths) == {
        "auth[application_token]": "***"
    }
    assert without_fields("text", paths) == "text"


def test_no_secret_shows_in_a_repr() -> None:
    ways = [
        {"bearer": {"env": "K"}},
        {"basic": {"username": "a", "password": {"env": "K"}}},
        {"hmac": {"key": {"env": "K"}, "signature": {"header": "X"}}},
        {"digest": {"secret": {"env": "K"}, "signature": {"header": "X"}, "signed": "{secret}"}},
        {"api_key": {"header": "X", "value": {"env": "K"}}},
        {"path_secret": {"env": "K"}},
        {"jwt": {"secret": {"env": "K"}, "algorithms": "HS256"}},
        {"standard_webhooks": {"secret": {"env": "W"}}},
    ]
    env = {"K": TOKEN, "W": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
    auth = auth_of(ways, None, **env)

    shown = repr(auth) + "".join(repr(auth_of(way, None, **env)) for way in ways)
    shown += "".join(repr(auth_of(way, None, **env).scheme) for way in ways)

    assert TOKEN not in shown
    assert "MfKQ" not in shown

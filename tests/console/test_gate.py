"""Who gets into the console, and what every answer of it carries."""

import re

import httpx
import pytest

from app.console.gate import is_from_here
from app.console.login import inside
from app.console.sessions import Session, Sessions
from app.console.visitors import language_of
from app.kit.clock import SystemClock
from app.model.operator import Operator, Role
from app.outbox import Act, ActId, ActKind
from tests.console.visits import Console, proof_of


async def test_a_stranger_is_led_to_the_log_in_and_back(console: Console) -> None:
    async with httpx.AsyncClient(base_url=console.url, trust_env=False) as stranger:
        answer = await stranger.get("/console/events?source=forms")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/console/login?next=%2Fconsole%2Fevents%3Fsource%3Dforms"


async def test_a_token_that_is_not_known_opens_nothing(console: Console) -> None:
    async with httpx.AsyncClient(base_url=console.url, trust_env=False) as stranger:
        answer = await stranger.post("/console/login", data={"token": "bridge_guess"})

    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert "bridge_guess" not in answer.text


async def test_the_cookie_is_kept_from_scripts_and_from_other_sites(console: Console) -> None:
    plain = (await console.olga.log_in()).headers["set-cookie"]
    over_tls = (await console.olga.log_in(**{"X-Forwarded-Proto": "https"})).headers["set-cookie"]

    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(plain.split("; "))
    assert over_tls.startswith("__Host-bridge_session=")
    assert "Secure" in over_tls.split("; ")
    assert console.olga.token not in plain


async def test_a_token_that_is_revoked_ends_its_sessions(console: Console) -> None:
    assert (await console.olga.client.get("")).status_code == 200

    act = Act(ActId("0"), SystemClock().now(), "a test", ActKind.REVOKE_TOKEN)
    assert await console.bridge.parts.outbox.revoke_token("olga", act)

    assert (await console.olga.client.get("")).status_code == 303


async def test_who_logs_out_is_a_stranger_again(console: Console) -> None:
    assert (await console.olga.send("logout")).status_code == 303

    assert (await console.olga.client.get("")).status_code == 303


async def test_a_form_without_the_proof_of_its_session_does_nothing(console: Console) -> None:
    of_another = proof_of(await console.vera.look(""))

    without = await console.olga.client.post("logout", data={})
    foreign = await console.olga.client.post("logout", data={"proof": of_another})

    assert (without.status_code, foreign.status_code) == (403, 403)
    assert (await console.olga.client.get("")).status_code == 200


@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        ({}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "cross-site", "origin": "http://bridge"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"origin": "http://bridge", "host": "bridge"}, True),
        ({"origin": "http://evil", "host": "bridge"}, False),
        ({"origin": "null", "host": "bridge"}, False),
    ],
)
def test_what_another_site_s_page_sends_is_known(headers: dict[str, str], is_ours: bool) -> None:
    assert is_from_here("POST", headers) is is_ours
    assert is_from_here("GET", headers)


async def test_every_page_says_what_a_browser_may_do_with_it(console: Console) -> None:
    page = await console.olga.client.get("")
    sheet = re.findall(r'href="/console/(static/console\.css\?\w+)"', page.text)[0]
    file = await console.olga.client.get(sheet)

    for answer in (page, file):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert page.headers["cache-control"] == "no-store"
    assert "immutable" in file.headers["cache-control"]


async def test_a_page_that_is_not_there_is_said_on_a_page(console: Console) -> None:
    answer = await console.olga.client.get("nothing-of-the-kind")

    assert answer.status_code == 404
    assert "There is nothing at this address." in answer.text


async def test_a_form_that_is_too_large_is_not_read(console: Console) -> None:
    answer = await console.olga.client.post("logout", content=b"x" * (3 * 1024**2))

    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("/console/events?source=a", "/console/events?source=a"),
        ("https://evil.example/console/", "/console/"),
        ("//evil.example/console/", "/console/"),
        ("/console\\@evil.example", "/console/"),
        ("/consoles", "/console/"),
        ("javascript:alert(1)", "/console/"),
    ],
)
def test_nobody_is_led_out_of_the_console(asked: str, given: str) -> None:
    assert inside(asked) == given


def test_a_session_is_read_by_whoever_has_the_key_of_the_store_alone() -> None:
    cookie = Sessions(b"k" * 32).of_operator(Operator("olga", Role.VIEWER))

    found = Sessions(b"k" * 32).read(cookie)

    assert isinstance(found, Session)
    assert found.operator == Operator("olga", Role.VIEWER)
    assert Sessions(b"K" * 32).read(cookie) is None
    assert Sessions(b"k" * 32).read(cookie[:-1]) is None
    assert Sessions(b"k" * 32).read("x" * 5000) is None


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [
        ("ru", "en", "ru"),
        ("xx", "ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        (None, "de, en;q=0.5, ru;q=0.9", "ru"),
        (None, "ru;q=x, fr", "en"),
        (None, "", "en"),
    ],
)
def test_the_language_is_the_chosen_one_else_the_browser_s(
    cookie: str | None, accepted: str, language: str
) -> None:
    assert language_of(cookie, accepted) == language

"""Log-in by a provider: a real one, on a socket of its own."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import oidc_provider_mock
import pytest
from pydantic import SecretStr

from app.config.faults import ConfigRefused
from app.config.settings import read_settings
from app.console.provider import Provider, operator_of
from app.model.operator import Role
from tests.console.visits import proof_of
from tests.support.bridges import RunningBridge, a_running_bridge

# The provider is built on ways of its library that the next version will not have.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

OLGA = oidc_provider_mock.User(sub="olga", claims={"email": "olga@example.com"})
USERS = [OLGA, oidc_provider_mock.User(sub="mallory", claims={"email": "mallory@example.com"})]


@pytest.fixture
def issuer() -> Iterator[str]:
    with oidc_provider_mock.run_server_in_thread(user_claims=USERS) as server:
        yield f"http://localhost:{server.server_port}"


@contextlib.asynccontextmanager
async def a_browser(folder: Path, issuer: str) -> AsyncIterator[tuple[RunningBridge, Any]]:
    async with (
        a_running_bridge(
            folder,
            oidc_issuer=issuer,
            oidc_client_id="bridge",
            oidc_client_secret=SecretStr("a-secret-of-the-client"),
            oidc_claim="email",
            oidc_operators=("olga@example.com",),
        ) as bridge,
        httpx.AsyncClient(base_url=bridge.client.base_url, trust_env=False, timeout=15) as browser,
    ):
        yield bridge, browser


async def come_back_as(browser: httpx.AsyncClient, who: str) -> httpx.Response:
    """From the bridge to the provider, who is told who it is, and back."""
    leaving = await browser.get("/console/openid", params={"next": "/console/events"})
    assert leaving.status_code == 302
    there = await browser.post(leaving.headers["location"], data={"sub": who})
    assert there.status_code == 302, there.text
    return await browser.get(there.headers["location"])


async def test_whoever_the_provider_names_an_operator_is_let_in(
    tmp_path: Path, issuer: str
) -> None:
    async with a_browser(tmp_path, issuer) as (_, browser):
        back = await come_back_as(browser, "olga")
        page = await browser.get("/console/")

    assert (back.status_code, back.headers["location"]) == (303, "/console/events")
    assert "olga@example.com (operator)" in page.text
    assert proof_of(page.text)


async def test_whom_no_claim_lets_in_stays_out(tmp_path: Path, issuer: str) -> None:
    async with a_browser(tmp_path, issuer) as (_, browser):
        back = await come_back_as(browser, "mallory")
        page = await browser.get("/console/")

    assert back.status_code == 403
    assert page.status_code == 303


async def test_an_answer_that_was_not_asked_for_lets_nobody_in(tmp_path: Path, issuer: str) -> None:
    async with a_browser(tmp_path, issuer) as (_, browser):
        answer = await browser.get("/console/openid/back", params={"code": "x", "state": "y"})

    assert answer.status_code == 403


async def test_a_provider_that_is_gone_is_said_on_a_page(tmp_path: Path) -> None:
    async with a_browser(tmp_path, "http://127.0.0.1:9") as (_, browser):
        form = await browser.get("/console/login")
        answer = await browser.get("/console/openid")

    assert "Log in with your organisation's account" in form.text
    assert answer.status_code == 403
    assert "see the log" in answer.text


def provider(**given: Any) -> Provider:
    usual = {"claim": "groups", "operators": ("ops",), "viewers": ("staff",), "scopes": "openid"}
    return Provider(**{"issuer": "", "client_id": "", "client_secret": None, **usual, **given})


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        ({"sub": "1", "groups": ["staff", "ops"]}, Role.OPERATOR),
        ({"sub": "1", "groups": "staff"}, Role.VIEWER),
        ({"sub": "1", "groups": ["else"]}, None),
        ({"sub": "1"}, None),
    ],
)
def test_the_claim_says_who_may_do_what(claims: dict[str, Any], role: Role | None) -> None:
    found = operator_of(provider(), claims)

    assert (found.role if found else None) == role


def test_a_star_lets_whoever_the_provider_knows_look(tmp_path: Path) -> None:
    found = operator_of(provider(viewers=("*",)), {"sub": "1", "preferred_username": "olga"})

    assert found is not None
    assert (found.name, found.role) == ("olga", Role.VIEWER)


def test_a_provider_that_could_let_nobody_in_is_a_fault() -> None:
    with pytest.raises(ConfigRefused, match="BRIDGE_OIDC_CLIENT_ID"):
        read_settings(oidc_issuer="https://id.example.com")
    with pytest.raises(ConfigRefused, match="BRIDGE_OIDC_OPERATORS"):
        read_settings(oidc_issuer="https://id.example.com", oidc_client_id="bridge")

"""A bridge with a stand-in for Altcraft, and visitors of its console."""

import contextlib
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import httpx

from app.model.operator import Role
from app.service.roles import Role as ProcessRole
from tests.api.operators import CONFIG, a_token
from tests.support.bridges import RunningBridge, a_running_bridge
from tests.support.sandbox import RunningSandbox


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody's browser, without the scripts: it keeps cookies and does not follow redirects."""

    client: httpx.AsyncClient
    token: str

    async def log_in(self, **headers: str) -> httpx.Response:
        return await self.client.post("login", data={"token": self.token}, headers=headers)

    async def look(self, path: str, **headers: str) -> str:
        """A page that is there."""
        answer = await self.client.get(path, headers=headers)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.text

    async def send(self, path: str, **fields: object) -> httpx.Response:
        """A form, with the proof of the page that it stands on."""
        page = await self.look("")
        return await self.client.post(path, data={"proof": proof_of(page), **fields})


@dataclass(frozen=True, slots=True)
class Console:
    """`olga` may act, `vera` only views; both are logged in."""

    bridge: RunningBridge
    sandbox: RunningSandbox
    olga: Visitor
    vera: Visitor

    @property
    def url(self) -> str:
        return str(self.bridge.client.base_url).rstrip("/")


def proof_of(page: str) -> str:
    found: str = re.findall(r'name="proof" value="(\w+)"', page)[0]
    return found


def text_of(page: str) -> str:
    """What is read on it, without the marks."""
    main = page.partition("<main")[2]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main)))


@contextlib.asynccontextmanager
async def a_console(
    folder: Path, config: str = CONFIG, secrets: Mapping[str, str] | None = None
) -> AsyncIterator[Console]:
    """`{url}` in the configuration is that of the sandbox."""
    async with (
        RunningSandbox(knows_everybody=True) as sandbox,
        a_running_bridge(
            folder, config.format(url=sandbox.url), secrets=secrets, role=ProcessRole.ALL
        ) as bridge,
        a_visitor(bridge, "olga", Role.OPERATOR) as olga,
        a_visitor(bridge, "vera", Role.VIEWER) as vera,
    ):
        for one in (olga, vera):
            assert (await one.log_in()).status_code == 303
        yield Console(bridge, sandbox, olga, vera)


@contextlib.asynccontextmanager
async def a_visitor(bridge: RunningBridge, name: str, role: Role) -> AsyncIterator[Visitor]:
    url = str(bridge.client.base_url).rstrip("/")
    token = await a_token(bridge, name, role)
    async with httpx.AsyncClient(base_url=f"{url}/console/", trust_env=False, timeout=15) as client:
        yield Visitor(client, token)

"""A bridge with a stand-in for Altcraft, as operators hold it by the API."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from app.kit.clock import SystemClock
from app.model.operator import Role, Token, new_token, token_digest
from app.outbox import ActKind
from app.service.roles import Role as ProcessRole
from tests.support.bridges import RunningBridge, a_running_bridge
from tests.support.sandbox import RunningSandbox
from tests.support.values import an_act

CONFIG = """\
version: 1
delivery: {{lease: 30s, poll: 100ms}}
destinations:
  main: {{url: "{url}", token: {{env: ALTCRAFT_TOKEN}}, rate: 600/m, concurrency: 4, timeout: 5s}}
sources:
  forms:
    auth: {{bearer: {{env: FORMS_TOKEN}}}}
    dedup: body.id
rules:
  - name: welcome
    source: forms
    when: body.kind == "new" && body.size > 3
    scenario: {{by: body.size, of: {{"4": 1, "5": 404}}, default: 3}}
    content: {{name: body.name}}
    stop: true
  - {{name: never, source: forms, when: body.kind == "old", scenario: 5}}
"""


@dataclass(frozen=True, slots=True)
class Office:
    """`olga` may act, `vera` only views."""

    bridge: RunningBridge
    sandbox: RunningSandbox
    olga: httpx.AsyncClient
    vera: httpx.AsyncClient

    async def call(self, **body: object) -> str:
        """Of somebody who is welcome: the id of the event."""
        answer = await self.bridge.call({"kind": "new", "size": 4, "name": "Ivan", **body})
        event: str = answer.json()["event_id"]
        return event

    async def settled(self, count: int, **wanted: str) -> list[dict[str, Any]]:
        """The deliveries, when so many have ended; the oldest first."""
        async with asyncio.timeout(15):
            while True:
                found = (await self.olga.get("deliveries", params=wanted)).json()["items"]
                ended = [one for one in found if one["finished_at"]]
                if len(ended) >= count:
                    return ended[::-1]


@contextlib.asynccontextmanager
async def an_office(folder: Path) -> AsyncIterator[Office]:
    async with (
        RunningSandbox(knows_everybody=True) as sandbox,
        a_running_bridge(folder, CONFIG.format(url=sandbox.url), role=ProcessRole.ALL) as bridge,
        _client(bridge, "olga", Role.OPERATOR) as olga,
        _client(bridge, "vera", Role.VIEWER) as vera,
    ):
        yield Office(bridge, sandbox, olga, vera)


@contextlib.asynccontextmanager
async def _client(bridge: RunningBridge, name: str, role: Role) -> AsyncIterator[httpx.AsyncClient]:
    token = await a_token(bridge, name, role)
    url = str(bridge.client.base_url).rstrip("/")
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(
        base_url=f"{url}/api/v1/", headers=headers, trust_env=False, timeout=15
    ) as client:
        yield client


async def a_token(bridge: RunningBridge, name: str, role: Role) -> str:
    text = new_token().reveal()
    act = replace(an_act(ActKind.MAKE_TOKEN), subject={"name": name})
    made = Token(name, role, SystemClock().now(), "a test")
    assert await bridge.parts.outbox.make_token(made, token_digest(text), act)
    return text

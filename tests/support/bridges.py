"""A bridge within the test's own loop, on a real socket and a real file."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from app.config.settings import Settings
from app.service.parts import Parts
from app.service.roles import Role
from app.service.run import running_service
from app.tracing.tracing import Tracing
from tests.support.new_stores import copy_store
from tests.support.sandboxes import TOKEN

SECRETS = {"ALTCRAFT_TOKEN": TOKEN, "FORMS_TOKEN": "forms-secret-of-some-length"}
BEARER = {"Authorization": "Bearer forms-secret-of-some-length"}

CONFIG = """\
version: 1
destinations:
  main: {url: "http://127.0.0.1:9", token: {env: ALTCRAFT_TOKEN}}
sources:
  forms:
    auth: {bearer: {env: FORMS_TOKEN}}
    dedup: body.id
    body_limit: 2KiB
rules:
  - {name: welcome, source: forms, when: 'body.kind == "new"', scenario: 3}
"""


@dataclass(frozen=True, slots=True)
class RunningBridge:
    client: httpx.AsyncClient
    parts: Parts
    folder: Path

    async def call(
        self, body: object, *, source: str = "forms", headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        return await self.client.post(
            f"/hooks/{source}", json=body, headers=BEARER if headers is None else headers
        )


@contextlib.asynccontextmanager
async def a_running_bridge(
    folder: Path,
    config: str = CONFIG,
    *,
    secrets: Mapping[str, str] | None = None,
    role: Role = Role.INGEST,
    admin_token: str | None = None,
    tracing: Tracing | None = None,
    **more: Any,
) -> AsyncIterator[RunningBridge]:
    """`more` are settings."""
    path, store = folder / "bridge.yaml", folder / "bridge.db"
    path.write_text(config)
    if not store.exists():
        copy_store(store)
    settings = Settings(
        config=path,
        database_url=f"sqlite+aiosqlite:///{store}",
        host="127.0.0.1",
        port=0,
        admin_token=None if admin_token is None else SecretStr(admin_token),
        **more,
    )
    environ = {**SECRETS, **(secrets or {})}
    async with (
        running_service(settings, environ, role, tracing=tracing) as (url, parts),
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=15) as client,
    ):
        yield RunningBridge(client, parts, folder)

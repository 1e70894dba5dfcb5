"""A stand-in on a real socket, and a plain client that calls it."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.support.sandbox import RunningSandbox

START = "/api/v1.1/workflows/start"


@dataclass(frozen=True, slots=True)
class Caller:
    http: httpx.AsyncClient
    token: str

    async def post(self, method: str, body: dict[str, Any]) -> httpx.Response:
        """With the token, to `workflows/{method}`."""
        whole = {"token": self.token, **body}
        return await self.http.post(f"/api/v1.1/workflows/{method}", json=whole)

    async def start(self, **body: Any) -> dict[str, Any]:
        """Of scenario 3, when nothing else is said."""
        return await self.call("start", {"id": 3, **body})

    async def call(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self.post(method, body)
        assert answer.status_code == 200
        shape: dict[str, Any] = answer.json()
        return shape


@pytest.fixture
async def sandbox() -> AsyncIterator[RunningSandbox]:
    async with RunningSandbox() as running:
        yield running


@contextlib.asynccontextmanager
async def calling(sandbox: RunningSandbox) -> AsyncIterator[Caller]:
    async with httpx.AsyncClient(base_url=sandbox.url, trust_env=False, timeout=10) as http:
        yield Caller(http, sandbox.token)


@pytest.fixture
async def caller(sandbox: RunningSandbox) -> AsyncIterator[Caller]:
    async with calling(sandbox) as made:
        yield made

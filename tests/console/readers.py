"""Operators as they read the console: by a browser's session, without its scripts."""

import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import httpx

from app.model.operator import Role
from tests.api.operators import Office, a_token, an_office

_PROOF = re.compile(r'name="proof" value="([0-9a-f]+)"')
_TAG = re.compile(r"<[^>]*>")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Reader:
    browser: httpx.AsyncClient
    proof: str

    async def page(self, path: str, **query: str) -> str:
        """Its HTML."""
        answer = await self.browser.get(path, params=query or None)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def read(self, path: str, **query: str) -> str:
        """What a person reads there."""
        return text_of(await self.page(path, **query))

    async def send(self, path: str, **fields: str) -> httpx.Response:
        """A form, up to the page that it leads to."""
        return await self.browser.post(path, data={"proof": self.proof, **fields})


@dataclass(frozen=True, slots=True)
class ReadOffice:
    """`anna` may act, `viktor` only views."""

    office: Office
    anna: Reader
    viktor: Reader

    async def dead_letters(self, count: int) -> list[str]:
        """The oldest first."""
        self.office.sandbox.answer_error(404, "Workflow not found")
        for number in range(count):
            await self.office.call(email=f"ivan{number}@example.com", id=number)
        found = await self.office.settled(count)
        self.office.sandbox.clear_faults()
        return [one["id"] for one in found]

    async def acts(self) -> list[tuple[str, str, int]]:
        """Of people: the bridge itself resolves problems of which nothing is left."""
        items = (await self.office.vera.get("acts")).json()["items"]
        found = [one for one in items if one["kind"] != "make_token" and one["who"] != "the bridge"]
        return [(one["who"], one["kind"], one["count"]) for one in found]


@contextlib.asynccontextmanager
async def a_read_office(folder: Path) -> AsyncIterator[ReadOffice]:
    async with (
        an_office(folder) as office,
        _reader(office, "anna", Role.OPERATOR) as anna,
        _reader(office, "viktor", Role.VIEWER) as viktor,
    ):
        yield ReadOffice(office, anna, viktor)


@contextlib.asynccontextmanager
async def _reader(office: Office, name: str, role: Role) -> AsyncIterator[Reader]:
    token = await a_token(office.bridge, name, role)
    url = str(office.bridge.client.base_url).rstrip("/")
    async with httpx.AsyncClient(
        base_url=f"{url}/console/", trust_env=False, timeout=15, follow_redirects=True
    ) as browser:
        entered = await browser.post("login", data={"token": token})
        found = _PROOF.search(entered.text)
        assert found is not None, entered.text
        yield Reader(browser, found[1])


def text_of(html: str) -> str:
    return _SPACE.sub(" ", unescape(_TAG.sub("", html)))


def fields_of(html: str) -> dict[str, str]:
    """The hidden fields of its last form."""
    form = html[html.rindex("<form") :]
    found = re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', form)
    return {name: unescape(value) for name, value in found}

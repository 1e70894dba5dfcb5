"""Every page, with something on it: accessible in light and in dark, whole on a narrow screen, and
said in the language that was chosen."""

import re
import tomllib
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest
from playwright.async_api import Browser, ViewportSize

from app.model.delivery import DeliveryState
from app.outbox import ProblemFilter
from tests.console.browser.chromium import (
    NEEDS_CHROMIUM,
    a_page,
    barriers,
    overflow,
)
from tests.console.browser.scene import a_morning, a_shop, ended
from tests.console.visits import Console
from tests.support.whole import ROOT

pytestmark = NEEDS_CHROMIUM

WIDE, NARROW = ViewportSize(width=1280, height=800), ViewportSize(width=400, height=800)
PAGES = {
    "overview": ["", "?range=day", "?range=week", "acts", "nothing-here"],
    "problems": ["problems", "problems?state=all", "problems/{problem}"],
    "events": ["events", "events?since=nonsense", "events/{event}", "events/{event}/replay"],
    "deliveries": [
        "deliveries",
        "deliveries?rule=welcome&state=dead",
        "deliveries/{done}",
        "deliveries/{dead}",
        "deliveries/{dead}/replay",
        "deliveries/{dead}/cancel",
        "deliveries/all/replay?problem={problem}",
        "deliveries/all/cancel?rule=welcome",
        "forget",
    ],
    "sources": [
        "sources",
        "sources/tilda",
        "sources/forms",
        "sources/shop",
        "pause?kind=source&name=tilda",
        "resume?kind=source&name=shop",
    ],
    "set-up": ["sources/tilda/listen?since=0", "sources/presets", "sources/presets/tilda"],
    "rules": [
        "rules",
        "rules?live=1",
        "rules/welcome",
        "check",
        "check?live=1",
        "playground",
        "playground?rule=paid",
        "playground?event={event}",
    ],
}
# What may differ on a narrow screen, and in the dark.
SEEN = ("color-contrast", "scrollable-region-focusable", "target-size")


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_shop(tmp_path) as console:
        yield console


async def addresses(console: Console, group: str) -> list[str]:
    event = await a_morning(console)
    by_state = {one.state: one.id for one in await ended(console, 8)}
    [problem] = await console.bridge.parts.outbox.problems(ProblemFilter(), limit=2)
    ids = {
        "problem": problem.key,
        "event": event,
        "done": by_state[DeliveryState.DONE],
        "dead": by_state[DeliveryState.DEAD],
    }
    return [path.format(**ids) for path in PAGES[group]]


@pytest.mark.parametrize("group", PAGES)
async def test_a_page_can_be_used_by_everybody(shop: Console, browser: Browser, group: str) -> None:
    found = {}
    async with a_page(browser, shop.url, shop.olga) as page:
        for address in await addresses(shop, group):
            await page.set_viewport_size(WIDE)
            await page.emulate_media(color_scheme="light")
            await page.goto(f"/console/{address}")
            in_light = await barriers(page)
            await page.set_viewport_size(NARROW)
            await page.emulate_media(color_scheme="dark")
            on_a_phone = await barriers(page, *SEEN)
            found[address] = [*in_light, *on_a_phone, *await overflow(page)]

    assert {address: wrong for address, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("group", PAGES)
async def test_a_page_is_said_in_russian_throughout(shop: Console, group: str) -> None:
    english = sentences("en")
    for address in await addresses(shop, group):
        answer = await shop.olga.client.get(address, headers={"Accept-Language": "ru"})

        assert (answer.status_code, '<html lang="ru">' in answer.text) == (
            404 if address == "nothing-here" else 422 if "nonsense" in address else 200,
            True,
        ), address
        assert re.search(r"<h1[^>]*>[^<]*[А-Яа-яЁё]|<h1 lang=\"en\"", answer.text), address
        assert [one for one in english if one in answer.text] == [], address


@pytest.mark.parametrize("group", PAGES)
async def test_every_link_leads_somewhere(shop: Console, group: str) -> None:
    found = set()
    for address in await addresses(shop, group):
        page = (await shop.olga.client.get(address)).text
        found |= {unescape(one) for one in re.findall(r'href="/console/([^"#]*)', page)}

    lost = {one for one in found if (await shop.olga.client.get(one)).status_code >= 400}

    assert lost == set()


def sentences(language: str) -> list[str]:
    """Texts of some length that nothing is put into."""
    files = (ROOT / "app" / "console" / "words").glob("*.toml")
    sections = [one for file in files for one in tomllib.loads(file.read_text()).values()]
    texts = [text[language] for section in sections for text in section.values()]
    return [one for one in texts if isinstance(one, str) and len(one) > 14 and "{" not in one]

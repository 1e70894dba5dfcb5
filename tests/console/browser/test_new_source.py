"""Somebody sets up a source: what to enter where, and what is wrong until a call comes through."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.console.browser.chromium import NEEDS_CHROMIUM, a_page
from tests.console.browser.scene import a_shop, submit
from tests.console.visits import Console

pytestmark = NEEDS_CHROMIUM


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_shop(tmp_path) as console:
        yield console


async def test_a_new_source_is_listened_to_until_its_call_comes_through(
    shop: Console, browser: Browser
) -> None:
    async with a_page(browser, shop.url, shop.olga) as page:
        await page.goto("/console/")
        await page.get_by_role("link", name="Sources").first.click()
        await page.get_by_role("link", name="Known systems").click()
        await page.get_by_role("link", name="Tilda forms").click()
        await expect(page.get_by_role("main")).to_contain_text("Site settings, Forms, Webhook")

        await page.get_by_role("main").get_by_role("link", name="tilda", exact=True).click()
        main = page.get_by_role("main")
        await expect(main).to_contain_text(f"{shop.url}/hooks/tilda/SECRET")
        await expect(main).to_contain_text("Publish the pages")
        await expect(main).to_contain_text("curl")
        await expect(main).to_contain_text("TILDA_SECRET")

        await page.get_by_role("link", name="Listen to tilda").click()
        await expect(main).to_contain_text("Waiting for the next call.")
        await expect(page.locator(".live")).to_have_text("Live")
        await submit(shop, "of-another-site", Name="Ivan", Email="ivan@example.com", tranid="1:1")
        calls = page.locator("#calls > ol > li")
        await expect(calls).to_have_count(1)
        await expect(calls.first).to_contain_text("refused: unauthenticated")
        await expect(calls.first).to_contain_text("The proof does not match.")
        await expect(page.get_by_role("status").first).to_contain_text("1 call came since")

        await submit(shop, Name="Ivan", Email="ivan@example.com", tranid="1:2")
        await expect(calls).to_have_count(2)
        await expect(calls.first).to_contain_text("accepted")
        await expect(calls.first).to_contain_text("rule from-the-site, scenario 3")

        await calls.first.get_by_role("link", name="See the event").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Event of tilda")
        await expect(main).to_contain_text("Taken by the rule from-the-site")


async def test_a_call_that_came_is_taken_into_the_playground(
    shop: Console, browser: Browser
) -> None:
    async with a_page(browser, shop.url, shop.olga) as page:
        await page.goto("/console/sources/tilda/listen")
        await expect(page.locator(".live")).to_have_text("Live")
        await submit(shop, Name="Ivan", Email="ivan@example.com", tranid="1:1")

        await page.get_by_role("link", name="Make a rule with this call").click()

        await expect(page.locator("#body")).to_have_value(re.compile("Email=ivan%40example.com"))
        await expect(page.locator("#outcome")).to_contain_text("1 scenario would start.")

"""Somebody asks why a rule did not hold, and mends it without asking a developer."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.console.browser.chromium import NEEDS_CHROMIUM, a_page
from tests.console.browser.scene import a_shop, ended, pay
from tests.console.visits import Console

pytestmark = NEEDS_CHROMIUM


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_shop(tmp_path) as console:
        yield console


async def test_a_rule_is_edited_until_a_past_call_starts_what_it_should(
    shop: Console, browser: Browser
) -> None:
    await pay(shop, "olga", 990)
    await ended(shop, 1)
    async with a_page(browser, shop.url, shop.olga) as page:
        await page.goto("/console/playground?rule=paid")
        await page.locator("button[name=load]").first.click()
        outcome, text = page.locator("#outcome"), page.locator("#configuration")
        await expect(outcome).to_contain_text("1 scenario would start.")
        rule = await text.input_value()

        await text.fill(rule.replace("> 500", "> 5000"))
        await expect(outcome).to_contain_text("Nothing would start:")
        failed = outcome.locator(".conditions > li", has_text="false")
        await expect(failed).to_contain_text("body.order.total > 5000")
        await expect(failed).to_contain_text("body.order.total = 990")

        await text.fill(rule.replace("body.order.total > 500", "boddy.order.total > 500"))
        await expect(outcome).to_contain_text("1 fault in the text")
        await expect(outcome).to_contain_text('did you mean "body"?')
        await outcome.get_by_role("link", name="line 3").click()
        await expect(text).to_be_focused()

        await text.fill(rule.replace("> 500", "> 900"))
        await expect(outcome).to_contain_text("1 scenario would start.")
        await expect(outcome.locator("pre")).to_contain_text('"email": "olga@example.com"')

    assert shop.sandbox.started == ["olga@example.com"]
    assert "> 500" in (shop.bridge.folder / "bridge.yaml").read_text()


async def test_a_viewer_reads_masked_values_and_pastes_a_call_of_their_own(
    shop: Console, browser: Browser
) -> None:
    event = await pay(shop, "olga", 990)
    async with a_page(browser, shop.url, shop.vera) as page:
        await page.goto(f"/console/playground?event={event}")
        main = page.get_by_role("main")
        await expect(main).to_contain_text("With masked values a call can't be tried")
        await expect(main).not_to_contain_text("olga@example.com")
        await expect(page.locator("button[name=load]")).to_have_count(0)

        order = '{"id": 1, "total": 501, "email": "petr@example.com"}'
        await page.locator("#body").fill(f'{{"event": "order.paid", "order": {order}}}')

        await expect(page.locator("#outcome")).to_contain_text("1 scenario would start.")

"""The pictures of the docs, made anew by `KEEP_PICTURES=1`."""

from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from playwright.async_api import Browser, Page, expect

from app.kit.clock import SystemClock
from app.model.tally import Tally, TallyKind
from app.outbox import Outbox
from tests.console.browser.chromium import KEEPS_PICTURES, NEEDS_CHROMIUM, a_page, picture
from tests.console.browser.scene import a_morning, a_shop, submit
from tests.console.visits import Console
from tests.support.clock import ManualClock

pytestmark = [
    NEEDS_CHROMIUM,
    pytest.mark.skipif(not KEEPS_PICTURES, reason="asked for by KEEP_PICTURES=1"),
]


SMALL_ORDER = """\
{
  "event": "order.paid",
  "order": {
    "id": "17-petr",
    "total": 120,
    "email": "petr@example.com"
  }
}"""


async def test_pictures(tmp_path: Path, browser: Browser) -> None:
    async with a_shop(tmp_path) as shop:
        await an_hour_before(shop)
        event = await a_morning(shop)
        async with a_page(browser, shop.url, shop.olga) as page:
            await the_overview(page, "overview")
            await page.get_by_role("region", name="What needs a person").get_by_role("link").click()
            await expect(page.get_by_role("main")).to_contain_text("people touched")
            await picture(page, "problem")
            await page.goto(f"/console/events/{event}")
            await page.locator("#deliveries section").evaluate("(one) => one.scrollIntoView(false)")
            await picture(page, "event")
            await page.goto("/console/playground?rule=paid")
            await page.locator("#body").fill(SMALL_ORDER)
            await expect(page.locator("#outcome")).to_contain_text("body.order.total = 120")
            await page.locator("#outcome > section").evaluate("(one) => one.scrollIntoView(false)")
            await picture(page, "playground")
            await a_first_call(page, shop)
        async with a_page(browser, shop.url, shop.olga, color_scheme="dark") as page:
            await the_overview(page, "overview-dark")
        async with a_page(browser, shop.url, shop.olga, locale="ru-RU") as page:
            await the_overview(page, "overview-russian")


async def the_overview(page: Page, name: str) -> None:
    await page.goto("/console/")
    await expect(page.locator(".live")).not_to_be_empty()
    await picture(page, name)


async def a_first_call(page: Page, shop: Console) -> None:
    await page.goto("/console/sources/tilda/listen")
    await expect(page.locator(".live")).to_have_text("Live")
    await submit(shop, "of-another-site", Name="Ivan", Email="ivan@example.com", tranid="2:1")
    await expect(page.locator("#calls")).to_contain_text("refused")
    await submit(shop, Name="Ivan", Email="ivan@example.com", tranid="2:2")
    await expect(page.locator("#calls")).to_contain_text("accepted")
    await page.reload()
    await expect(page.locator(".live")).to_have_text("Live")
    await picture(page, "listen")


async def an_hour_before(shop: Console) -> None:
    """Calls and starts as if they had come within the last hour."""
    clock, chance = ManualClock(SystemClock().now() - timedelta(minutes=59)), Random(7)
    url = f"sqlite+aiosqlite:///{shop.bridge.folder}/bridge.db"
    async with Outbox.open(url, clock=clock) as outbox:
        for minute in range(60):
            counts = {
                source: chance.randint(2, 9) + most * minute // 60
                for source, most in (("forms", 14), ("tilda", 6), ("shop", 9))
            }
            taken = [Tally(TallyKind.CALL, one, "accepted", n) for one, n in counts.items()]
            await outbox.add_tallies(
                [
                    *taken,
                    Tally(TallyKind.CALL, "shop", "ignored", chance.randint(0, 3)),
                    Tally(TallyKind.CALL, "tilda", "unauthenticated", chance.randint(0, 1)),
                    Tally(TallyKind.ENDED, "main", "accepted", sum(counts.values())),
                ]
            )
            clock.pass_s(60)

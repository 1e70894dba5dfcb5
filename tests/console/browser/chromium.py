"""A real Chromium, Debian's or the one that CHROMIUM names, before a real console."""

import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, ConsoleMessage, Locator, Page, async_playwright, expect

from tests.console.visits import Visitor
from tests.support.whole import ROOT

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")  # noqa: TID251 - of whoever tests
NEEDS_CHROMIUM = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")
LIMIT_MS = 20_000
_MOST_TABS = 80
# Without these it looks for its maker's servers at each start; without a sandbox of its own it
# runs as root.
_QUIET = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PICTURES = ROOT / "docs" / "pictures"
KEEPS_PICTURES = bool(os.environ.get("KEEP_PICTURES"))  # noqa: TID251 - as above


@contextlib.asynccontextmanager
async def a_browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=_QUIET)
        try:
            yield browser
        finally:
            await browser.close()


@contextlib.asynccontextmanager
async def a_page(
    browser: Browser, url: str, visitor: Visitor | None = None, **like: Any
) -> AsyncIterator[Page]:
    """Of a person of its own, or of a visitor who is logged in. At the end it fails where the
    browser complained, of a policy or a script."""
    context = await browser.new_context(
        base_url=url, viewport={"width": 1280, "height": 800}, timezone_id="UTC", **like
    )
    context.set_default_timeout(LIMIT_MS)
    if visitor is not None:
        for cookie in visitor.client.cookies.jar:
            name, value = cookie.name, cookie.value or ""
            await context.add_cookies([{"name": name, "value": value, "url": url}])
    complaints: list[str] = []
    page = await context.new_page()

    def complained(said: ConsoleMessage) -> None:
        if said.type == "error":
            complaints.append(said.text)

    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", complained)
    try:
        yield page
    finally:
        await context.close()
    # A refusal that a test is about is an answer of 4xx, and said of a page on purpose.
    assert [one for one in complaints if "the server responded with a status of 4" not in one] == []


async def log_in(page: Page, visitor: Visitor) -> None:
    await page.goto("/console/login")
    await page.locator("input[name=token]").fill(visitor.token)
    await page.locator("form button.main").click()
    await page.wait_for_url("**/console/")


async def follow(page: Page, target: Locator) -> None:
    """By keyboard alone: from one thing to the next until it is the wanted one, and into it."""
    await expect(target).to_be_visible()
    for _ in range(_MOST_TABS):
        await page.keyboard.press("Tab")
        if await target.evaluate("(one) => one === document.activeElement"):
            break
    await expect(target).to_be_focused()
    await page.keyboard.press("Enter")


async def assert_accessible(page: Page) -> None:
    assert await barriers(page) == [], page.url


async def barriers(page: Page, *rules: str) -> list[str]:
    """What axe-core says of the page as it is; by these rules alone, where some are named."""
    run_only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": _RULES}
    found = await Axe().run(page, options={"runOnly": run_only, "resultTypes": ["violations"]})

    return [
        f"{one['id']}: {one['help']}: {[node['html'][:120] for node in one['nodes'][:3]]}"
        for one in found.response["violations"]
    ]


async def overflow(page: Page) -> list[str]:
    """What is wider than the window. Tables and code may be, within frames of their own."""
    found: list[str] = await page.evaluate(
        """() => {
          const width = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= width) return [];
          return [...document.querySelectorAll("body *")]
            .filter((one) => one.getBoundingClientRect().right > width + 1)
            .filter((one) => !one.closest(".wide, pre"))
            .map((one) => one.outerHTML.slice(0, 120)).slice(-3);
        }"""
    )
    return found


async def picture(page: Page, name: str, **how: Any) -> None:
    """Kept in the docs when asked for (KEEP_PICTURES=1)."""
    if KEEPS_PICTURES:
        PICTURES.mkdir(exist_ok=True)
        await page.screenshot(path=PICTURES / f"{name}.png", **how)

"""The frame of every page, in a real browser."""

from playwright.async_api import Browser, expect

from tests.console.browser.chromium import (
    NEEDS_CHROMIUM,
    a_page,
    assert_accessible,
    log_in,
)
from tests.console.visits import Console

pytestmark = NEEDS_CHROMIUM


async def test_one_logs_in_by_keyboard_alone_and_out_again(
    console: Console, browser: Browser
) -> None:
    async with a_page(browser, console.url) as page:
        await page.goto("/console/events?source=forms")
        await assert_accessible(page)
        await page.keyboard.type(console.olga.token)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/console/events?source=forms")
        await page.goto("/console/")
        await assert_accessible(page)

        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("main")).to_be_focused()
        await page.get_by_role("button", name="Log out").click()

        await expect(page.get_by_role("heading", name="Log in")).to_be_visible()


async def test_a_wrong_token_is_said_so_that_it_is_heard(
    console: Console, browser: Browser
) -> None:
    async with a_page(browser, console.url, color_scheme="dark") as page:
        await page.goto("/console/login")
        await page.locator("input[name=token]").fill("bridge_of_another_river")
        await page.get_by_role("button", name="Log in").click()

        await expect(page.get_by_role("alert")).to_contain_text("not known, or was revoked")
        await assert_accessible(page)


async def test_the_language_is_changed_by_a_click_and_stays(
    console: Console, browser: Browser
) -> None:
    async with a_page(browser, console.url, locale="ru-RU") as page:
        await log_in(page, console.olga)
        await expect(page.get_by_role("heading", level=1)).to_have_text("Обзор")
        assert await page.locator("html").get_attribute("lang") == "ru"

        await page.get_by_role("button", name="English").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
        await page.reload()

        await expect(page.get_by_role("heading", level=1)).to_have_text("Overview")

"""Somebody is woken at night: the welcome messages do not go out."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from app.outbox import ProblemFilter
from tests.console.browser.chromium import (
    NEEDS_CHROMIUM,
    a_page,
    follow,
    log_in,
)
from tests.console.browser.scene import NAMES, a_shop, ended, newcomers, pay
from tests.console.visits import Console

pytestmark = NEEDS_CHROMIUM


@pytest.fixture
async def night(tmp_path: Path) -> AsyncIterator[Console]:
    """Scenario 1 was switched off, and six people wait for their welcome."""
    async with a_shop(tmp_path) as console:
        console.sandbox.answer_error(404, "Workflow is not active", scenario=1)
        await pay(console, "olga", 990)
        await newcomers(console, *NAMES)
        await ended(console, 7)
        yield console


async def test_what_failed_is_found_mended_and_replayed_by_keyboard_alone(
    night: Console, browser: Browser
) -> None:
    async with a_page(browser, night.url) as page:
        main, title = page.get_by_role("main"), page.get_by_role("heading", level=1)
        await log_in(page, night.olga)
        needs = page.get_by_role("region", name="What needs a person")
        await expect(needs).to_contain_text("scenario 1")

        await follow(page, needs.get_by_role("link"))
        await expect(main).to_contain_text("6 dead letters")
        await expect(main).to_contain_text("people touched6")
        await expect(main).to_contain_text("activate it in Altcraft")

        night.sandbox.clear_faults()
        await follow(page, page.get_by_role("link", name="Replay all 6 dead letters"))
        await expect(main).to_contain_text("6 deliveries would be replayed")
        await follow(page, page.get_by_role("button", name="Begin to replay"))
        await expect(page.get_by_role("status")).to_have_text("Done: 6 deliveries replayed")
        started = await night.sandbox.wait_for_starts(7)

        await follow(page, page.get_by_role("link", name="Problems"))
        await expect(main).to_contain_text("No problems.")
        await follow(page, page.get_by_role("link", name="Resolved", exact=True))
        await expect(main).to_contain_text("resolved")
        await follow(page, page.get_by_role("link", name="Audit log"))
        await expect(title).to_have_text("Audit log")
        await expect(main.get_by_role("row", name="olga replayed 6")).to_be_visible()

    welcomed = [str(one.person) for one in started if one.scenario == 1]
    assert sorted(welcomed) == [f"email={name}@example.com" for name in sorted(NAMES)]
    assert len(night.sandbox.started) == 7


async def test_the_overview_says_by_itself_that_something_needs_a_person_and_that_it_is_over(
    night: Console, browser: Browser
) -> None:
    async with a_page(browser, night.url, night.vera, locale="ru-RU") as page:
        await page.goto("/console/")
        needs = page.get_by_role("region", name="Что требует внимания")
        await expect(needs).to_contain_text("не доставлено: 6")
        await expect(needs).to_contain_text("активируйте его в Altcraft")
        await needs.get_by_role("link").click()
        await expect(page.get_by_role("main")).to_contain_text("Что делать:")
        await expect(page.get_by_role("link", name="Повторить")).to_have_count(0)

        night.sandbox.clear_faults()
        [one] = await night.bridge.parts.outbox.problems(ProblemFilter(), limit=2)
        await night.olga.send("deliveries/all/replay", problem=one.key, total=6)

        await expect(page.get_by_role("main")).to_contain_text("решена")

"""The audit log, and how a person is forgotten."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.outbox import ActKind
from tests.console.readers import ReadOffice, a_read_office, fields_of, text_of
from tests.support.values import an_act


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[ReadOffice]:
    async with a_read_office(tmp_path) as running:
        yield running


async def test_the_log_leads_to_what_an_act_touched(house: ReadOffice) -> None:
    [dead] = await house.dead_letters(1)
    done = await house.anna.send(f"deliveries/{dead}/replay")

    log = await house.viktor.page("acts")

    assert f"/console/deliveries/{dead}" in log
    assert f"/console/deliveries?act={done.url.params['act']}" in log
    assert "anna replayed 1" in text_of(log)


async def test_the_log_goes_on_page_by_page(house: ReadOffice) -> None:
    for _ in range(51):
        await house.office.bridge.parts.outbox.record(an_act(ActKind.PURGE), 1)

    first = await house.viktor.page("acts")
    older = re.search(r"before=([0-9a-f-]{36})", first)

    assert first.count('<tr id="a') == 50
    assert older is not None
    assert '<tr id="a' in await house.viktor.page("acts", before=older[1])


async def test_a_person_is_counted_confirmed_and_forgotten(house: ReadOffice) -> None:
    event = await house.office.call(email="ivan@example.com", id=1)
    await house.office.settled(1)

    asked = await house.anna.send("forget", email="Ivan@example.com", phone="")
    done = await house.anna.send("forget/do", **fields_of(asked.text))
    told = await house.anna.read(f"events/{event}")

    assert "events1 deliveries1 attempts1" in text_of(asked.text)
    assert "There is no way back" in asked.text
    assert "Done: 2 records erased" in done.text
    assert "ivan" not in f"{done.text} {done.url} {told}".lower()
    assert "Erased: the person asked to be forgotten" in told
    assert await house.acts() == [("anna", "forget", 2)]


async def test_who_is_to_be_forgotten_is_asked_for_in_words_that_can_be_used(
    house: ReadOffice,
) -> None:
    nobody = await house.anna.send("forget", email="")
    wrong = await house.anna.send("forget", phone="12-not-a-phone")
    unknown = await house.anna.send("forget", email="nobody@example.com")

    assert (nobody.status_code, wrong.status_code, unknown.status_code) == (422, 422, 200)
    assert "12-not-a-phone" not in wrong.text
    assert "Nothing is stored of this person" in unknown.text


async def test_a_viewer_may_not_forget(house: ReadOffice) -> None:
    asked = await house.viktor.browser.get("forget")
    sent = await house.viktor.send("forget/do", email="ivan@example.com")

    assert (asked.status_code, sent.status_code) == (403, 403)
    assert "forget" not in await house.viktor.page("events")

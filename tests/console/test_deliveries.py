"""Scenario starts on their way, as the console tells them and as operators treat them there."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.console.readers import ReadOffice, a_read_office, fields_of, text_of


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[ReadOffice]:
    async with a_read_office(tmp_path) as running:
        yield running


async def paused(house: ReadOffice, count: int) -> list[str]:
    """Deliveries that wait."""
    await house.office.olga.post("pauses", json={"kind": "rule", "name": "welcome", "reason": "x"})
    for number in range(count):
        await house.office.call(email=f"ivan{number}@example.com", id=number)
    found = (await house.office.olga.get("deliveries")).json()["items"]
    return [one["id"] for one in found]


async def test_a_list_is_filtered_by_what_was_clicked(house: ReadOffice) -> None:
    [dead] = await house.dead_letters(1)
    await house.office.call(email="olga@example.com", id="2")
    await house.office.settled(2)

    whole = await house.viktor.page("deliveries")
    some = await house.viktor.page("deliveries", state="dead", rule="welcome", outcome="")

    assert "/console/deliveries?outcome=scenario_unavailable" in whole
    assert "/console/deliveries?destination=main" in whole
    assert (whole.count('<a id="d'), some.count('<a id="d')) == (2, 1)
    assert dead in some
    assert "/console/deliveries?state=dead&amp;rule=welcome" not in whole


async def test_each_try_and_what_followed_is_told(house: ReadOffice) -> None:
    house.office.sandbox.answer_error(500, "Internal error", times=1)
    await house.office.call(email="ivan@example.com", id=1)
    [delivery] = await house.office.settled(1)

    text = await house.anna.read(f"deliveries/{delivery['id']}")

    assert text.index("Attempt 1") < text.index("tried again") < text.index("Attempt 2")
    assert "The event and all it started" in text


async def test_one_is_replayed_as_stored_and_only_once_unless_told_again(
    house: ReadOffice,
) -> None:
    [dead] = await house.dead_letters(1)

    done = await house.anna.send(f"deliveries/{dead}/replay", rules="stored")
    again = await house.anna.send(f"deliveries/{dead}/replay", rules="stored")
    asked = await house.anna.page(f"deliveries/{dead}/replay")
    more = await house.anna.send(f"deliveries/{dead}/replay", rules="current", again="true")

    assert (done.status_code, "anna replayed 1" in done.text) == (200, True)
    assert dead not in str(done.url)
    assert again.status_code == 409
    assert 'name="again"' in asked
    assert more.status_code == 200
    assert await house.acts() == [("anna", "replay", 1), ("anna", "replay", 1)]


async def test_one_that_waits_is_cancelled(house: ReadOffice) -> None:
    [waits] = await paused(house, 1)

    asked = await house.anna.read(f"deliveries/{waits}/cancel")
    done = await house.anna.send(f"deliveries/{waits}/cancel")
    late = await house.anna.send(f"deliveries/{waits}/cancel")

    assert "becomes a dead letter that can be replayed" in asked
    assert "cancelled by anna" in done.text
    assert late.status_code == 409


async def test_all_that_a_filter_finds_are_counted_then_replayed_step_by_step(
    house: ReadOffice,
) -> None:
    await house.dead_letters(5)
    how = {"outcome": "scenario_unavailable", "rate": "100/s", "step": "2"}

    asked = await house.anna.page("deliveries/all/replay", outcome="scenario_unavailable")
    begun = await house.anna.send("deliveries/all/replay", **fields_of(asked) | how)
    pages = [begun]
    while "Go on" in pages[-1].text:
        pages.append(await house.anna.send("deliveries/all/replay", **fields_of(pages[-1].text)))

    assert "5 deliveries would be replayed" in text_of(asked)
    assert "2 replayed so far" in text_of(begun.text)
    assert "2 / 5" in text_of(begun.text)
    assert 'hx-trigger="load delay:300ms"' in begun.text
    assert "Done: 5 deliveries replayed" in text_of(pages[-1].text)
    assert len(pages) >= 3
    assert await house.acts() == [("anna", "replay", 5)]
    made = await house.anna.page("deliveries", act=begun.url.params["did"])
    assert (made.count('<a id="d'), "anna replayed 5" in made) == (5, True)


async def test_all_that_wait_of_a_filter_are_cancelled(house: ReadOffice) -> None:
    await paused(house, 3)

    asked = await house.anna.page("deliveries/all/cancel", rule="welcome")
    done = await house.anna.send("deliveries/all/cancel", **fields_of(asked))
    while "Go on" in done.text:
        done = await house.anna.send("deliveries/all/cancel", **fields_of(done.text))

    assert "3 deliveries would be cancelled" in text_of(asked)
    assert "Done: 3 deliveries cancelled" in text_of(done.text)
    assert ("anna", "cancel", 3) in await house.acts()


async def test_all_of_a_person_are_replayed_by_the_digest(house: ReadOffice) -> None:
    await house.dead_letters(2)
    found = await house.anna.send(
        "people", kind="email", value="ivan1@example.com", to="deliveries"
    )

    asked = await house.anna.page("deliveries/all/replay", **dict(found.url.params))
    done = await house.anna.send("deliveries/all/replay", **fields_of(asked))

    assert "Done: 1 delivery replayed" in text_of(done.text)


async def test_a_rate_that_is_none_and_no_filter_at_all_are_refused(house: ReadOffice) -> None:
    [_] = await house.dead_letters(1)

    rate = await house.anna.send("deliveries/all/replay", since="1h", rate="fast")
    nothing = await house.anna.browser.get("deliveries/all/replay")

    assert (rate.status_code, nothing.status_code) == (422, 422)
    assert await house.acts() == []


async def test_a_viewer_may_not_act(house: ReadOffice) -> None:
    [dead] = await house.dead_letters(1)

    for path in (f"deliveries/{dead}/replay", f"deliveries/{dead}/cancel", "deliveries/all/replay"):
        asked = await house.viktor.browser.get(path, params={"since": "1h"})
        sent = await house.viktor.send(path, since="1h")
        assert (asked.status_code, sent.status_code) == (403, 403), path
    assert await house.acts() == []

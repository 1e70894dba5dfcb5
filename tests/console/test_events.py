"""What came in, as the console tells it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.console.readers import ReadOffice, a_read_office


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[ReadOffice]:
    async with a_read_office(tmp_path) as running:
        yield running


async def test_a_list_says_what_each_event_started_or_why_nothing(house: ReadOffice) -> None:
    await house.office.call(email="ivan@example.com", id=1)
    await house.office.call(email="ivan@example.com", id=2, kind="odd")
    await house.office.settled(1)

    text = await house.viktor.read("events")

    assert "1 start done" in text
    assert 'nearest is rule "welcome": condition 1 of 2 failed: body.kind == "new"' in text


async def test_a_filter_is_set_by_a_click_and_unset_fields_are_none(house: ReadOffice) -> None:
    ignored = await house.office.call(email="ivan@example.com", id=1, kind="odd")
    taken = await house.office.call(email="ivan@example.com", id=2)

    whole = await house.viktor.page("events", source="", status="", since="", until="")
    some = await house.viktor.page("events", status="ignored")

    assert "/console/events?status=ignored" in whole
    assert "/console/events?source=forms" in whole
    assert (ignored in some, taken in some) == (True, False)


async def test_a_filter_that_is_no_filter_is_said_so_on_the_page(house: ReadOffice) -> None:
    answer = await house.viktor.browser.get("events", params={"since": "yesterday"})
    misspelt = await house.viktor.browser.get("events", params={"sorce": "forms"})

    assert (answer.status_code, "since: expected an instant" in answer.text) == (422, True)
    assert misspelt.status_code == 422


async def test_lists_go_on_by_the_last_of_the_page_before(house: ReadOffice) -> None:
    for number in range(51):
        await house.office.call(id=number, kind="odd")

    first = await house.viktor.page("events")
    last = first[first.rindex('<a id="e') :][8:44]
    second = await house.viktor.page("events", before=last)

    assert (first.count('<a id="e'), second.count('<a id="e')) == (50, 1)
    assert f"before={last}" in first
    assert 'hx-trigger="sse:tick' in first
    assert 'hx-trigger="sse:tick' not in second


async def test_an_event_is_told_from_its_arrival_to_the_last_answer(house: ReadOffice) -> None:
    house.office.sandbox.answer_error(404, "Workflow not found")
    event = await house.office.call(email="ivan@example.com", id=1)
    await house.office.settled(1)

    text = await house.anna.read(f"events/{event}")

    steps = (
        "POST /hooks/forms",
        '"email": "ivan@example.com"',
        "Taken by the rule welcome",
        "starts welcome holds body.kind",
        "Made",
        "email = ivan@example.com",
        "Attempt 1",
        "HTTP 200, error 404: Workflow not found",
        "/api/v1.1/workflows/start",
        '"token": "***"',
        "the scenario does not exist or is not active",
    )
    places = [text.find(step) for step in steps]
    assert -1 not in places, steps[places.index(-1)]
    assert places == sorted(places)
    assert "forms-secret" not in text


async def test_a_viewer_reads_the_story_without_the_person(house: ReadOffice) -> None:
    house.office.sandbox.answer_error(404, "Workflow not found for IVAN@example.com")
    event = await house.office.call(email="ivan@example.com", id=1)
    [delivery] = await house.office.settled(1)

    for path in ("events", f"events/{event}", "deliveries", f"deliveries/{delivery['id']}"):
        text = await house.viktor.read(path)
        assert "ivan" not in text.lower(), path
        assert "Replay" not in text.replace("Replayed", ""), path


async def test_a_replay_by_todays_rules_is_asked_for_done_and_recorded(house: ReadOffice) -> None:
    event = await house.office.call(email="ivan@example.com", id=1)
    await house.office.settled(1)

    asked = await house.anna.read(f"events/{event}/replay")
    done = await house.anna.send(f"events/{event}/replay")

    assert "Those that hold and have no delivery of it yet" in asked
    assert done.url.params["act"]
    assert "anna replayed 0" in done.text
    assert "Today's rules start nothing" in done.text
    assert await house.acts() == [("anna", "replay", 0)]


async def test_a_person_is_found_and_stands_in_no_address(house: ReadOffice) -> None:
    of_ivan = await house.office.call(email="ivan@example.com", id=1)
    of_olga = await house.office.call(email="olga@example.com", id=2)

    events = await house.viktor.send("people", kind="email", value="Ivan@Example.com")
    deliveries = await house.viktor.send(
        "people", kind="email", value="ivan@example.com", to="deliveries"
    )
    wrong = await house.viktor.send("people", kind="phone", value="123")

    assert (of_ivan in events.text, of_olga in events.text) == (True, False)
    assert "ivan" not in str(events.url).lower() + str(deliveries.url)
    assert deliveries.url.path == "/console/deliveries"
    assert deliveries.text.count('<a id="d') == 1
    assert (wrong.status_code, "123" in wrong.text) == (422, False)


async def test_what_is_not_there_is_a_page_that_says_so(house: ReadOffice) -> None:
    for path in ("events/x", "deliveries/x", "events/x/replay", "deliveries/x/cancel"):
        answer = await house.anna.browser.get(path)
        assert (answer.status_code, "<h1>" in answer.text) == (404, True), path


async def test_the_pages_speak_russian(house: ReadOffice) -> None:
    event = await house.office.call(email="ivan@example.com", id=1)
    [delivery] = await house.office.settled(1)
    house.anna.browser.cookies.set("bridge_language", "ru")

    for path, said in (
        ("events", "1 запуск"),
        (f"events/{event}", "Подошло правило"),
        ("deliveries", "доставлено"),
        (f"deliveries/{delivery['id']}", "Попытка 1"),
        (f"deliveries/{delivery['id']}/replay", "Повторить доставку"),
        ("deliveries/all/replay?state=done", "Будет повторена 1 доставка"),
        ("deliveries/all/cancel?since=1h", "Среди отобранного нет доставок"),
        ("acts", "создан токен"),
        ("forget", "Забыть человека"),
    ):
        assert said in await house.anna.read(path), path

"""Failures by their cause, as operators hold them by the API: seen, mended, replayed together."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.operators import Office, an_office
from tests.api.test_acting import dead_letters, did

BROKEN = "main.scenario.1.scenario_unavailable"


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with an_office(tmp_path) as running:
        yield running


async def listed(office: Office, **asked: str) -> list[dict[str, Any]]:
    found = (await office.vera.get("problems", params=asked)).json()
    items: list[dict[str, Any]] = found["items"]
    return items


async def test_a_night(office: Office) -> None:
    """Woken, one call says what is wrong, another what to do, and one more mends it."""
    await dead_letters(office, 5)

    [concern] = (await office.vera.get("concerns")).json()["items"]
    problem = (await office.vera.get(concern["where"].removeprefix("/api/v1/"))).json()
    seen = await did(office, f"problems/{problem['id']}/acknowledge", note="I see to it")
    counted = await did(office, f"problems/{problem['id']}/replay", dry_run=True)
    first = await did(office, f"problems/{problem['id']}/replay", limit=2)
    rest = await did(office, f"problems/{problem['id']}/replay", next=first["next"])
    await office.sandbox.wait_for_starts(5)

    assert (concern["cause"], concern["advice"]) == (BROKEN, "activate_scenario")
    assert (problem["letters"], problem["people"], problem["people_is_whole"]) == (5, 5, True)
    assert (problem["rules"], problem["sources"]) == (["welcome"], ["forms"])
    assert (seen["state"], seen["who"], seen["note"]) == ("acknowledged", "olga", "I see to it")
    assert (counted["total"], first["count"], rest["count"]) == (5, 2, 3)
    [over] = await listed(office)
    assert (over["state"], over["letters"]) == ("resolved", 0)
    assert (await office.vera.get("concerns")).json()["items"] == []


async def test_the_dead_letters_of_a_problem_are_listed_and_replayed_by_filter(
    office: Office,
) -> None:
    dead = await dead_letters(office, 2)

    found = (await office.vera.get("deliveries", params={"problem": BROKEN})).json()["items"]
    none = (await office.vera.get("deliveries", params={"scenario": "2"})).json()["items"]
    replayed = await did(office, "deliveries/replay", problem=BROKEN)

    assert sorted(one["id"] for one in found) == sorted(dead)
    assert none == []
    assert replayed["count"] == 2


async def test_a_state_that_does_not_follow_is_refused(office: Office) -> None:
    await dead_letters(office, 1)

    opened = await office.olga.post(f"problems/{BROKEN}/reopen", json={})
    resolved = await did(office, f"problems/{BROKEN}/resolve")
    acknowledged = await office.olga.post(f"problems/{BROKEN}/acknowledge", json={})
    reopened = await did(office, f"problems/{BROKEN}/reopen")

    assert (opened.status_code, acknowledged.status_code) == (409, 409)
    assert "it is open" in opened.json()["detail"]
    assert (resolved["state"], reopened["state"]) == ("resolved", "open")


async def test_a_viewer_looks_and_does_not_act(office: Office) -> None:
    await dead_letters(office, 1)

    for act in ("acknowledge", "resolve", "reopen", "replay"):
        refused = await office.vera.post(f"problems/{BROKEN}/{act}", json={})

        assert refused.status_code == 403
    assert [one["state"] for one in await listed(office)] == ["open"]


@pytest.mark.parametrize("problem", ["main.scenario.77.malformed", "nonsense", "main"])
async def test_what_is_not_there_is_not_found(office: Office, problem: str) -> None:
    assert (await office.olga.get(f"problems/{problem}")).status_code == 404
    for act in ("acknowledge", "replay"):
        answer = await office.olga.post(f"problems/{problem}/{act}", json={})

        assert answer.status_code == 404


async def test_what_can_not_be_understood_is_refused(office: Office) -> None:
    for asked in ({"before": "nonsense"}, {"before": "1.main"}, {"stat": "open"}):
        assert (await office.olga.get("problems", params=asked)).status_code == 422
    answer = await office.olga.get("deliveries", params={"problem": "nonsense"})
    assert (answer.status_code, "main.scenario.3" in answer.text) == (422, True)


async def test_the_list_goes_on_where_it_ended(office: Office) -> None:
    await dead_letters(office, 1)
    office.sandbox.answer_error(404, "Workflow not found")
    await office.call(size=5, email="ivan@example.com", id="another")
    await office.settled(2)

    first = (await office.vera.get("problems", params={"limit": 1})).json()
    second = await listed(office, before=first["next"], is_over="false")

    assert [one["scenario"] for one in [*first["items"], *second]] == [404, 1]

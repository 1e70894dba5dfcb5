"""What operators do by the API, and the record of it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.outbox.problems import BRIDGE
from tests.api.operators import Office, an_office


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with an_office(tmp_path) as running:
        yield running


async def did(office: Office, path: str, **asked: object) -> dict[str, Any]:
    answer = await office.olga.post(path, json=asked)
    assert answer.status_code < 300, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def acts(office: Office) -> list[tuple[str, str, int]]:
    found = (await office.vera.get("acts")).json()["items"]
    ours = [one for one in found if one["kind"] != "make_token" and one["who"] != BRIDGE]
    return [(one["who"], one["kind"], one["count"]) for one in ours]


async def dead_letters(office: Office, count: int) -> list[str]:
    office.sandbox.answer_error(404, "Workflow not found")
    for number in range(count):
        await office.call(email=f"ivan{number}@example.com", id=number)
    found = await office.settled(count)
    office.sandbox.clear_faults()
    return [one["id"] for one in found]


async def test_one_is_replayed_once_unless_told_again(office: Office) -> None:
    [dead] = await dead_letters(office, 1)

    first = await did(office, f"deliveries/{dead}/replay")
    refused = await office.olga.post(f"deliveries/{dead}/replay", json={})
    again = await did(office, f"deliveries/{dead}/replay", again=True, rules="current")

    assert (first["count"], again["count"]) == (1, 1)
    assert (refused.status_code, first["deliveries"][0] in refused.text) == (409, True)
    await office.sandbox.wait_for_starts(2)
    assert await acts(office) == [("olga", "replay", 1), ("olga", "replay", 1)]


async def test_a_replay_by_filter_goes_on_over_requests_as_one_act(office: Office) -> None:
    dead = await dead_letters(office, 5)
    asked = {"since": "1h", "outcome": "scenario_unavailable", "rate": "100/s", "limit": 2}

    counted = await did(office, "deliveries/replay", dry_run=True, **asked)
    reply = await did(office, "deliveries/replay", **asked)
    replies = [reply]
    while reply["next"]:
        reply = await did(office, "deliveries/replay", next=reply["next"], **asked)
        replies.append(reply)

    assert counted["total"] == 5
    assert sum(one["count"] for one in replies) == 5
    assert len({one["act"] for one in replies}) == 1
    fresh = await office.settled(5, act=replies[0]["act"])
    assert [one["replay_of"] for one in fresh] == dead
    due = [one["created_at"] for one in fresh]
    assert due == sorted(due)
    assert await acts(office) == [("olga", "replay", 5)]


async def test_what_fails_again_is_not_replayed_again_by_the_same_act(office: Office) -> None:
    await dead_letters(office, 2)
    office.sandbox.answer_error(404, "Workflow not found")

    reply = await did(office, "deliveries/replay", since="1h", limit=1)
    await office.settled(1, act=reply["act"])
    rest = await did(office, "deliveries/replay", since="1h", limit=100, next=reply["next"])

    assert (reply["count"], rest["count"], rest["next"]) == (1, 1, None)


async def test_somebody_elses_act_is_not_gone_on_with(office: Office) -> None:
    paused = await did(office, "pauses", kind="rule", name="welcome")
    [act] = [a for a in (await office.vera.get("acts")).json()["items"] if a["kind"] == "pause"]

    for following in (f"{act['id']}.0", "nonsense"):
        answer = await office.olga.post(
            "deliveries/replay", json={"since": "1h", "next": following}
        )
        assert answer.status_code == 422
    assert paused["who"] == "olga"


@pytest.mark.parametrize("path", ["deliveries/replay", "deliveries/cancel", "events/replay"])
async def test_nothing_is_done_to_all_there_is_by_mistake(office: Office, path: str) -> None:
    for asked in ({}, {"sinse": "1h"}):
        assert (await office.olga.post(path, json=asked)).status_code == 422


async def test_calls_that_started_nothing_are_held_against_todays_rules(office: Office) -> None:
    await office.bridge.call({"kind": "new", "size": 1, "name": "A", "crm_id": 7, "id": 1})
    [event] = (await office.olga.get("events")).json()["items"]
    config = office.bridge.folder / "bridge.yaml"
    config.write_text(config.read_text().replace("body.size > 3", "body.size > 0"))
    assert await office.bridge.parts.current.look()

    counted = await did(office, "events/replay", status="ignored", since="1h", dry_run=True)
    replayed = await did(office, "events/replay", status="ignored", since="1h")
    again = await did(office, f"events/{event['id']}/replay")

    assert (counted["count"], counted["act"]) == (1, None)
    assert (replayed["count"], again["count"]) == (1, 0)
    assert again["left"] == {"the rule has a delivery of the event already": 1}
    await office.sandbox.wait_for_starts(1)


async def test_what_waits_is_cancelled_or_goes_on(office: Office) -> None:
    await did(office, "pauses", kind="rule", name="welcome", reason="new texts")
    for number in range(3):
        await office.call(email=f"ivan{number}@example.com", id=number)
    waiting = [one["id"] for one in (await office.olga.get("deliveries")).json()["items"]]

    [listed] = (await office.vera.get("pauses")).json()["items"]
    counted = await did(office, "deliveries/cancel", rule="welcome", dry_run=True)
    one = await did(office, f"deliveries/{waiting[0]}/cancel")
    again = await office.olga.post(f"deliveries/{waiting[0]}/cancel")
    some = await did(office, "deliveries/cancel", ids=[waiting[1]])
    resumed = (await office.olga.delete("pauses/rule/welcome")).json()
    twice = (await office.olga.delete("pauses/rule/welcome")).json()

    assert (listed["name"], listed["who"], listed["reason"]) == ("welcome", "olga", "new texts")
    assert (counted["total"], one["count"], again.status_code, some["count"]) == (3, 1, 409, 1)
    assert resumed == {"was_paused": True, "is_over": True}
    assert twice == {"was_paused": False, "is_over": True}
    await office.sandbox.wait_for_starts(1)
    assert len(office.sandbox.starts) == 1
    assert [kind for _, kind, _ in await acts(office)] == ["resume", "cancel", "cancel", "pause"]


async def test_a_person_is_forgotten_and_the_act_names_nobody(office: Office) -> None:
    event = await office.call(email="ivan@example.com", id="of-ivan")
    await office.bridge.call({"kind": "x", "email": "ivan@example.com", "id": 2})
    await office.settled(1)

    counted = await did(office, "forget", email="Ivan@example.com", dry_run=True)
    done = await did(office, "forget", email="Ivan@example.com")

    assert {name: counted[name] for name in ("events", "deliveries", "attempts", "act")} == {
        "events": 2, "deliveries": 1, "attempts": 1, "act": None,
    }  # fmt: skip
    assert (done["events"], done["deliveries"], done["next"]) == (2, 1, None)
    shown = await office.olga.get(f"events/{event}")
    listed = await office.olga.get("deliveries")
    recorded = await office.olga.get("acts")
    assert shown.json()["is_erased"]
    assert "ivan" not in (shown.text + listed.text + recorded.text).lower()
    [delivery] = listed.json()["items"]
    assert (
        await office.olga.post(f"deliveries/{delivery['id']}/replay", json={})
    ).status_code == 409
    assert (await acts(office))[0] == ("olga", "forget", 3)


async def test_a_trial_says_of_each_condition_whether_it_holds(office: Office) -> None:
    body = '{"kind": "new", "size": 2, "email": "a@example.com"}'
    [tried] = (await did(office, "try", source="forms", body=body))["events"]

    first, second = tried["rules"]
    assert [(c["text"], c["holds"]) for c in first["conditions"]] == [
        ('body.kind == "new"', True), ("body.size > 3", False),
    ]  # fmt: skip
    assert [c["values"] for c in first["conditions"]] == [
        [{"term": "body.kind", "value": '"new"', "missing": None}],
        [{"term": "body.size", "value": "2", "missing": None}],
    ]
    assert (first["starts"], second["starts"], tried["starts"]) == (False, False, [])


async def test_a_trial_shows_the_request_without_the_token_and_sends_nothing(
    office: Office,
) -> None:
    body = '{"kind": "new", "size": 4, "name": "A", "email": "a@example.com", "id": "k"}'
    [tried] = (await did(office, "try", source="forms", body=body))["events"]

    [start] = tried["starts"]
    assert (start["rule"], start["scenario"], tried["dedup_key"]) == ("welcome", 1, "k")
    assert start["requests"][0]["body"] == {
        "token": "***", "id": 1, "matching": "email", "email": "a@example.com",
        "content": {"name": "A"},
    }  # fmt: skip
    assert tried["rules"][1]["starts"] is None, "the first says stop"
    assert (await office.olga.get("events")).json()["items"] == []
    assert office.sandbox.received == []


async def test_a_trial_takes_another_configuration_and_names_its_faults(office: Office) -> None:
    text = (office.bridge.folder / "bridge.yaml").read_text()
    base64 = "eyJraW5kIjogIm9sZCIsICJjcm1faWQiOiAxfQ=="

    good = await did(
        office, "try", source="forms", body=base64, body_is="base64",
        configuration=text.replace("env: FORMS_TOKEN", "env: NOT_SET_ANYWHERE"),
    )  # fmt: skip
    bad = await office.olga.post(
        "try", json={"source": "forms", "configuration": text.replace("body.kind", "boddy.kind")}
    )
    unknown = await office.olga.post("try", json={"source": "form"})

    assert good["events"][0]["starts"][0]["scenario"] == 5
    assert bad.status_code == 422
    assert bad.json()["faults"][0]["hint"] == 'did you mean "body"?'
    assert (unknown.status_code, "forms" in unknown.text) == (422, True)

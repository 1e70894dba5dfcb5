"""What came in and what became of it, by the API."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.api.operators import Office, an_office


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with an_office(tmp_path) as running:
        yield running


async def ids(client: httpx.AsyncClient, path: str, **asked: str | int) -> list[str]:
    found = (await client.get(path, params=asked)).json()
    return [one["id"] for one in found["items"]]


async def test_lists_are_read_page_by_page(office: Office) -> None:
    made = [await office.call(email=f"ivan{n}@example.com", id=n) for n in range(5)]

    read: list[str] = []
    before: dict[str, str] = {}
    while True:
        page = (await office.olga.get("events", params={"limit": 2, **before})).json()
        read += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        before = {"before": page["next"]}

    assert read == made[::-1]


async def test_filters_narrow_as_those_of_the_command_line(office: Office) -> None:
    first = await office.call(email="ivan@example.com", id=1)
    second = await office.call(crm_id=77, id=2)
    ignored = (await office.bridge.call({"kind": "x", "phone": "+79000000009", "id": 3})).json()
    deliveries = await office.settled(2)
    mine, other = (one["id"] for one in deliveries)

    assert await ids(office.olga, "deliveries", email="IVAN@example.com") == [mine]
    assert await ids(office.olga, "deliveries", crm_id="77") == [other]
    assert await ids(office.olga, "deliveries", event=first, state="done") == [mine]
    assert await ids(office.olga, "deliveries", rule="never") == []
    assert await ids(office.olga, "deliveries", outcome="accepted", since="1h") == [other, mine]
    assert await ids(office.olga, "deliveries", until="1h") == []
    assert await ids(office.olga, "events", status="ignored") == [ignored["event_id"]]
    assert await ids(office.olga, "events", phone="+7 900 000-00-09") == [ignored["event_id"]]
    assert await ids(office.olga, "events", email="ivan@example.com") == [first]
    assert await ids(office.olga, "events", crm_id="77", source="forms") == [second]


@pytest.mark.parametrize(
    ("path", "parameter", "said"),
    [
        ("deliveries", {"stat": "dead"}, "stat"),
        ("deliveries", {"state": "gone"}, "state"),
        ("deliveries", {"outcome": "gone"}, "known: accepted"),
        ("events", {"since": "yesterday"}, "expected an instant"),
        ("events", {"email": "no address of mine"}, "no e-mail address"),
        ("events", {"limit": "100000"}, "limit"),
    ],
)
async def test_what_can_not_be_asked_is_refused_and_says_why(
    office: Office, path: str, parameter: dict[str, str], said: str
) -> None:
    answer = await office.olga.get(path, params=parameter)

    assert (answer.status_code, said in answer.text) == (422, True), answer.text
    assert "of mine" not in answer.text


async def test_a_viewer_sees_no_person(office: Office) -> None:
    event = await office.call(email="ivan@example.com", phone="+79000000001", id="of-ivan")
    [delivery] = await office.settled(1)

    for path in (f"events/{event}", f"deliveries/{delivery['id']}", "events", "deliveries",
                 f"deliveries/{delivery['id']}/attempts"):  # fmt: skip
        answer = await office.vera.get(path)
        assert answer.status_code == 200
        for personal in ("ivan@", "Ivan", "79000000001", "of-ivan"):
            assert personal not in answer.text, path
    whole = (await office.olga.get(f"events/{event}")).json()
    assert whole["body"]["form"] == "json"
    assert whole["body"]["value"]["email"] == "ivan@example.com"
    assert delivery["matches"][0] == {
        "matching": "email", "field": None, "value": "ivan@example.com",
    }  # fmt: skip
    assert delivery["content"] == {"name": "Ivan"}


async def test_words_of_altcraft_that_name_the_person_are_masked_for_a_viewer(
    office: Office,
) -> None:
    office.sandbox.answer_error(404, "Workflow not found for IVAN@example.com")
    await office.call(email="ivan@example.com", id=1)
    [delivery] = await office.settled(1)
    path = f"deliveries/{delivery['id']}/attempts"

    [whole] = (await office.olga.get(path)).json()["items"]
    [masked] = (await office.vera.get(path)).json()["items"]

    assert "IVAN@example.com" in whole["error_text"]
    assert masked["error_text"] == "Workflow not found for ***"


async def test_what_is_not_there_is_404(office: Office) -> None:
    for path in ("events/x", "deliveries/x", "deliveries/x/attempts", "sources/x", "rules/x"):
        assert (await office.olga.get(path)).status_code == 404


async def test_the_configuration_in_use_is_shown(office: Office) -> None:
    sources = (await office.vera.get("sources")).json()
    rules = (await office.vera.get("rules")).json()
    rule = (await office.vera.get("rules/welcome")).json()

    assert [one["name"] for one in sources["items"]] == ["forms"]
    assert sources["items"][0]["rules"] == ["welcome", "never"]
    assert sources["revision"] == rules["revision"]
    assert rule["conditions"] == ['body.kind == "new"', "body.size > 3"]
    assert rule["scenario"] == {"number": 3, "by": "body.size", "of": {"4": 1, "5": 404}}


async def test_platforms_say_what_waits_and_what_they_have(office: Office) -> None:
    await office.olga.post("pauses", json={"kind": "destination", "name": "main", "reason": "x"})
    await office.call(email="ivan@example.com", id=1)

    [main] = (await office.vera.get("destinations")).json()["items"]
    listed = (await office.vera.get("scenarios", params={"destination": "main"})).json()
    checked = (await office.vera.get("check")).json()

    assert (main["state"], main["cause"], main["rate"], main["concurrency"]) == (
        "paused", "x", 10.0, 4,
    )  # fmt: skip
    assert sum(main["waiting"].values()) == 1
    assert {one["id"]: one["is_active"] for one in listed["items"]}[5] is False
    errors = {one["key"] for one in checked["faults"] if one["severity"] == "error"}
    assert errors == {"rules[0].scenario.of.5", "rules[1].scenario"}
    assert not checked["is_good"]
    assert (await office.vera.get("scenarios", params={"destination": "x"})).status_code == 404


async def test_a_platform_that_does_not_answer_is_said_so(office: Office) -> None:
    office.sandbox.refuse(method="workflows/list")

    answer = await office.vera.get("scenarios")

    assert (answer.status_code, "lists no scenarios" in answer.text) == (503, True)


async def test_the_calls_of_a_source_that_were_refused_are_listed_without_their_values(
    office: Office,
) -> None:
    wrong = {"Authorization": "Bearer a-secret-of-somebody-else"}
    await office.bridge.call({"email": "ivan@example.com"}, headers=wrong)

    async with asyncio.timeout(10):
        while True:
            found = (await office.vera.get("sources/forms/refusals")).json()["items"]
            if found:
                break

    [one] = found
    assert (one["slug"], one["method"]) == ("unauthenticated", "POST")
    assert one["why"] == "bearer: the proof does not match"
    assert one["shape"] == {"email": "<text, 16>"}
    assert one["headers"]["authorization"] == "Bearer ***"
    assert (await office.vera.get("sources/nobody/refusals")).status_code == 404

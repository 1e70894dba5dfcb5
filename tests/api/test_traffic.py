"""What flowed, in numbers, by the API and by the metrics."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.model.tally import Tally, TallyKind
from tests.api.operators import Office, an_office
from tests.support.metrics import samples, value


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with an_office(tmp_path) as running:
        yield running


async def items(client: httpx.AsyncClient, **asked: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get("traffic", params=asked)).json()["items"]
    return found


async def counted(office: Office, **asked: str) -> dict[tuple[str, str, str], int]:
    """What the store was told, when it was told of an ending: some seconds later."""
    async with asyncio.timeout(20):
        while True:
            found = await items(office.vera, **asked)
            if any(one["kind"] == "ended" for one in found):
                return {(one["kind"], one["name"], one["label"]): one["count"] for one in found}
            await asyncio.sleep(0.2)


async def test_calls_rules_attempts_and_endings_are_counted(office: Office) -> None:
    await office.call(email="ivan@example.com", id=1)
    await office.call(email="ivan@example.com", id=1)
    await office.call(email="ivan@example.com", id=2, size=5)
    await office.bridge.call({"kind": "x", "id": 3})
    await office.bridge.call({"id": 4}, headers={})
    await office.bridge.call({"id": 5}, source="of-nobody")
    await office.settled(2)

    text = (await office.bridge.client.get("/metrics")).text
    told = await counted(office)

    assert samples(text, "bridge_calls_total", source="forms") == {
        ("accepted",): 2,
        ("duplicate",): 1,
        ("ignored",): 1,
    }
    assert samples(text, "bridge_calls_refused_total") == {
        ("unauthenticated", "forms"): 1,
        ("unknown_source", "unknown"): 1,
    }
    assert value(text, "bridge_call_duration_seconds_count", source="forms") == 5
    assert samples(text, "bridge_rules_held_total") == {("never",): 0, ("welcome",): 2}
    assert value(text, "bridge_attempts_total", outcome="accepted") == 1
    assert value(text, "bridge_attempts_total", outcome="scenario_unavailable") == 1
    assert value(text, "bridge_start_duration_seconds_count", destination="main") == 2
    assert value(text, "bridge_delivery_latency_seconds_count", destination="main") == 1
    ended = samples(text, "bridge_deliveries_ended_total", destination="main")
    assert ended == {("accepted", "done"): 1, ("scenario_unavailable", "dead"): 1}
    assert value(text, "bridge_commit_size_sum", write="accept") == 4
    assert value(text, "bridge_commit_size_sum", write="settle") == 2
    assert told == {
        ("call", "forms", "accepted"): 2,
        ("call", "forms", "duplicate"): 1,
        ("call", "forms", "ignored"): 1,
        ("call", "forms", "unauthenticated"): 1,
        ("call", "unknown", "unknown_source"): 1,
        ("rule", "welcome", "held"): 2,
        ("attempt", "main", "accepted"): 1,
        ("attempt", "main", "scenario_unavailable"): 1,
        ("ended", "main", "accepted"): 1,
        ("ended", "main", "scenario_unavailable"): 1,
    }


async def test_a_kind_a_name_and_steps_are_asked_for(office: Office) -> None:
    outbox = office.bridge.parts.outbox
    await outbox.add_tallies([Tally(TallyKind.RULE, "welcome", "held", 3)])
    await outbox.add_tallies([Tally(TallyKind.CALL, "forms", "accepted", 4)])

    [of_rules] = await items(office.vera, kind="rule", name="welcome", step="5m")
    none = await items(office.vera, kind="rule", name="never")
    past = await items(office.vera, until="30m")
    whole = (await office.olga.get("traffic", params={"since": "30d"})).json()

    assert (of_rules["count"], of_rules["label"]) == (3, "held")
    assert of_rules["at"] <= of_rules["last_at"]
    assert (none, past) == ([], [])
    assert [one["count"] for one in whole["items"]] == [4, 3]
    assert (whole["step_s"], whole["is_whole"]) == (None, True)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"since": "1h", "until": "2h"}, "before until"),
        ({"since": "yesterday"}, "expected an instant"),
        ({"step": "soon"}, "expected a duration"),
        ({"step": "90s"}, "whole minutes"),
        ({"since": "30d", "step": "1m"}, "take at least"),
        ({"kind": "calls"}, "kind"),
        ({"source": "forms"}, "source"),
    ],
)
async def test_what_can_not_be_asked_is_refused_and_says_why(
    office: Office, asked: dict[str, str], said: str
) -> None:
    answer = await office.olga.get("traffic", params=asked)

    assert (answer.status_code, said in answer.text) == (422, True), answer.text


async def test_who_has_no_token_learns_nothing(office: Office) -> None:
    answer = await office.bridge.client.get("/api/v1/traffic")

    assert answer.status_code == 401

"""Calls that leave no event: what is noted of them, and what is not."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from random import Random

import orjson
import pytest

from app.ingest.unkept import Unkept
from app.model.unkept import UnkeptCall
from app.set_up.sample import a_call
from tests.support.bridges import BEARER, CONFIG, RunningBridge, a_running_bridge
from tests.support.clock import ManualClock
from tests.support.sources import a_source
from tests.support.values import AT

WRONG = {"Authorization": "Bearer a-secret-of-somebody-else"}


@pytest.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[RunningBridge]:
    config = CONFIG.replace("rules:", "  hidden: {auth: {path_secret: {env: FORMS_TOKEN}}}\nrules:")
    async with a_running_bridge(tmp_path, config) as running:
        yield running


async def noted(bridge: RunningBridge, count: int = 1, source: str = "forms") -> list[UnkeptCall]:
    """The oldest first, when there are so many."""
    async with asyncio.timeout(10):
        while True:
            found = await bridge.parts.outbox.refusals(source)
            if len(found) >= count:
                return found[::-1]


async def test_a_wrong_secret_is_noted_with_what_came_and_without_its_values(
    bridge: RunningBridge,
) -> None:
    body = {"email": "ivan@example.com", "ivan@example.com": 1, "items": [{"sku": "x"}] * 9}
    await bridge.call(body, headers=WRONG | {"User-Agent": "crm/1", "X-Name": "Ivan"})

    [call] = await noted(bridge)

    assert (call.slug, call.why) == ("unauthenticated", "bearer: the proof does not match")
    assert call.headers["authorization"] == "Bearer ***"
    assert (call.headers["user-agent"], call.headers["x-name"]) == ("crm/1", "<text, 4>")
    assert call.shape == {
        "email": "<text, 16>",
        "<text, 16>": 1,
        "items": [{"sku": "<text, 1>"}] * 3 + ["<more, 6>"],
    }
    assert "ivan" not in repr(call).lower()
    assert "somebody-else" not in repr(call)


async def test_every_way_to_fail_is_noted(bridge: RunningBridge) -> None:
    await bridge.client.post("/hooks/forms", content=b"{", headers=BEARER)
    await bridge.client.post("/hooks/forms", content=b"x" * 4096, headers=BEARER)
    await bridge.client.patch("/hooks/forms?email=ivan@example.com", headers=BEARER)

    calls = await noted(bridge, 3)

    assert [one.slug for one in calls] == ["undecodable", "too_large", "method_not_allowed"]
    assert [one.shape for one in calls] == [None] * 3
    assert calls[1].headers["content-length"] == "4096"
    assert (calls[2].method, calls[2].path) == ("PATCH", "?email=<text, 16>")


async def test_a_secret_in_the_address_is_not_noted(bridge: RunningBridge) -> None:
    await bridge.client.post("/hooks/hidden/nearly-the-secret/more?a=b", json={})

    [call] = await noted(bridge, source="hidden")

    assert call.path == "/***/<text, 4>?a=<text, 1>"


async def test_a_repeat_is_noted_with_the_event_that_it_repeats(bridge: RunningBridge) -> None:
    first = await bridge.call({"kind": "new", "id": 1})
    await bridge.call({"kind": "new", "id": 1})

    [call] = await noted(bridge)

    assert (call.slug, call.why) == ("duplicate", first.json()["event_id"])


async def test_of_an_address_that_no_source_has_nothing_is_noted(bridge: RunningBridge) -> None:
    await bridge.client.post("/hooks/stranger", json={})
    await bridge.call({}, headers=WRONG)

    await noted(bridge)

    assert await bridge.parts.outbox.refusals("stranger") == []


class Shelf:
    def __init__(self) -> None:
        self.put: list[UnkeptCall] = []

    async def put_refusals(self, found: Sequence[UnkeptCall]) -> None:
        self.put += found


async def test_of_a_flood_a_few_are_noted_and_then_one_a_second() -> None:
    shelf, clock = Shelf(), ManualClock(AT)
    unkept = Unkept(shelf, clock, Random(1))
    source = a_source("auth: none", name="crm")
    call = a_call("crm", "http://127.0.0.1", AT, body=orjson.dumps({"a": "b"}))

    counts = []
    for _ in range(3):
        for _ in range(1000):
            unkept.note(source, call, "undecodable", "why")
        await unkept.flush()
        counts.append(len(shelf.put))
        clock.pass_s(1)

    assert counts == [5, 6, 7]


async def test_the_outline_of_a_large_body_stays_small() -> None:
    shelf, clock = Shelf(), ManualClock(AT)
    unkept = Unkept(shelf, clock, Random(1))
    source = a_source("auth: none", name="crm")
    body = {f"name of field {n}": {"x" * 60: ["y" * 60]} for n in range(400)}
    headers = {"content-type": "application/json"}
    call = a_call("crm", "http://127.0.0.1", AT, body=orjson.dumps(body), headers=headers)

    unkept.note(source, call, "unmatched")
    await unkept.flush()

    [kept] = shelf.put
    assert 500 < len(orjson.dumps(kept.shape)) <= 4096

"""The way in: what a caller is told, and what is on disk then."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.observe.counts import Counts
from app.outbox import DeliveryFilter, EventFilter, StoreUnavailable
from tests.support.bridges import BEARER, CONFIG, RunningBridge, a_running_bridge


@pytest.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[RunningBridge]:
    async with a_running_bridge(tmp_path) as running:
        yield running


async def test_a_call_that_is_acknowledged_is_on_disk_with_what_it_starts(
    bridge: RunningBridge,
) -> None:
    answer = await bridge.call({"kind": "new", "crm_id": "12345", "id": 1})

    assert answer.status_code == 202
    taken = answer.json()
    assert taken["status"] == "accepted"
    assert [d["rule"] for d in taken["deliveries"]] == ["welcome"]
    with sqlite3.connect(bridge.folder / "bridge.db") as store:
        stored = store.execute("SELECT id FROM event").fetchall()
        started = store.execute("SELECT id, scenario, state FROM delivery").fetchall()
    store.close()
    assert stored == [(taken["event_id"],)]
    assert started == [(taken["deliveries"][0]["id"], 3, "pending")]


async def test_a_call_that_no_rule_takes_is_kept_with_the_nearest_rule_and_tells_nobody(
    bridge: RunningBridge,
) -> None:
    answer = await bridge.call({"kind": "old", "crm_id": "12345", "id": 1})

    assert answer.status_code == 202
    assert answer.json()["status"] == "ignored"
    assert "welcome" not in answer.text
    [event] = await bridge.parts.outbox.events(EventFilter(), limit=9)
    assert event.reason == ('nearest is rule "welcome": its condition failed: body.kind == "new"')


async def test_a_rule_that_holds_and_finds_nobody_says_so(bridge: RunningBridge) -> None:
    await bridge.call({"kind": "new", "email": "no address", "id": 1})

    [event] = await bridge.parts.outbox.events(EventFilter(), limit=9)
    assert event.reason is not None
    assert "nobody is named: email: the value is no e-mail address" in event.reason
    assert "no address" not in event.reason.replace("no e-mail address", "")


async def test_a_stored_call_holds_no_credential(bridge: RunningBridge) -> None:
    await bridge.call({"kind": "new", "crm_id": "1", "id": 1})

    [event] = await bridge.parts.outbox.events(EventFilter(), limit=9)
    assert event.headers["authorization"] == ""
    assert "forms-secret" not in repr(event)


async def fill_the_disk(bridge: RunningBridge) -> None:
    outbox = bridge.parts.outbox
    pages = await outbox._writer.run(lambda c: c.exec_driver_sql("PRAGMA page_count").scalar())
    await limit_the_disk(bridge, int(pages or 0))


async def limit_the_disk(bridge: RunningBridge, pages: int) -> None:
    pragma = f"PRAGMA max_page_count = {pages}"
    await bridge.parts.outbox._writer.run(lambda c: c.exec_driver_sql(pragma).scalar())


async def test_while_the_disk_is_full_callers_get_503_and_no_2xx_and_it_recovers_by_itself(
    bridge: RunningBridge,
) -> None:
    await fill_the_disk(bridge)

    big = {"kind": "new", "crm_id": "1", "text": "x" * 1500}
    answers = [await bridge.call({**big, "id": number}) for number in range(40)]
    refused = [answer for answer in answers if answer.status_code == 503]
    accepted = [answer for answer in answers if answer.status_code == 202]
    assert refused, "the disk was not full"
    assert len(refused) + len(accepted) == 40
    assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
    assert refused[0].json()["type"] == "urn:altcraft-bridge:problem:store_unavailable"
    stored = await bridge.parts.outbox.events(EventFilter(), limit=100)
    assert {a.json()["event_id"] for a in accepted} == {event.id for event in stored}

    await limit_the_disk(bridge, 1_000_000)
    assert (await bridge.call({**big, "id": 1000})).status_code == 202


async def test_a_store_that_takes_no_writes_makes_the_bridge_unready_and_refuses_calls(
    bridge: RunningBridge,
) -> None:
    await bridge.parts.outbox._writer.run(
        lambda c: c.exec_driver_sql("PRAGMA query_only = ON").close()
    )

    answer = await bridge.call({"kind": "new", "crm_id": "1", "id": 1})
    ready = await bridge.client.get("/readyz")

    assert (answer.status_code, ready.status_code) == (503, 503)
    assert "retry-after" in answer.headers
    assert ready.json()["status"] == "unavailable"
    assert (await bridge.client.get("/healthz")).status_code == 200


async def test_a_body_of_exactly_the_limit_is_taken_and_one_byte_more_is_not(
    bridge: RunningBridge,
) -> None:
    headers = {**BEARER, "Content-Type": "application/json"}
    body = b'{"kind": "new", "crm_id": "1", "id": 1, "x": "%s"}'
    fits = body % (b"x" * (2048 - len(body) + 2))
    assert len(fits) == 2048

    taken = await bridge.client.post("/hooks/forms", content=fits, headers=headers)
    too_large = await bridge.client.post("/hooks/forms", content=fits + b" ", headers=headers)

    assert (taken.status_code, too_large.status_code) == (202, 413)


async def test_a_stated_length_past_the_limit_is_refused_before_the_body_is_read(
    bridge: RunningBridge,
) -> None:
    url = bridge.client.base_url
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(
        b"POST /hooks/forms HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n"
        b"Expect: 100-continue\r\n\r\n"
    )
    writer.write(b"x" * 100_000)
    status = await asyncio.wait_for(reader.readline(), 10)
    while b"413" not in status and status:
        status = await asyncio.wait_for(reader.readline(), 10)
    writer.close()
    await writer.wait_closed()

    assert b"413" in status


async def test_a_caller_that_hangs_up_in_the_middle_of_its_body_leaves_nothing(
    bridge: RunningBridge,
) -> None:
    url = bridge.client.base_url
    _, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(
        b"POST /hooks/forms HTTP/1.1\r\nHost: x\r\nAuthorization: "
        + BEARER["Authorization"].encode()
        + b"\r\nContent-Length: 1000\r\n\r\n{"
    )
    await writer.drain()
    writer.close()
    await writer.wait_closed()

    assert (await bridge.call({"kind": "new", "crm_id": "1", "id": 2})).status_code == 202
    assert len(await bridge.parts.outbox.events(EventFilter(), limit=9)) == 1


async def test_who_waits_for_an_outcome_that_cannot_be_looked_up_is_told_that_it_is_taken(
    bridge: RunningBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told to call again, it would start everything twice."""

    async def away(delivery_id: object) -> None:
        raise StoreUnavailable("the store can't be used now")

    monkeypatch.setattr(bridge.parts.outbox, "delivery", away)
    body = {"kind": "new", "crm_id": "1", "id": 1}

    answer = await bridge.client.post("/hooks/forms?wait=5", json=body, headers=BEARER)

    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")


@pytest.mark.parametrize("query", ["", "?wait=0"])
async def test_a_fault_after_the_commit_does_not_make_the_caller_call_again(
    bridge: RunningBridge, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(Counts, "rule", broken)
    body = {"kind": "new", "crm_id": "1", "id": 1}

    answer = await bridge.client.post(f"/hooks/forms{query}", json=body, headers=BEARER)

    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")


async def test_many_at_once_are_each_answered_with_their_own_event(bridge: RunningBridge) -> None:
    bodies = [{"kind": "new", "crm_id": str(n), "id": n} for n in range(200)]

    answers = await asyncio.gather(*(bridge.call(body) for body in bodies))

    ids = {answer.json()["event_id"] for answer in answers}
    assert len(ids) == 200
    assert len(await bridge.parts.outbox.deliveries(DeliveryFilter(), limit=1000)) == 200


async def test_a_source_that_is_strict_refuses_what_no_rule_takes_and_keeps_it(
    tmp_path: Path,
) -> None:
    strict = CONFIG.replace("dedup: body.id", "strict: true")
    async with a_running_bridge(tmp_path, strict) as bridge:
        answer = await bridge.call({"kind": "old"})
        events = await bridge.parts.outbox.events(EventFilter(), limit=9)

    assert answer.status_code == 422
    assert answer.json()["events"] == [events[0].id]
    assert "welcome" not in answer.text


async def test_a_batch_becomes_an_event_for_each_item_and_one_bad_item_spoils_no_other(
    tmp_path: Path,
) -> None:
    batch = CONFIG.replace("dedup: body.id", "each: body.events\n    dedup: body.id")
    items = [
        {"kind": "new", "crm_id": "1", "id": "a"},
        {"kind": "new", "email": "nonsense", "id": "b"},
        "no object",
        {"kind": "new", "crm_id": "1", "id": "a"},
    ]
    async with a_running_bridge(tmp_path, batch) as bridge:
        answer = await bridge.call({"events": items})

    assert answer.status_code == 202
    statuses = [event["status"] for event in answer.json()["events"]]
    assert statuses == ["accepted", "ignored", "ignored", "duplicate"]


async def test_a_better_configuration_comes_into_use_and_a_worse_one_does_not(
    bridge: RunningBridge,
) -> None:
    path = bridge.folder / "bridge.yaml"

    async def status_of(kind: str, number: int) -> str:
        answer = await bridge.call({"kind": kind, "crm_id": "1", "id": number})
        return str(answer.json()["status"])

    assert await status_of("newer", 1) == "ignored"
    await asyncio.to_thread(path.write_text, CONFIG.replace('"new"', '"newer"'))
    async with asyncio.timeout(10):
        number = 2
        while await status_of("newer", number) != "accepted":
            number += 1
    in_use = (await bridge.client.get("/readyz")).json()["revision"]

    await asyncio.to_thread(path.write_text, "version: 1\nrules: [")
    assert not await bridge.parts.current.look()
    assert (await bridge.client.get("/readyz")).json()["revision"] == in_use
    assert await status_of("newer", 1000) == "accepted"

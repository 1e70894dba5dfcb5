"""The real server and the real stand-in, over sockets."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import orjson
import pytest

from tests.support.processes import BEARER, Pair, a_pair


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with a_pair(tmp_path_factory.mktemp("pair")) as running:
        yield running


@pytest.fixture
async def client(pair: Pair) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=pair.bridge.url, trust_env=False, timeout=20) as client:
        yield client


def received(pair: Pair, event: dict[str, object]) -> list[dict[str, object]]:
    """What the stand-in got for the deliveries of an answer."""
    made = event["deliveries"]
    assert isinstance(made, list)
    ids = tuple(str(delivery["id"]) for delivery in made)
    return [entry for entry in pair.received() if str(entry["request_id"]).startswith(ids)]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"crm_id": "c-1"}, {"matching": "custom", "field_name": "CRM_ID", "field_value": "c-1"}),
        ({"email": "A@Example.COM"}, {"matching": "email", "email": "A@example.com"}),
        ({"phone": "+7 900 000-00-00"}, {"matching": "phone", "phone": "+79000000000"}),
        (
            {"profile_id": "66acb337240d5213037986d8"},
            {"matching": "profile_id", "profile_id": "66acb337240d5213037986d8"},
        ),
    ],
)
async def test_the_plainest_caller_starts_a_scenario(
    pair: Pair, client: httpx.AsyncClient, body: dict[str, str], fields: dict[str, str]
) -> None:
    answer = await client.post("/hooks/keyed?key=key-secret&wait=15", json=body)

    assert answer.status_code == 200
    assert answer.json()["deliveries"][0]["outcome"] == "accepted"
    [entry] = received(pair, answer.json())
    assert entry["body"] == {"token": "***", "id": 3, **fields}


async def test_a_form_and_a_query_string_are_understood_too(
    pair: Pair, client: httpx.AsyncClient
) -> None:
    auth = httpx.BasicAuth("shop", "pass:word")
    form = await client.post("/hooks/basic?wait=15", data={"email": "f@example.com"}, auth=auth)
    query = await client.get("/hooks/basic/any/path?wait=15&email=q@example.com", auth=auth)

    people = [entry["person"] for a in (form, query) for entry in received(pair, a.json())]
    assert people == ["email=f@example.com", "email=q@example.com"]


async def test_the_same_call_again_is_a_duplicate(client: httpx.AsyncClient) -> None:
    first = await client.post("/hooks/forms", json={"crm_id": "d-1"}, headers=BEARER)
    second = await client.post("/hooks/forms", json={"crm_id": "d-1"}, headers=BEARER)

    assert (first.status_code, second.status_code) == (202, 202)
    assert second.json() == {
        "event_id": first.json()["event_id"],
        "status": "duplicate",
        "deliveries": [],
    }


async def test_a_wrong_token_is_refused_and_nothing_of_it_is_stored(
    pair: Pair, client: httpx.AsyncClient
) -> None:
    before = events(pair)
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic !"}):
        answer = await client.post("/hooks/forms", json={"crm_id": "x"}, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "urn:altcraft-bridge:problem:unauthenticated"

    assert events(pair) == before


def events(pair: Pair) -> int:
    with sqlite3.connect(pair.store) as store:
        count = int(store.execute("SELECT count(*) FROM event").fetchone()[0])
    store.close()
    return count


async def test_a_body_sent_in_chunks_past_the_limit_gets_413_and_is_not_kept(
    pair: Pair, client: httpx.AsyncClient
) -> None:
    before = events(pair)

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b'{"email": "a@example.com"}' * 40

    answer = await client.post(
        "/hooks/basic", content=chunks(), auth=httpx.BasicAuth("shop", "pass:word")
    )

    assert answer.status_code == 413
    assert answer.json()["type"] == "urn:altcraft-bridge:problem:too_large"
    assert events(pair) == before


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/hooks/nobody", 404),
        ("DELETE", "/hooks/forms", 405),
        ("GET", "/nothing", 404),
        ("POST", "/healthz", 405),
    ],
)
async def test_every_refusal_is_a_problem(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await client.request(method, path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


async def test_a_body_that_is_no_json_is_refused_with_the_reason(
    client: httpx.AsyncClient,
) -> None:
    headers = {**BEARER, "Content-Type": "application/json"}
    answer = await client.post("/hooks/forms", content=b'{"crm_id": ', headers=headers)

    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:altcraft-bridge:problem:undecodable"


async def test_health_and_readiness_answer(client: httpx.AsyncClient) -> None:
    alive, ready = await asyncio.gather(client.get("/healthz"), client.get("/readyz"))

    assert alive.json() == {"status": "alive"}
    assert ready.json()["store"] == "writable"


async def test_the_reference_describes_the_way_in(client: httpx.AsyncClient) -> None:
    reference = (await client.get("/openapi.json")).json()

    assert {"post", "put", "get"} <= set(reference["paths"]["/hooks/{source}"])


async def test_the_reference_s_page_needs_nobody_else(
    client: httpx.AsyncClient,
) -> None:
    page = await client.get("/docs")

    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) >= 2
    assert [address for address in loaded if not address.startswith("/")] == []
    assert {(await client.get(address)).status_code for address in loaded} == {200}


async def test_the_log_has_the_event_on_every_line_about_it_and_no_person(
    pair: Pair, client: httpx.AsyncClient
) -> None:
    answer = await client.post(
        "/hooks/keyed?key=key-secret&wait=15", json={"email": "secret.person@example.com"}
    )
    event_id = answer.json()["event_id"]

    log = pair.bridge.log.read_text()
    lines = [orjson.loads(line) for line in log.splitlines()]
    about = {line["event"] for line in lines if line.get("event_id") == event_id}
    assert about == {"call.accepted", "delivery.attempted"}
    for hidden in ("secret.person", "key-secret", "forms-secret", "sandbox-token", "pass:word"):
        assert hidden not in log


def test_a_stop_finishes_and_ends_well_and_a_restart_goes_on(tmp_path: Path) -> None:
    with a_pair(tmp_path) as pair:
        httpx.post(f"{pair.bridge.url}/hooks/forms", json={"crm_id": 1}, headers=BEARER)
        status = pair.bridge.stop()
        pair.bridge.start()
        again = httpx.post(f"{pair.bridge.url}/hooks/forms", json={"crm_id": 1}, headers=BEARER)

    assert status == 0
    assert again.json()["status"] == "duplicate"

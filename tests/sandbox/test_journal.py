"""What was received and what was answered, for tests and people."""

import asyncio
from pathlib import Path

import httpx
import orjson
import pytest

from app.sandbox.journal import Entry, Journal, JournalRefused
from tests.sandbox.conftest import START, Caller, calling
from tests.support.sandbox import RunningSandbox

JOURNAL = "/_sandbox/journal"


def write(journal: Journal, *, started: bool = False) -> Entry:
    return journal.write(
        at="2026-01-01T00:00:00+00:00",
        method="workflows/start",
        request_id="",
        body={},
        person="email=ivan@example.com",
        scenario=3,
        started=started,
        fault=None,
        status=200,
        error=0,
        error_text="",
    )


async def test_an_entry_says_who_what_and_what_was_answered(
    sandbox: RunningSandbox, caller: Caller
) -> None:
    body = {"token": caller.token, "id": 3, "email": "ivan@example.com", "content": {"deal": 17}}
    await caller.http.post(START, json=body, headers={"X-Request-Id": "r-1"})

    [entry] = (await caller.http.get(JOURNAL)).json()

    assert entry.pop("at").endswith("+00:00")
    assert entry == {
        "number": 1,
        "method": "workflows/start",
        "request_id": "r-1",
        "body": {"token": "***", "id": 3, "email": "ivan@example.com", "content": {"deal": 17}},
        "person": "email=ivan@example.com",
        "scenario": 3,
        "started": True,
        "fault": None,
        "status": 200,
        "error": 0,
        "error_text": "Successful operation",
        "profile_id": "66acb337240d5213037986d8",
        "target": "scenario",
        "traceparent": None,
        "tracestate": None,
    }


async def test_a_token_is_nowhere_to_be_read(caller: Caller, sandbox: RunningSandbox) -> None:
    body = {"id": 3, "email": "ivan@example.com"}
    await caller.http.post(START, json={**body, "token": "s3cr3t"})
    await caller.http.post(START, json=body, headers={"Authorization": "Bearer s3cr3t"})

    shown = [(await caller.http.get(path)).text for path in (JOURNAL, "/_sandbox/starts", "/")]

    assert len(sandbox.received) == 2
    assert "s3cr3t" not in "".join(shown)


async def test_pages_of_the_journal_follow_one_another(caller: Caller) -> None:
    for _ in range(5):
        await caller.start(email="ivan@example.com")

    pages = [
        (await caller.http.get(JOURNAL, params={"after": after, "limit": 2})).json()
        for after in (0, 2, 4, 5)
    ]

    assert [[entry["number"] for entry in page] for page in pages] == [[1, 2], [3, 4], [5], []]


@pytest.mark.parametrize("query", ["after=x", "limit=-1", "after=", "%ff", "after=9&limit=\u0665"])
async def test_a_query_that_makes_no_sense_is_as_none(caller: Caller, query: str) -> None:
    answer = await caller.http.get(f"{JOURNAL}?{query}")

    assert (answer.status_code, answer.json()) == (200, [])


async def test_a_cleared_journal_is_empty_and_counts_on(
    sandbox: RunningSandbox, caller: Caller
) -> None:
    await caller.start(email="ivan@example.com")

    cleared = await caller.http.delete(JOURNAL)
    await caller.start(email="maria@example.com")

    assert cleared.json() == []
    assert sandbox.started == ["maria@example.com"]
    assert [entry.number for entry in sandbox.received] == [2]


async def test_starts_are_summed_up(caller: Caller) -> None:
    for scenario in (3, 3, 4):
        await caller.start(id=scenario, email="ivan@example.com")
    await caller.start(email="nobody@example.com")

    summed = (await caller.http.get("/_sandbox/starts", params={"after": 2})).json()

    assert (summed["total"], summed["by_scenario"]) == (3, {"3": 2, "4": 1})
    assert [start["person"] for start in summed["starts"]] == ["email=ivan@example.com"]


async def test_the_file_has_an_entry_before_its_answer_is_known(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    async with RunningSandbox(journal=path) as sandbox, calling(sandbox) as caller:
        await caller.start(email="ivan@example.com", content={"имя": "Я"})
        lines = path.read_bytes().splitlines()

    [entry] = [orjson.loads(line) for line in lines]
    assert (entry["started"], entry["body"]["content"]) == (True, {"имя": "Я"})
    assert entry["body"]["token"] == "***"


def test_a_file_is_added_to(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"

    for _ in range(2):
        journal = Journal(path)
        write(journal)
        journal.close()

    assert len(path.read_bytes().splitlines()) == 2


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalRefused, match=r"nowhere.j: the journal can't be written: No such"):
        Journal(tmp_path / "no" / "nowhere.j")


def test_the_oldest_entries_go_first_and_all_are_counted() -> None:
    journal = Journal(kept=3)

    for number in range(5):
        write(journal, started=number > 0)

    assert [entry.number for entry in journal.after(0, 10)] == [3, 4, 5]
    assert [entry.number for entry in journal.after(3, 1)] == [4]
    assert (journal.requests_count, journal.starts_count, len(journal.starts)) == (5, 4, 3)


async def test_who_waits_for_starts_wakes_when_they_have_happened(
    sandbox: RunningSandbox, caller: Caller
) -> None:
    waiting = asyncio.create_task(sandbox.wait_for_starts(2))

    await caller.start(email="ivan@example.com")
    is_early = waiting.done()
    await caller.start(email="maria@example.com")

    assert not is_early
    assert [entry.person for entry in await waiting] == [
        "email=ivan@example.com",
        "email=maria@example.com",
    ]


async def test_who_waits_for_starts_that_do_not_happen_is_told(sandbox: RunningSandbox) -> None:
    with pytest.raises(TimeoutError):
        await sandbox.wait_for_starts(1, limit_s=0.05)


async def test_a_request_that_breaks_off_starts_nothing_and_is_not_in_the_journal(
    sandbox: RunningSandbox, caller: Caller
) -> None:
    whole = orjson.dumps({"token": caller.token, "id": 3, "email": "ivan@example.com"})
    _, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(sandbox.url).port)
    head = f"POST {START} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {len(whole) + 1}\r\n\r\n".encode() + whole)
    await writer.drain()
    writer.close()
    await writer.wait_closed()

    await caller.start(email="maria@example.com")

    assert sandbox.started == ["maria@example.com"]
    assert len(sandbox.received) == 1


async def test_the_page_shows_requests_and_state_and_runs_nothing_of_a_strangers(
    sandbox: RunningSandbox, caller: Caller
) -> None:
    evil = "<script>alert(1)</script>"
    sandbox.answer_error(404, evil, times=1)
    await caller.start(email=evil, content={"x": evil})
    await caller.http.post("/api/v1.1/%3Cscript%3E", json={})
    await caller.start(email="ivan@example.com")
    sandbox.answer_html()

    page = await caller.http.get("/")

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "<script" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    for shown in (
        "scenario started for 66acb337240d5213037986d8",
        "Deal won",
        "not active",
        "html",
    ):
        assert shown in page.text


async def test_it_says_that_it_is_alive(caller: Caller) -> None:
    answer = await caller.http.get("/_sandbox/health")

    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


@pytest.mark.parametrize(
    ("verb", "path", "status"),
    [
        ("GET", "/_sandbox/nothing", 404),
        ("POST", "/_sandbox/faults", 405),
        ("PUT", "/_sandbox/journal", 405),
        ("DELETE", "/_sandbox/health", 405),
    ],
)
async def test_its_own_switches_say_what_they_take(
    caller: Caller, verb: str, path: str, status: int
) -> None:
    answer = await caller.http.request(verb, path)

    assert answer.status_code == status
    assert answer.json()["detail"]

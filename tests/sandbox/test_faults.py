"""Faults as a caller meets them, on real connections."""

import asyncio
import logging

import httpx
import pytest

from tests.sandbox.conftest import START, Caller
from tests.support.sandbox import RunningSandbox

BODY = {"token": RunningSandbox.token, "id": 3, "email": "ivan@example.com"}
FAULTS = "/_sandbox/faults"


async def raw_answer(url: str, body: bytes) -> tuple[bytes, bool]:
    """All that comes until the end of the connection, and whether it was a reset."""
    reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(url).port)
    head = f"POST {START} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    got = b""
    try:
        async with asyncio.timeout(10):
            while part := await reader.read(65536):
                got += part
        return got, False
    except ConnectionResetError:
        return got, True
    finally:
        writer.close()


async def test_a_cut_after_reading_is_a_reset_and_the_scenario_has_started(
    sandbox: RunningSandbox, caller: Caller
) -> None:
    sandbox.cut_after_reading(times=1)

    got = await raw_answer(sandbox.url, httpx.Request("POST", "http://x", json=BODY).content)
    answer = await caller.start(email="maria@example.com")

    assert got == (b"", True)
    assert answer["error"] == 0
    assert sandbox.started == ["ivan@example.com", "maria@example.com"]
    assert sandbox.starts[0].status is None
    assert sandbox.starts[0].fault == "cut_after_reading"


async def test_a_cut_after_reading_may_have_started_nothing(
    sandbox: RunningSandbox, caller: Caller
) -> None:
    sandbox.cut_after_reading(started=False)

    with pytest.raises(httpx.ReadError):
        await caller.start(email="ivan@example.com")

    assert sandbox.started == []
    assert sandbox.received[0].scenario == 3


async def test_a_cut_does_not_start_what_altcraft_would_have_refused(
    sandbox: RunningSandbox, caller: Caller
) -> None:
    sandbox.cut_after_reading()

    with pytest.raises(httpx.ReadError):
        await caller.start(email="nobody@example.com")

    assert sandbox.started == []


async def test_a_cut_in_the_reply_leaves_headers_and_half_of_the_body(
    sandbox: RunningSandbox,
) -> None:
    sandbox.cut_in_reply()

    got, _ = await raw_answer(sandbox.url, httpx.Request("POST", "http://x", json=BODY).content)

    head, _, body = got.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"content-length: 87" in head
    assert body == b'{"error":0,"error_text":"Successful operati'
    assert sandbox.started == ["ivan@example.com"]


async def test_a_refusal_ends_the_connection_although_the_body_has_not_come(
    sandbox: RunningSandbox,
) -> None:
    sandbox.refuse(times=1)
    reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(sandbox.url).port)

    writer.write(f"POST {START} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n".encode())

    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(reader.read(), 10)
    writer.close()
    assert [(e.fault, e.started, e.body) for e in sandbox.received] == [("refuse", False, {})]


async def test_a_stopped_sandbox_refuses_connections_and_comes_back_at_its_address(
    sandbox: RunningSandbox, caller: Caller
) -> None:
    url = sandbox.url
    await sandbox.stop()

    with pytest.raises(httpx.ConnectError):
        await caller.start(email="ivan@example.com")
    await sandbox.start()
    answer = await caller.start(email="ivan@example.com")

    assert (sandbox.url, answer["error"]) == (url, 0)
    assert sandbox.started == ["ivan@example.com"]


async def test_no_cut_is_logged_as_a_failure_of_the_server(
    sandbox: RunningSandbox, caller: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.refuse(times=1)
    sandbox.cut_after_reading(times=1)
    sandbox.cut_in_reply(times=1)

    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            with pytest.raises(httpx.TransportError):
                await caller.start(email="ivan@example.com")
        await caller.start(email="ivan@example.com")

    assert caplog.records == []


async def test_a_delay_is_waited_and_the_scenario_starts_although_the_caller_gave_up(
    sandbox: RunningSandbox, caller: Caller
) -> None:
    sandbox.delay(0.3, times=1)

    with pytest.raises(httpx.ReadTimeout):
        await caller.http.post(START, json=BODY, timeout=0.05)
    before = sandbox.started
    await sandbox.wait_for_starts(1)

    assert before == []
    assert sandbox.started == ["ivan@example.com"]


async def test_a_stop_does_not_wait_for_a_delay_and_starts_nothing(
    sandbox: RunningSandbox, caller: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.delay(3600)
    with pytest.raises(httpx.ReadTimeout):
        await caller.http.post(START, json=BODY, timeout=0.2)

    async with asyncio.timeout(5):
        await sandbox.stop()

    assert sandbox.started == []
    assert caplog.records == []


@pytest.mark.parametrize("status", [302, 400, 403, 404, 500, 502, 503, 504])
async def test_any_status_can_be_answered_and_starts_nothing(
    sandbox: RunningSandbox, caller: Caller, status: int
) -> None:
    sandbox.answer_status(status, body="not now", retry_after=7)

    answer = await caller.post("start", BODY)

    assert (answer.status_code, answer.text) == (status, "not now")
    assert answer.headers["retry-after"] == "7"
    assert [(entry.status, entry.started) for entry in sandbox.received] == [(status, False)]


async def test_a_gateway_may_give_up_on_a_start_that_happens(
    sandbox: RunningSandbox, caller: Caller
) -> None:
    sandbox.answer_status(504, started=True)

    answer = await caller.post("start", BODY)

    assert answer.status_code == 504
    assert sandbox.started == ["ivan@example.com"]


async def test_a_page_for_people_may_come_with_http_200(
    sandbox: RunningSandbox, caller: Caller
) -> None:
    sandbox.answer_html()

    answer = await caller.post("start", BODY)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.text.startswith("<html>")
    assert sandbox.started == []


@pytest.mark.parametrize("code", [400, 401, 402, 403, 404, 500, 777])
async def test_any_error_of_altcraft_can_be_answered_in_http_200(
    sandbox: RunningSandbox, caller: Caller, code: int
) -> None:
    sandbox.answer_error(code, "Because")

    assert await caller.start(email="ivan@example.com") == {"error": code, "error_text": "Because"}
    assert sandbox.started == []


async def test_above_its_pace_it_says_429_and_when_to_come_back(
    sandbox: RunningSandbox, caller: Caller
) -> None:
    sandbox.rate_limit(0.001, burst=2, retry_after=9)

    answers = [await caller.post("start", BODY) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["retry-after"] == "9"
    assert len(sandbox.starts) == 2


async def test_faults_are_put_read_and_taken_away_over_http(
    sandbox: RunningSandbox, caller: Caller
) -> None:
    wanted = [{"kind": "html", "times": 1, "scenario": 3}, {"kind": "error", "code": 402}]

    put = await caller.http.put(FAULTS, json=wanted)
    hit = await caller.post("start", BODY)
    left = await caller.http.get(FAULTS)
    await caller.http.delete(FAULTS)
    answer = await caller.start(email="ivan@example.com")

    assert (put.status_code, put.json()) == (200, wanted)
    assert hit.text.startswith("<html>")
    assert left.json() == [{"kind": "error", "code": 402}]
    assert answer["error"] == 0


@pytest.mark.parametrize("wrong", ["", "{}", "[{}]", '[{"kind": "fire"}]', "[", '[{"kind": 1}]'])
async def test_faults_that_make_no_sense_are_refused_and_those_in_force_stay(
    sandbox: RunningSandbox, caller: Caller, wrong: str
) -> None:
    sandbox.answer_html()

    answer = await caller.http.put(FAULTS, content=wrong)

    assert answer.status_code == 422
    assert answer.json()["wrong"]
    assert len(sandbox.faults.in_force) == 1

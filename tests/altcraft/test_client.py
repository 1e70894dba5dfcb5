"""The client against sockets that break at every point: never sent and perhaps received are
kept apart."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from app.altcraft.client import Address, AltcraftClient
from app.altcraft.progress import Progress
from app.altcraft.requests import masked_body
from app.kit.clock import SystemClock
from app.kit.secret import Secret
from app.model.outcome import Outcome, OutcomeKind
from app.model.start import InDoubt, Match, Matching, ScenarioStart
from app.sandbox import Fault, FaultKind, RunningSandbox
from tests.support.sandboxes import TOKEN, Peer, a_platform, a_sandbox, read_request

START = ScenarioStart("deal won", "main", 3, (), {"deal": 17}, InDoubt.RETRY)
MATCH = Match(Matching.CUSTOM, "12345", "CRM_ID")
ANSWER = b'{"error": 0, "error_text": "Successful operation"}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@contextlib.asynccontextmanager
async def a_client(url: str, *, timeout_s: float = 5.0) -> AsyncIterator[AltcraftClient]:
    client = AltcraftClient(Address(url, Secret(TOKEN), timeout_s, 4), (), SystemClock())
    try:
        yield client
    finally:
        await client.close()


async def start_at(url: str, *, match: Match = MATCH, timeout_s: float = 5.0) -> Outcome:
    async with a_client(url, timeout_s=timeout_s) as client:
        return await client.start(START, match, request_id="r1")


async def start_against(behave: Peer, *, timeout_s: float = 5.0) -> Outcome:
    async with a_platform(behave) as url:
        return await start_at(url, timeout_s=timeout_s)


def reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@pytest.fixture
async def sandbox() -> AsyncIterator[RunningSandbox]:
    async with a_sandbox() as running:
        yield running


@pytest.mark.parametrize(
    ("match", "fields"),
    [
        (
            Match(Matching.PROFILE_ID, "66acb337240d5213037986d8"),
            {"matching": "profile_id", "profile_id": "66acb337240d5213037986d8"},
        ),
        (
            Match(Matching.EMAIL, "ivan@example.com"),
            {"matching": "email", "email": "ivan@example.com"},
        ),
        (Match(Matching.PHONE, "+79000000000"), {"matching": "phone", "phone": "+79000000000"}),
        (MATCH, {"matching": "custom", "field_name": "CRM_ID", "field_value": "12345"}),
        (
            Match(Matching.CUSTOM, 12345, "CRM_ID"),
            {"matching": "custom", "field_name": "CRM_ID", "field_value": 12345},
        ),
    ],
)
async def test_the_four_ways_to_find_a_profile_are_sent_as_documented(
    sandbox: RunningSandbox, match: Match, fields: dict[str, object]
) -> None:
    outcome = await start_at(sandbox.url, match=match)

    assert outcome.kind is OutcomeKind.ACCEPTED
    [entry] = sandbox.journal.starts
    assert entry.body == {"token": "***", "id": 3, "content": {"deal": 17}, **fields}
    assert (entry.method, entry.request_id) == ("workflows/start", "r1")


async def test_a_base_address_may_have_a_path_and_a_slash_at_its_end(
    sandbox: RunningSandbox,
) -> None:
    assert (await start_at(f"{sandbox.url}/")).kind is OutcomeKind.ACCEPTED


async def test_a_refused_connection_was_not_sent() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        outcome = await start_at(f"http://127.0.0.1:{unused.getsockname()[1]}")

    assert (outcome.kind, outcome.in_doubt) == (OutcomeKind.NOT_SENT, False)


async def test_a_host_without_an_address_was_not_sent() -> None:
    outcome = await start_at("http://nowhere.invalid")

    assert (outcome.kind, outcome.in_doubt) == (OutcomeKind.NOT_SENT, False)


async def test_a_connection_that_is_not_made_in_time_was_not_sent() -> None:
    # A queue of one that is full: further connections are neither made nor refused.
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        first, second = socket.socket(), socket.socket()
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        outcome = await start_at(f"http://127.0.0.1:{full.getsockname()[1]}", timeout_s=0.3)
        first.close()
        second.close()

    assert (outcome.kind, outcome.in_doubt) == (OutcomeKind.NOT_SENT, False)


async def test_a_failed_tls_handshake_was_not_sent() -> None:
    async def no_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"this is no TLS\r\n")

    async with a_platform(no_tls) as url:
        outcome = await start_at(url.replace("http:", "https:"))

    assert (outcome.kind, outcome.in_doubt) == (OutcomeKind.NOT_SENT, False)


async def test_a_reset_before_the_request_is_read_is_in_doubt() -> None:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        reset(writer)

    outcome = await start_against(behave)

    assert (outcome.kind, outcome.in_doubt) == (OutcomeKind.IN_DOUBT, True)


async def test_a_reset_after_the_request_is_read_is_in_doubt() -> None:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        reset(writer)

    outcome = await start_against(behave)

    assert (outcome.kind, outcome.in_doubt) == (OutcomeKind.IN_DOUBT, True)


async def test_a_connection_closed_without_an_answer_is_in_doubt() -> None:
    async def behave(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await read_request(reader)

    outcome = await start_against(behave)

    assert (outcome.kind, outcome.in_doubt) == (OutcomeKind.IN_DOUBT, True)


@pytest.mark.parametrize("head", [b"HTTP/1.1 20", HEAD, HEAD + b"Content-Length: 50\r\n\r\n"])
@pytest.mark.parametrize("is_reset", [True, False])
async def test_a_connection_that_breaks_in_the_answer_is_in_doubt(
    head: bytes, is_reset: bool
) -> None:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(head + ANSWER[:20] if head.endswith(b"\r\n\r\n") else head)
        await writer.drain()
        if is_reset:
            reset(writer)

    outcome = await start_against(behave)

    assert outcome.in_doubt
    assert outcome.kind in (OutcomeKind.IN_DOUBT, OutcomeKind.UNREADABLE)


async def test_a_chunked_answer_cut_after_a_whole_looking_body_is_in_doubt() -> None:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        chunk = b"%x\r\n%s\r\n" % (len(ANSWER), ANSWER)
        writer.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunk)

    outcome = await start_against(behave)

    assert (outcome.kind, outcome.in_doubt) == (OutcomeKind.UNREADABLE, True)


@pytest.mark.parametrize("sent", [b"", HEAD, HEAD + b"Content-Length: 50\r\n\r\n" + ANSWER[:20]])
async def test_an_answer_that_does_not_come_whole_in_time_is_in_doubt(sent: bytes) -> None:
    over = asyncio.Event()

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(sent)
        await over.wait()

    outcome = await start_against(behave, timeout_s=0.3)
    over.set()

    assert outcome.in_doubt


async def test_an_answer_that_trickles_is_ended_by_the_limit_of_the_whole() -> None:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(HEAD + b"Content-Length: 100000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await writer.drain()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(reader.read(1), 0.02)

    outcome = await start_against(behave, timeout_s=0.3)

    assert outcome.in_doubt


async def test_an_endless_answer_is_not_read_to_its_end() -> None:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(HEAD + b"\r\n")
        while not writer.is_closing():
            writer.write(b" " * 65536)
            await writer.drain()

    outcome = await start_against(behave)

    assert (outcome.kind, outcome.in_doubt) == (OutcomeKind.UNREADABLE, True)


async def test_a_redirect_is_not_followed_and_started_nothing() -> None:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        where = b"HTTP/1.1 307 Temporary\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
        writer.write(where)

    outcome = await start_against(behave)

    assert (outcome.kind, outcome.in_doubt) == (OutcomeKind.UNREADABLE, False)


async def test_a_kept_connection_that_the_other_side_closed_does_not_start_twice() -> None:
    requests: list[bytes] = []

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await read_request(reader))
        writer.write(HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(ANSWER), ANSWER))
        await writer.drain()
        requests.append(await read_request(reader))
        reset(writer)

    async with a_platform(behave) as url, a_client(url) as client:
        first = await client.start(START, MATCH, request_id="r1")
        second = await client.start(START, MATCH, request_id="r2")

    assert (first.kind, second.kind) == (OutcomeKind.ACCEPTED, OutcomeKind.IN_DOUBT)
    assert len(requests) == 2


@pytest.mark.parametrize(
    ("fault", "kind", "in_doubt"),
    [
        (Fault(kind=FaultKind.HTML), OutcomeKind.UNREADABLE, True),
        (Fault(kind=FaultKind.ERROR, code=404, text="Profile not found"),
         OutcomeKind.UNKNOWN_PROFILE, False),
        (Fault(kind=FaultKind.ERROR, code=400), OutcomeKind.MALFORMED, False),
        (Fault(kind=FaultKind.HTTP_STATUS, status=500), OutcomeKind.TEMPORARY, False),
        (Fault(kind=FaultKind.CUT_AFTER_READING), OutcomeKind.IN_DOUBT, True),
        (Fault(kind=FaultKind.CUT_IN_REPLY), OutcomeKind.UNREADABLE, True),
        (Fault(kind=FaultKind.REFUSE), OutcomeKind.IN_DOUBT, True),
    ],
)  # fmt: skip
async def test_no_fault_of_the_platform_is_taken_for_success(
    sandbox: RunningSandbox, fault: Fault, kind: OutcomeKind, in_doubt: bool
) -> None:
    sandbox.put(fault)

    outcome = await start_at(sandbox.url)

    assert (outcome.kind, outcome.in_doubt) == (kind, in_doubt)


async def test_the_token_is_in_no_text_and_no_repr() -> None:
    client = AltcraftClient(
        Address("http://nowhere.invalid", Secret("s3cr3t"), 1, 1), (), SystemClock()
    )
    outcome = await client.start(START, MATCH, request_id="r1")
    await client.close()

    assert "s3cr3t" not in repr(outcome) + repr(client) + repr(vars(client))


async def test_an_answer_that_repeats_the_token_is_recorded_without_it() -> None:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        said = b'{"error": 401, "error_text": "no such token: %s"}' % TOKEN.encode()
        writer.write(HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(said), said))

    outcome = await start_against(behave)

    assert (outcome.kind, outcome.text) == (OutcomeKind.TOKEN_REFUSED, "no such token: ***")


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100_000 + b"\r\n\r\n",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nnot a length\r\n",
        HEAD + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
    ],
)
async def test_an_answer_that_is_not_http_is_in_doubt_and_no_fault_of_ours(answer: bytes) -> None:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer)

    with capture_logs() as lines:
        outcome = await start_against(behave)

    assert outcome.in_doubt
    assert lines == []


async def test_a_tls_handshake_that_stalls_was_not_sent() -> None:
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async with a_platform(silent) as url:
        outcome = await start_at(url.replace("http:", "https:"), timeout_s=0.3)

    assert (outcome.kind, outcome.in_doubt) == (OutcomeKind.NOT_SENT, False)


async def test_a_request_that_can_only_be_written_in_part_is_in_doubt() -> None:
    start = replace(START, content={"long": "x" * 1_000_000})
    with socket.socket() as never_read:
        never_read.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        never_read.bind(("127.0.0.1", 0))
        never_read.listen(1)
        url = f"http://127.0.0.1:{never_read.getsockname()[1]}"
        async with a_client(url, timeout_s=0.3) as client:
            outcome = await client.start(start, MATCH, request_id="r1")

    assert (outcome.kind, outcome.in_doubt) == (OutcomeKind.IN_DOUBT, True)


async def test_a_start_that_cannot_be_written_as_json_was_not_sent(
    sandbox: RunningSandbox,
) -> None:
    start = replace(START, content={"number": 2**70})
    async with a_client(sandbox.url) as client:
        with capture_logs() as lines:
            outcome = await client.start(start, MATCH, request_id="r1")

    assert (outcome.kind, outcome.in_doubt) == (OutcomeKind.NOT_SENT, False)
    assert [(line["event"], line["log_level"]) for line in lines] == [
        ("altcraft.client_failed", "error")
    ]
    assert sandbox.journal.after(0, 9) == []


async def test_who_cancels_a_start_learns_whether_it_may_have_been_sent() -> None:
    was_read = asyncio.Event()

    async def behave(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await read_request(reader)
        was_read.set()
        await reader.read(-1)

    progress = Progress()
    async with a_platform(behave) as url, a_client(url) as client:
        starting = asyncio.create_task(
            client.start(START, MATCH, request_id="r1", progress=progress)
        )
        assert not progress.was_written
        await was_read.wait()
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting

    assert progress.was_written


async def test_starts_at_the_same_time_do_not_share_what_is_known_of_them() -> None:
    """One is answered, one is cut off, on two connections of one client."""
    count = 0

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        is_first = count == 1
        await read_request(reader)
        if is_first:
            writer.write(HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(ANSWER), ANSWER))
        else:
            reset(writer)

    async with a_platform(behave) as url, a_client(url) as client:
        found = await asyncio.gather(
            *(client.start(START, MATCH, request_id=f"r{n}") for n in range(4))
        )

    assert sorted(outcome.kind for outcome in found) == ["accepted"] + ["in_doubt"] * 3


async def test_the_body_that_is_shown_has_no_token(sandbox: RunningSandbox) -> None:
    await start_at(sandbox.url)

    [entry] = sandbox.journal.starts
    assert entry.body == masked_body(START, MATCH)

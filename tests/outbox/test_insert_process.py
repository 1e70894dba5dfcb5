"""The process that writes where many calls come at once: what it writes is what the thread would,
and whatever happens to it, calls are taken."""

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import psutil
import pytest

from app.outbox import (
    Acceptance,
    Accepted,
    Duplicate,
    EventFilter,
    Outbox,
    StoreUnavailable,
    WriterLimits,
    insert_process,
    store,
)
from app.outbox.engine import WRITER_PRAGMAS
from app.outbox.thread_writer import ThreadWriter
from tests.support.clock import ManualClock
from tests.support.stores import ON_SQLITE
from tests.support.values import an_acceptance, an_event

CROWD = 12
LIMIT_S = 30.0

pytestmark = ON_SQLITE


@pytest.fixture
async def outbox(
    url: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Outbox]:
    monkeypatch.setattr(insert_process, "_PAUSE_S", 0.0)
    async with Outbox.open(url, clock=clock, writer=WriterLimits(crowds=0)) as opened:
        await brought_up(opened)
        yield opened


async def brought_up(outbox: Outbox) -> psutil.Process:
    """A crowd comes again and again until the process is there."""
    async with asyncio.timeout(LIMIT_S):
        while not writer_of(outbox)._process.is_up:
            await crowd(outbox, [an_acceptance() for _ in range(CROWD)])
    return the_process()


def writer_of(outbox: Outbox) -> ThreadWriter:
    assert isinstance(outbox._writer, ThreadWriter)
    return outbox._writer


def the_process() -> psutil.Process:
    [found] = [
        one for one in psutil.Process().children() if any("inserter" in a for a in one.cmdline())
    ]
    return found


@asynccontextmanager
async def two_crowds(
    outbox: Outbox,
) -> AsyncIterator[tuple[asyncio.Task[list[object]], asyncio.Task[list[object]]]]:
    """The process stands still with the one; the other waits for it."""
    the_process().suspend()
    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as tasks:
        given = tasks.create_task(crowd(outbox, [an_acceptance() for _ in range(CROWD)]))
        while writer_of(outbox)._process.takes(1):  # noqa: ASYNC110 - nothing is told of it
            await asyncio.sleep(0)
        waiting = tasks.create_task(crowd(outbox, [an_acceptance() for _ in range(CROWD)]))
        await asyncio.sleep(0)
        yield given, waiting


async def crowd(
    outbox: Outbox, acceptances: Sequence[Acceptance], *, limit_s: float = 10.0
) -> list[object]:
    return list(
        await asyncio.gather(
            *(outbox.accept([one], limit_s=limit_s) for one in acceptances), return_exceptions=True
        )
    )


async def test_what_it_writes_comes_back_as_it_was(outbox: Outbox) -> None:
    accepted = [an_acceptance(key=f"k{n}" if n % 2 else None) for n in range(100)]
    ignored = Acceptance(an_event(body=b"\0\xff", query="a=\N{SNOWMAN}"), None, ())

    assert await crowd(outbox, [*accepted, ignored]) == [[Accepted()]] * 101

    for one in [*accepted, ignored]:
        assert await outbox.event(one.event.id) == one.event
        for delivery in one.deliveries:
            assert await outbox.delivery(delivery.id) == delivery
    assert the_process().is_running()


async def test_it_is_it_that_writes(outbox: Outbox) -> None:
    process, acceptances = the_process(), [an_acceptance() for _ in range(CROWD)]

    process.suspend()
    refused = await crowd(outbox, acceptances, limit_s=0.2)
    assert [type(one) for one in refused] == [StoreUnavailable] * CROWD
    assert await outbox.event(acceptances[0].event.id) is None
    process.resume()

    assert await outbox.accept([an_acceptance()]) == [Accepted()]
    # Nobody was told that it is: whoever was told no calls again.
    assert await outbox.event(acceptances[0].event.id) == acceptances[0].event


async def test_a_key_that_is_known_is_a_duplicate(outbox: Outbox) -> None:
    first = an_acceptance(key="k")
    await crowd(outbox, [first])

    second, other = await crowd(outbox, [an_acceptance(key="k"), an_acceptance(key="other")])

    assert (second, other) == ([Duplicate(first.event.id)], [Accepted()])


async def test_of_many_with_one_key_one_is_accepted(outbox: Outbox) -> None:
    results = await crowd(outbox, [an_acceptance(key="k") for _ in range(50)])

    assert sum(result == [Accepted()] for result in results) == 1


async def test_values_that_cannot_be_written_fail_alone(outbox: Outbox) -> None:
    known = an_acceptance()
    await crowd(outbox, [known])
    others = [an_acceptance() for _ in range(CROWD)]

    results = await crowd(outbox, [*others, Acceptance(known.event, None, ())])

    assert results[:-1] == [[Accepted()]] * CROWD
    assert isinstance(results[-1], Exception)


async def test_a_file_that_another_has_locked_is_refused_in_time_and_taken_afterwards(
    url: str, outbox: Outbox
) -> None:
    other = sqlite3.connect(url.removeprefix("sqlite+aiosqlite:///"))
    other.execute("BEGIN IMMEDIATE")

    refused = await crowd(outbox, [an_acceptance() for _ in range(CROWD)], limit_s=0.1)
    other.rollback()
    other.close()

    assert [type(one) for one in refused] == [StoreUnavailable] * CROWD
    assert await outbox.accept([an_acceptance()]) == [Accepted()]


async def test_a_full_disk_is_said(
    url: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Outbox.open(url, clock=clock) as outbox:
        pages = await outbox._writer.run(lambda c: c.exec_driver_sql("PRAGMA page_count").scalar())
    full = (*WRITER_PRAGMAS, f"max_page_count = {pages}")
    monkeypatch.setattr(insert_process, "WRITER_PRAGMAS", full)
    async with Outbox.open(url, clock=clock, writer=WriterLimits(crowds=0)) as outbox:
        await brought_up(outbox)

        refused = await crowd(outbox, [an_acceptance() for _ in range(200)])

    assert any("full" in str(one) for one in refused if isinstance(one, StoreUnavailable))


async def test_killed_it_costs_what_it_was_given_and_is_started_again(outbox: Outbox) -> None:
    process = the_process()
    process.suspend()
    refused, _ = await asyncio.gather(
        crowd(outbox, [an_acceptance() for _ in range(CROWD)]), asyncio.to_thread(process.kill)
    )

    assert [type(one) for one in refused] == [StoreUnavailable] * CROWD
    assert "may be written" in str(refused[0])
    assert await outbox.accept([an_acceptance()]) == [Accepted()]
    assert (await brought_up(outbox)).pid != process.pid


async def test_killed_while_others_wait_it_costs_only_what_it_was_given(outbox: Outbox) -> None:
    process = the_process()
    async with two_crowds(outbox) as (given, waiting):
        process.kill()

    assert [type(one) for one in given.result()] == [StoreUnavailable] * CROWD
    assert waiting.result() == [[Accepted()]] * CROWD
    assert await outbox.accept([an_acceptance()]) == [Accepted()]


async def test_given_up_while_others_wait_it_costs_only_what_it_was_given(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(insert_process, "_ANSWER_LIMIT_S", 0.1)
    async with two_crowds(outbox) as (given, waiting):
        pass

    assert [type(one) for one in given.result()] == [StoreUnavailable] * CROWD
    assert waiting.result() == [[Accepted()]] * CROWD


async def test_one_that_was_given_up_does_not_outlive_the_store(
    url: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(insert_process, "_ANSWER_LIMIT_S", 0.1)
    async with Outbox.open(url, clock=clock, writer=WriterLimits(crowds=0)) as outbox:
        process = await brought_up(outbox)
        process.suspend()
        await crowd(outbox, [an_acceptance() for _ in range(CROWD)])

    await asyncio.to_thread(process.wait, LIMIT_S)
    assert not process.is_running()


async def test_as_long_as_it_holds_up_all_calls_the_store_is_not_ready(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_PROBE_LIMIT_S", 0.1)
    process = the_process()
    async with two_crowds(outbox):
        with pytest.raises(StoreUnavailable):
            await outbox.probe()
        process.resume()

    await outbox.probe()


async def test_one_that_stands_still_is_given_up(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(insert_process, "_ANSWER_LIMIT_S", 0.1)
    monkeypatch.setattr(insert_process, "_CLOSE_LIMIT_S", 0.1)
    process = the_process()
    process.suspend()

    refused = await crowd(outbox, [an_acceptance() for _ in range(CROWD)])

    assert [type(one) for one in refused] == [StoreUnavailable] * CROWD
    assert await outbox.accept([an_acceptance()]) == [Accepted()]
    assert (await brought_up(outbox)).pid != process.pid


async def test_signals_to_all_processes_of_a_service_do_not_end_it(outbox: Outbox) -> None:
    process = the_process()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(process.pid, number)

    await crowd(outbox, [an_acceptance() for _ in range(CROWD)])

    assert the_process().pid == process.pid


async def test_at_the_end_what_it_was_given_is_written_and_it_is_gone(
    url: str, clock: ManualClock
) -> None:
    async with Outbox.open(url, clock=clock, writer=WriterLimits(crowds=0)) as outbox:
        process = await brought_up(outbox)
        acceptances = [an_acceptance() for _ in range(CROWD)]
        waiting = asyncio.create_task(crowd(outbox, acceptances))
        await asyncio.sleep(0)

    assert await waiting == [[Accepted()]] * CROWD
    assert not process.is_running()
    async with Outbox.open(url, clock=clock) as outbox:
        newest = await outbox.events(EventFilter(), limit=CROWD)
        assert {one.id for one in newest} == {one.event.id for one in acceptances}


async def test_where_it_cannot_be_started_the_thread_goes_on(
    url: str,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    async with Outbox.open(url, clock=clock, writer=WriterLimits(crowds=0)) as outbox:
        results = [await crowd(outbox, [an_acceptance() for _ in range(CROWD)]) for _ in range(5)]

    assert results == [[[Accepted()]] * CROWD] * 5
    assert "store.process_not_started" in capsys.readouterr().out


async def test_few_calls_do_not_start_it(url: str, clock: ManualClock) -> None:
    async with Outbox.open(url, clock=clock, writer=WriterLimits(crowds=0)) as quiet:
        for _ in range(20):
            await quiet.accept([an_acceptance()])

        assert writer_of(quiet)._process._life is None

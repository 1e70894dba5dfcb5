"""Several processes on one store: what each does adds up to what one alone would do."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from app.delivery.turns import Turns
from app.model.delivery import Delivery, DeliveryState, Ending
from app.model.handling import AtMost, Burst, Handling, Order
from app.outbox import (
    Acceptance,
    Accepted,
    Claimed,
    DeliveryFilter,
    Duplicate,
    Outbox,
    Pace,
    Pause,
    PauseKind,
    Stoppage,
)
from tests.support.clock import ManualClock
from tests.support.postgres import a_connection
from tests.support.stores import ON_POSTGRESQL
from tests.support.values import (
    AT,
    a_delivery,
    a_settlement,
    an_acceptance,
    an_act,
    an_event,
)

PROCESSES = 3
ALL = 1000


@pytest.fixture
async def outboxes(url: str, clock: ManualClock) -> AsyncIterator[list[Outbox]]:
    """As of processes of their own."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(Outbox.open(url, clock=clock, rng=Random(n)))
            for n in range(PROCESSES)
        ]


async def claim(
    outbox: Outbox, owner: str, *, room: int = ALL, rate: float | None = None, lease_s: float = 60
) -> Claimed:
    share, pace = Turns().share, Pace("main", rate)
    return await outbox.claim(owner=owner, pace=pace, room=room, lease_s=lease_s, share=share)


async def claim_all(
    outboxes: list[Outbox], *, room: int = ALL, rate: float | None = None
) -> list[list[Delivery]]:
    """At the same moment, each for itself."""
    found = await asyncio.gather(
        *(claim(outbox, f"w{n}", room=room, rate=rate) for n, outbox in enumerate(outboxes))
    )
    return [[delivery for group in one.groups for delivery in group] for one in found]


async def accept(outbox: Outbox, handling: Handling, *, minutes: float = 0) -> Delivery:
    at = AT + timedelta(minutes=minutes)
    event = an_event(at=at)
    delivery = a_delivery(event, handling=handling, at=at)
    await outbox.accept([Acceptance(event, None, (delivery,))])
    return delivery


async def test_each_delivery_is_claimed_by_one(outboxes: list[Outbox]) -> None:
    for _ in range(5):
        await outboxes[0].accept([an_acceptance() for _ in range(40)])

    taken = [await claim_all(outboxes, room=25) for _ in range(6)]

    ids = [delivery.id for found in taken for part in found for delivery in part]
    assert len(ids) == len(set(ids)) == 200


async def test_a_key_that_comes_to_all_at_once_is_taken_by_one(outboxes: list[Outbox]) -> None:
    rng = Random(1)
    keys = [f"key {n}" for n in range(30)]

    async def calls(outbox: Outbox) -> list[Accepted | Duplicate]:
        # Each in another order, several in a commit.
        shuffled = rng.sample(keys, len(keys))
        found = await asyncio.gather(
            *(outbox.accept([an_acceptance(key=key) for key in shuffled[n : n + 3]])
              for n in range(0, len(keys), 3))
        )  # fmt: skip
        return [result for results in found for result in results]

    results = await asyncio.gather(*(calls(outbox) for outbox in outboxes))

    accepted = [one for found in results for one in found if isinstance(one, Accepted)]
    assert len(accepted) == len(keys)
    assert len(await outboxes[0].deliveries(DeliveryFilter(), limit=ALL)) == len(keys)


async def test_a_key_that_is_too_old_is_taken_over_by_one(outboxes: list[Outbox]) -> None:
    await outboxes[0].accept([an_acceptance(key="old", window_s=60)])
    later = AT + timedelta(hours=1)

    results = await asyncio.gather(
        *(outbox.accept([an_acceptance(key="old", window_s=60, at=later)]) for outbox in outboxes)
    )

    assert sorted(type(found).__name__ for [found] in results) == ["Accepted"] + ["Duplicate"] * 2


async def test_of_a_burst_that_comes_to_all_at_once_one_is_left(outboxes: list[Outbox]) -> None:
    burst = Handling(burst=Burst("b" * 32, 30, 100))

    made = await asyncio.gather(*(accept(outbox, burst) for _ in range(5) for outbox in outboxes))

    found = [await outboxes[0].delivery(one.id) for one in made]
    assert [one.state for one in found if one].count(DeliveryState.PENDING) == 1
    assert [one.outcome for one in found if one].count(Ending.COLLAPSED) == len(made) - 1


async def test_a_person_has_no_more_than_the_limit_though_all_claim_at_once(
    outboxes: list[Outbox], clock: ManualClock
) -> None:
    once = Handling(at_most=AtMost("p" * 32, 1, 3600))
    for n in range(9):
        await accept(outboxes[n % PROCESSES], once)

    taken = await claim_all(outboxes, room=2)
    clock.pass_s(5)
    taken += await claim_all(outboxes)

    assert sum(len(part) for part in taken) == 1


async def test_of_one_key_one_is_under_way_and_the_next_follows_though_others_work(
    outboxes: list[Outbox], clock: ManualClock
) -> None:
    ordered = Handling(order=Order("k" * 32, 600))
    made = [await accept(outboxes[n % PROCESSES], ordered) for n in range(4)]
    gone = []

    for _ in range(40):
        found = [(n, d) for n, part in enumerate(await claim_all(outboxes)) for d in part]
        assert len(found) <= 1
        for n, delivery in found:
            gone.append(delivery.id)
            done = replace(a_settlement(delivery, owner=f"w{n}"), order_key="k" * 32)
            assert await outboxes[n].settle([done]) == [True]
        clock.pass_s(1)

    assert gone == [one.id for one in made]


async def test_a_rate_is_one_for_all(outboxes: list[Outbox], clock: ManualClock) -> None:
    await outboxes[0].accept([an_acceptance() for _ in range(400)])
    taken, seconds = 0, 4

    for _ in range(seconds * 20):
        taken += sum(len(part) for part in await claim_all(outboxes, rate=50))
        clock.pass_s(0.05)

    # What may go at once at the beginning, and then fifty a second.
    assert 50 * seconds <= taken <= 50 * seconds + 11


async def test_it_is_said_when_the_pace_allows_more(
    outboxes: list[Outbox], clock: ManualClock
) -> None:
    await outboxes[0].accept([an_acceptance() for _ in range(40)])
    first = await claim(outboxes[0], "w0", rate=50)
    assert first.ready_at is None or first.ready_at > clock.now()

    second = await claim(outboxes[1], "w1", rate=50)

    assert not second.groups
    assert second.ready_at is not None
    clock.pass_s((second.ready_at - clock.now()).total_seconds())
    assert (await claim(outboxes[1], "w1", rate=50)).groups


async def test_one_that_is_asked_too_often_is_asked_less_by_all(
    outboxes: list[Outbox], clock: ManualClock
) -> None:
    await outboxes[0].accept([an_acceptance() for _ in range(900)])
    await claim_all(outboxes, room=10)

    await outboxes[0].slow_down(Pace("main", None), 40)

    # Three workers at 40 a second each: half of that from now on, by all of them.
    assert not any(await claim_all(outboxes))
    taken = 0
    for _ in range(20):
        clock.pass_s(0.1)
        taken += sum(len(part) for part in await claim_all(outboxes))
    assert 100 <= taken <= 160


async def test_of_a_stopped_destination_one_alone_sends_the_probe(
    outboxes: list[Outbox], clock: ManualClock
) -> None:
    await outboxes[0].accept([an_acceptance() for _ in range(20)])
    probe_at = AT + timedelta(seconds=5)
    await outboxes[0].put_stoppages([Stoppage("main", "plan_limit", AT, probe_at)], [])

    assert not any(await claim_all(outboxes))
    clock.pass_s(6)
    taken = await claim_all(outboxes)

    assert sum(len(part) for part in taken) == 1
    assert not any(await claim_all(outboxes)), "while it is under way there is no other"
    clock.pass_s(61)
    assert sum(len(part) for part in await claim_all(outboxes)) == 1, "its worker may be lost"


async def test_what_stops_several_workers_at_once_is_one_stop(outboxes: list[Outbox]) -> None:
    await asyncio.gather(
        *(
            outbox.put_stoppages([Stoppage("main", "throttled", AT, AT + timedelta(seconds=n))], [])
            for n, outbox in enumerate(outboxes)
        )
    )

    [stoppage] = await outboxes[0].stoppages()
    assert stoppage.probe_at == AT + timedelta(seconds=PROCESSES - 1)


async def test_the_answer_to_a_probe_is_what_counts(outboxes: list[Outbox]) -> None:
    later = AT + timedelta(hours=1)
    await outboxes[0].put_stoppages([Stoppage("main", "plan_limit", AT, later)], [])

    answered = Stoppage("main", "token_refused", AT, AT, probes=1, is_of_probe=True)
    await outboxes[1].put_stoppages([answered], [])

    [stoppage] = await outboxes[0].stoppages()
    assert (stoppage.cause, stoppage.probe_at, stoppage.probes) == ("token_refused", AT, 1)


async def test_nothing_stays_paused_when_a_pause_ends_while_others_claim(
    outboxes: list[Outbox],
) -> None:
    pause = Pause(PauseKind.RULE, "deal won", AT, "olga")
    for _ in range(10):
        await outboxes[0].accept([an_acceptance() for _ in range(5)])
        await outboxes[0].pause(pause, an_act())

        await asyncio.gather(
            claim(outboxes[1], "w1"),
            outboxes[0].resume(PauseKind.RULE, "deal won", an_act()),
            claim(outboxes[2], "w2"),
        )

        paused = DeliveryFilter(state=DeliveryState.PAUSED)
        assert await outboxes[0].deliveries(paused, limit=ALL) == []


async def test_one_is_on_duty_until_it_is_silent(
    outboxes: list[Outbox], clock: ManualClock
) -> None:
    async def on_duty() -> list[int]:
        asked = await asyncio.gather(
            *(
                outbox.on_duty("housekeeping", owner=f"h{n}", lasts_s=30)
                for n, outbox in enumerate(outboxes)
            )
        )
        return [n for n, is_on_duty in enumerate(asked) if is_on_duty]

    [first] = await on_duty()
    clock.pass_s(20)
    assert await on_duty() == [first]

    clock.pass_s(31)

    assert len(await on_duty()) == 1


async def test_of_an_event_that_several_replay_at_once_a_rule_starts_one(
    outboxes: list[Outbox],
) -> None:
    event = an_event()
    await outboxes[0].accept([Acceptance(event, None, ())])

    for _ in range(5):
        await asyncio.gather(
            *(outbox.add([a_delivery(event)], an_act()) for outbox in outboxes for _ in range(3))
        )

    assert len(await outboxes[0].deliveries(DeliveryFilter(), limit=99)) == 1


@ON_POSTGRESQL
async def test_who_waits_in_another_process_is_woken(outboxes: list[Outbox]) -> None:
    here, there = outboxes[0], outboxes[1]
    # As soon as it listens it looks: what was due before nobody told.
    assert await there.wakeup.wait(10)

    await here.accept([an_acceptance()])

    assert await there.wakeup.wait(10)


@ON_POSTGRESQL
async def test_who_waits_is_woken_also_after_the_server_closed_the_line_in_the_midst_of_a_notice(
    outboxes: list[Outbox], url: str
) -> None:
    here, there = outboxes[0], outboxes[1]
    assert await there.wakeup.wait(10)
    await here.accept([an_acceptance()])
    assert await there.wakeup.wait(10)

    async with a_connection(url) as connection:
        line = await connection.fetchval(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND query LIKE 'NOTIFY%'"
        )
    os.kill(line, signal.SIGSTOP)
    await here.accept([an_acceptance()])
    # The notice is on its way by now, and there is nobody to take it.
    assert not await there.wakeup.wait(0.2)
    os.kill(line, signal.SIGTERM)
    os.kill(line, signal.SIGCONT)

    async with asyncio.timeout(30):
        while not await there.wakeup.wait(1):
            await here.accept([an_acceptance()])


@ON_POSTGRESQL
async def test_the_last_notice_of_a_process_is_not_lost(
    outboxes: list[Outbox], url: str, clock: ManualClock
) -> None:
    there = outboxes[1]
    assert await there.wakeup.wait(10)

    async with Outbox.open(url, clock=clock) as command:
        await command.accept([an_acceptance()])

    assert await there.wakeup.wait(10)

"""Every fault of the platform crossed with every point at which a worker can die: nothing is lost,
and every start that happened twice was in doubt and is recorded so."""

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from app.kit.clock import SystemClock
from app.model.delivery import Delivery, DeliveryState
from app.model.handling import PLAIN, Batch, Handling
from app.model.outcome import OutcomeKind
from app.model.start import Import, InDoubt
from app.outbox import Acceptance, Outbox
from app.sandbox import Fault, FaultKind
from tests.process.points import Point, work
from tests.support.forked import FORKS
from tests.support.sandboxes import a_sandbox
from tests.support.values import a_delivery, a_match, an_event

_LIMIT_S = 40.0
_KILLED = -9
FAULTS = {
    "none": Fault(kind=FaultKind.DELAY, seconds=0.01, times=2),
    "slow": Fault(kind=FaultKind.DELAY, seconds=0.5, times=2),
    "refused": Fault(kind=FaultKind.REFUSE, times=2),
    "cut after reading": Fault(kind=FaultKind.CUT_AFTER_READING, times=2),
    "cut in reply": Fault(kind=FaultKind.CUT_IN_REPLY, times=2),
    "503": Fault(kind=FaultKind.HTTP_STATUS, status=503, times=2),
    "502, started": Fault(kind=FaultKind.HTTP_STATUS, status=502, started=True, times=2),
    "429": Fault(kind=FaultKind.HTTP_STATUS, status=429, times=2),
    "html": Fault(kind=FaultKind.HTML, times=2),
    "html, started": Fault(kind=FaultKind.HTML, started=True, times=2),
    "malformed": Fault(kind=FaultKind.ERROR, code=400, times=2),
    "unknown profile": Fault(kind=FaultKind.ERROR, code=404, text="Profile not found", times=2),
    "not active": Fault(kind=FaultKind.ERROR, code=404, text="Workflow not active", times=2),
    "busy": Fault(kind=FaultKind.ERROR, code=500, times=2),
    "unknown code": Fault(kind=FaultKind.ERROR, code=777, times=2),
}
IN_BATCHES = ("none", "slow", "cut after reading", "cut in reply")
_ENDS_IT = {
    "malformed": OutcomeKind.MALFORMED,
    "unknown profile": OutcomeKind.UNKNOWN_PROFILE,
    "not active": OutcomeKind.SCENARIO_UNAVAILABLE,
}


@pytest.mark.parametrize("point", Point)
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_worker_that_is_killed_loses_nothing_and_doubles_nothing_unseen(
    tmp_path: Path, point: Point, fault: str
) -> None:
    await _check(tmp_path, point, fault, in_doubt=InDoubt.RETRY, handling=PLAIN)


@pytest.mark.parametrize("point", [Point.AFTER_SEND, Point.BEFORE_COMMIT])
@pytest.mark.parametrize("fault", ["slow", "cut after reading", "cut in reply"])
async def test_a_rule_that_holds_doubles_nothing_at_all(
    tmp_path: Path, point: Point, fault: str
) -> None:
    starts = await _check(tmp_path, point, fault, in_doubt=InDoubt.HOLD, handling=PLAIN)

    assert max(starts.values(), default=0) <= 1


@pytest.mark.parametrize("point", Point)
@pytest.mark.parametrize("fault", IN_BATCHES)
async def test_those_that_share_a_request_are_as_safe(
    tmp_path: Path, point: Point, fault: str
) -> None:
    handling = Handling(batch=Batch(3, 0))
    await _check(tmp_path, point, fault, in_doubt=InDoubt.RETRY, handling=handling)


async def _check(
    folder: Path, point: Point, fault: str, *, in_doubt: InDoubt, handling: Handling
) -> Counter[str]:
    """How often each person was started."""
    store = f"sqlite+aiosqlite:///{folder}/bridge.db"
    async with a_sandbox(knows_everybody=True) as sandbox:
        sandbox.put(FAULTS[fault])
        made = await _accept(store, in_doubt, handling)

        first = await _run(store, sandbox.url, point)
        second = await _run(store, sandbox.url, None)

        starts = Counter(entry.person or "" for entry in sandbox.journal.starts)
    assert (first, second) == (_KILLED, 0)
    await _nothing_lost(store, made, starts, fault)
    return starts


async def _accept(store: str, in_doubt: InDoubt, handling: Handling) -> list[Delivery]:
    clock = SystemClock()
    event = an_event(at=clock.now())
    made = [
        a_delivery(
            event, matches=[a_match(n)], in_doubt=in_doubt, at=clock.now(), handling=handling
        )
        for n in range(3)
    ]
    if handling.batch:
        made = [_importing(delivery) for delivery in made]
    async with Outbox.open(store, clock=clock) as outbox:
        await outbox.accept([Acceptance(event, None, tuple(made))])
    return made


def _importing(delivery: Delivery) -> Delivery:
    return replace(delivery, start=replace(delivery.start, imports=Import(True, {})))


async def _run(store: str, altcraft: str, at: Point | None) -> int | None:
    process = FORKS.Process(target=work, args=(store, altcraft, at))
    process.start()
    await asyncio.to_thread(process.join, _LIMIT_S)
    if process.exitcode is None:
        process.kill()
    return process.exitcode


async def _nothing_lost(store: str, made: list[Delivery], starts: Counter[str], fault: str) -> None:
    async with Outbox.open(store, clock=SystemClock()) as outbox:
        for delivery in made:
            found = await outbox.delivery(delivery.id)
            attempts = await outbox.attempts(delivery.id)
            started = starts[f"CRM_ID={delivery.start.matches[0].value}"]
            doubts = sum(attempt.in_doubt for attempt in attempts)
            assert found is not None
            assert found.state in (DeliveryState.DONE, DeliveryState.DEAD)
            if found.state is DeliveryState.DONE:
                assert started >= 1, "it is done, so it was started"
                assert started - 1 <= doubts, "each further start stands behind a doubt"
            else:
                is_held = found.outcome in (OutcomeKind.IN_DOUBT, OutcomeKind.UNREADABLE)
                assert is_held or found.outcome is _ENDS_IT[fault]
                assert started <= doubts, "whatever was started is known to be in doubt"

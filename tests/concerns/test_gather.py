"""What needs a person now is one list."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from app.concerns import concerns
from app.concerns.gather import STOPPED_FOR, WAITS_FOR
from app.concerns.keep import Counter
from app.concerns.refused import REFUSED_CALLS, REFUSED_FOR
from app.model.concern import Advice, Concern, ConcernKind, Severity
from app.model.outcome import OutcomeKind
from app.model.problem import ProblemState
from app.model.tally import Tally, TallyKind
from app.outbox import Outbox, Pause, PauseKind, Stoppage, StoreUnavailable
from app.revision import CurrentRevision, read_revision
from tests.outbox.test_problems import MALFORMED, fail, problem, put, replay
from tests.revision.test_watch import ENVIRON, SOUND
from tests.support.clock import ManualClock
from tests.support.values import AT, an_acceptance, an_act

SHORTLY = timedelta(seconds=1)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def outbox(url: str, clock: ManualClock) -> AsyncIterator[Outbox]:
    async with Outbox.open(url, clock=clock) as opened:
        yield opened


@pytest.fixture
def current(tmp_path: Path, clock: ManualClock) -> CurrentRevision:
    path = tmp_path / "bridge.yaml"
    path.write_text(SOUND)
    return CurrentRevision(path, ENVIRON, read_revision(path, ENVIRON), Random(1), clock=clock)


async def kinds(outbox: Outbox, current: CurrentRevision, clock: ManualClock) -> list[str]:
    return [one.kind.value for one in await concerns(outbox, current, clock)]


async def test_when_all_is_well_nothing_needs_a_person(
    outbox: Outbox, current: CurrentRevision, clock: ManualClock
) -> None:
    await outbox.accept([an_acceptance()])

    assert await concerns(outbox, current, clock) == []


async def test_an_open_problem_does_and_one_that_is_acknowledged_is_quiet(
    outbox: Outbox, current: CurrentRevision, clock: ManualClock
) -> None:
    dead = await fail(outbox, clock, 2)
    await outbox.look_through(MALFORMED)

    [found] = await concerns(outbox, current, clock)
    await put(outbox, ProblemState.ACKNOWLEDGED)
    [quiet] = await concerns(outbox, current, clock)
    await replay(outbox, dead)

    assert found == Concern(
        ConcernKind.PROBLEM, MALFORMED.key, Severity.CRITICAL, AT, Advice.MEND_RULE,
        f"/api/v1/problems/{MALFORMED.key}",
        {"destination": "main", "target": "scenario", "scenario": 3, "outcome": "malformed",
         "letters": 2, "people": 1, "rules": "deal won"},
    )  # fmt: skip
    assert quiet == replace(found, is_quiet=True)
    assert await concerns(outbox, current, clock) == []


@pytest.mark.parametrize(
    ("cause", "age", "needs"),
    [
        ("token_refused", SHORTLY, True),
        ("plan_limit", SHORTLY, True),
        ("throttled", SHORTLY, False),
        ("temporary", STOPPED_FOR - SHORTLY, False),
        ("temporary", STOPPED_FOR, True),
        ("of_a_later_version", STOPPED_FOR, True),
    ],
)
async def test_a_destination_that_does_not_go_on_by_itself_does(
    outbox: Outbox,
    current: CurrentRevision,
    clock: ManualClock,
    cause: str,
    age: timedelta,
    needs: bool,
) -> None:
    await outbox.put_stoppages([Stoppage("main", cause, AT, AT)], [])
    clock.pass_s(age.total_seconds())

    assert await kinds(outbox, current, clock) == ["destination_stopped"] * needs


async def test_starts_that_are_due_and_do_not_go_do_unless_it_is_known_why(
    outbox: Outbox, current: CurrentRevision, clock: ManualClock
) -> None:
    await outbox.accept([an_acceptance()])
    clock.pass_s(WAITS_FOR.total_seconds())
    assert await kinds(outbox, current, clock) == ["waiting_long"]
    assert [one.cause for one in await concerns(outbox, None, clock)] == ["main"]

    await outbox.put_stoppages([Stoppage("main", "token_refused", AT, AT)], [])
    assert await kinds(outbox, current, clock) == ["destination_stopped"]

    await outbox.put_stoppages([], ["main"])
    await outbox.pause(Pause(PauseKind.DESTINATION, "main", AT, "olga"), an_act())
    assert await kinds(outbox, current, clock) == []


@pytest.mark.parametrize(
    ("calls", "lasted", "then", "needs"),
    [
        (REFUSED_CALLS, REFUSED_FOR, "unauthenticated", True),
        (REFUSED_CALLS - 1, REFUSED_FOR, "unauthenticated", False),
        (REFUSED_CALLS, REFUSED_FOR / 2, "unauthenticated", False),
        (REFUSED_CALLS, REFUSED_FOR, "accepted", False),
    ],
)
async def test_a_source_all_of_whose_calls_are_refused_does(
    outbox: Outbox,
    current: CurrentRevision,
    clock: ManualClock,
    calls: int,
    lasted: timedelta,
    then: str,
    needs: bool,
) -> None:
    await outbox.add_tallies([Tally(TallyKind.CALL, "crm", "unauthenticated", calls - 1)])
    clock.pass_s(lasted.total_seconds())
    await outbox.add_tallies([Tally(TallyKind.CALL, "crm", then, 1)])

    assert await kinds(outbox, current, clock) == ["source_refused"] * needs


async def test_what_is_refused_for_our_own_sake_is_no_fault_of_the_source(
    outbox: Outbox, current: CurrentRevision, clock: ManualClock
) -> None:
    for _ in range(2):
        await outbox.add_tallies([Tally(TallyKind.CALL, "crm", "busy", REFUSED_CALLS)])
        clock.pass_s(REFUSED_FOR.total_seconds())

    assert await kinds(outbox, current, clock) == []


async def test_a_file_that_was_refused_does_until_it_is_mended(
    outbox: Outbox, current: CurrentRevision, clock: ManualClock, tmp_path: Path
) -> None:
    path = tmp_path / "bridge.yaml"
    path.write_text(SOUND.replace("scenario: 1", "scenario: one"))
    await current.look()

    [found] = await concerns(outbox, current, clock)
    path.write_text(SOUND)
    await current.look()

    assert (found.kind, found.since) == (ConcernKind.CONFIGURATION_REFUSED, AT)
    assert found.about == {"faults": 1, "still_in_use": current.revision.id}
    assert await concerns(outbox, current, clock) == []


async def test_what_is_critical_comes_first(
    outbox: Outbox, current: CurrentRevision, clock: ManualClock
) -> None:
    await fail(outbox, clock, outcome=OutcomeKind.UNKNOWN_PROFILE)
    clock.pass_s(60)
    await fail(outbox, clock)

    found = await concerns(outbox, current, clock)

    assert [one.severity for one in found] == [Severity.CRITICAL, Severity.WARNING]


class Away(Outbox):
    """A store that takes no writes."""

    async def probe(self) -> None:
        raise StoreUnavailable("database or disk is full")


async def test_a_store_that_takes_no_writes_is_all_that_is_known(
    outbox: Outbox, current: CurrentRevision, clock: ManualClock
) -> None:
    await fail(outbox, clock)
    away = Away(outbox._writer, outbox._reads, clock, b"")

    assert await kinds(away, current, clock) == ["store_unavailable"]


async def test_people_are_counted_by_one_process_as_problems_change(
    outbox: Outbox, clock: ManualClock
) -> None:
    counter = Counter(outbox, Random(1), owner="one")
    await counter.once()
    await fail(outbox, clock)

    await Counter(outbox, Random(1), owner="another").once()
    await fail(outbox, clock)
    await counter.once()

    touched = (await problem(outbox)).touched
    assert touched is not None
    assert touched.people == 1
    assert await outbox.has_changed_problems(), "another is on duty"

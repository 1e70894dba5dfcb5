"""Looks up what needs a person now."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from app.concerns import refused
from app.concerns.advice import advice_for, severity_of
from app.kit.clock import Clock
from app.model.concern import Advice, Concern, ConcernKind, Severity
from app.model.outcome import OutcomeKind
from app.model.problem import Problem, ProblemState
from app.model.tally import TallySum
from app.outbox import Backlog, ProblemFilter, Stoppage, StoreUnavailable, TalliesAsked
from app.revision import CurrentRevision

MOST_PROBLEMS = 1000
_PERSON_AT_ONCE = (OutcomeKind.TOKEN_REFUSED, OutcomeKind.PLAN_LIMIT)
# A platform that is down for a moment, or asked too often, goes on by itself.
STOPPED_FOR = timedelta(minutes=10)
WAITS_FOR = timedelta(minutes=15)


class Known(Protocol):
    """What it needs of the outbox."""

    async def problems(self, wanted: ProblemFilter, *, limit: int) -> list[Problem]: ...

    async def stoppages(self) -> list[Stoppage]: ...

    async def tallies(self, asked: TalliesAsked, *, limit: int) -> list[TallySum]: ...

    async def next_due_at(self, destination: str) -> datetime | None: ...

    async def backlog(self) -> list[Backlog]: ...

    async def probe(self) -> None: ...


async def concerns(store: Known, current: CurrentRevision | None, clock: Clock) -> list[Concern]:
    """What is critical first, then what began first. Without a revision: what the store knows.

    That the store does not take writes is one of them; then nothing else of it is known.
    """
    found = [*_of_the_file(current)]
    try:
        await store.probe()
        found += await _of_the_store(store, current, clock.now())
    except StoreUnavailable:
        found.append(_store_unavailable(clock.now()))
    return sorted(found, key=lambda one: (one.severity is not Severity.CRITICAL, one.since))


async def _of_the_store(
    store: Known, current: CurrentRevision | None, now: datetime
) -> list[Concern]:
    wanted = ProblemFilter(is_over=False)
    problems = await store.problems(wanted, limit=MOST_PROBLEMS)
    stoppages = await store.stoppages()
    stopped = {one.destination for one in stoppages}
    found = [of_problem(one) for one in problems]
    found += [of_stoppage(one) for one in stoppages if _needs_a_person(one, now)]
    sums = await store.tallies(refused.asked(now), limit=refused.MOST_SUMS)
    found += refused.sources(sums)
    for name in await _names(store, current):
        due_at = await store.next_due_at(name)
        if due_at is not None and name not in stopped and due_at <= now - WAITS_FOR:
            found.append(_waiting(name, due_at))
    return found


async def _names(store: Known, current: CurrentRevision | None) -> Iterable[str]:
    if current is not None:
        return current.revision.destinations
    return sorted({one.destination for one in await store.backlog()})


def of_problem(problem: Problem) -> Concern:
    cause = problem.cause
    about: dict[str, str | int] = {
        "destination": cause.destination,
        "target": cause.target.value,
        "scenario": cause.scenario,
        "outcome": cause.outcome.value,
        "letters": problem.letters,
    }
    if problem.touched is not None:
        about["people"] = problem.touched.people
        about["rules"] = ", ".join(problem.touched.rules)
    return Concern(
        ConcernKind.PROBLEM,
        problem.key,
        severity_of(cause.outcome),
        problem.opened_at,
        advice_for(cause.outcome),
        f"/api/v1/problems/{problem.key}",
        about,
        is_quiet=problem.state is ProblemState.ACKNOWLEDGED,
    )


def _needs_a_person(stoppage: Stoppage, now: datetime) -> bool:
    return stoppage.cause in _PERSON_AT_ONCE or stoppage.since <= now - STOPPED_FOR


def of_stoppage(stoppage: Stoppage) -> Concern:
    known = {kind.value: kind for kind in OutcomeKind}
    # Another version may know of more.
    cause = known.get(stoppage.cause, OutcomeKind.TEMPORARY)
    return Concern(
        ConcernKind.DESTINATION_STOPPED,
        stoppage.destination,
        Severity.CRITICAL,
        stoppage.since,
        advice_for(cause),
        "/api/v1/destinations",
        {"destination": stoppage.destination, "outcome": cause.value},
    )


def _waiting(destination: str, due_at: datetime) -> Concern:
    return Concern(
        ConcernKind.WAITING_LONG,
        destination,
        Severity.CRITICAL,
        due_at,
        Advice.CHECK_WORKERS,
        "/api/v1/destinations",
        {"destination": destination},
        begins_anew=False,
    )


def _of_the_file(current: CurrentRevision | None) -> Sequence[Concern]:
    if current is None or current.refused is None:
        return ()
    refused = current.refused
    return (
        Concern(
            ConcernKind.CONFIGURATION_REFUSED,
            refused.id,
            Severity.CRITICAL,
            refused.at,
            Advice.MEND_FILE,
            "/api/v1/check",
            {"faults": len(refused.faults), "still_in_use": current.revision.id},
            begins_anew=False,
        ),
    )


def _store_unavailable(now: datetime) -> Concern:
    return Concern(
        ConcernKind.STORE_UNAVAILABLE,
        "store",
        Severity.CRITICAL,
        now,
        Advice.FREE_STORE,
        "/readyz",
        begins_anew=False,
    )

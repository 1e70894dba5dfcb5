"""`/problems`: dead letters of one cause, to be mended and replayed together."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from app import lookup
from app.api.access import Acting, Whoever, refusals
from app.concerns import advice_for, severity_of
from app.desk.asked import Asked, Page, Paged, Text
from app.desk.desk import Desk
from app.desk.problems import counted_problem, put_state, replay_problem
from app.desk.replays import Counted, GroupReplay, Replayed
from app.model.concern import Advice, Severity
from app.model.problem import Problem, ProblemState
from app.model.start import Target
from app.outbox import ProblemFilter, place

_ACTING = refusals("forbidden", "not_found", "conflict", "invalid")


class ProblemPage(Paged):
    state: ProblemState | None = None
    is_over: bool | None = Field(None, description="false: open or acknowledged")


class Said(Asked):
    note: Text = Field(None, description="shown to whoever looks next; names no person")


class ProblemShown(BaseModel):
    """`people`, `rules`, `sources` are of its newest 10,000 dead letters, some seconds old at
    most; null: not counted yet."""

    id: str
    destination: str
    target: Target
    scenario: int = Field(description="number of the target")
    outcome: str
    state: ProblemState
    severity: Severity
    advice: Advice = Field(description="what to do, by a key that stays")
    letters: int = Field(description="dead letters that are not replayed")
    people: int | None = Field(description="distinct persons, as requests name them")
    people_is_whole: bool = Field(description="false: there may be more")
    rules: list[str]
    sources: list[str]
    first_at: datetime
    last_at: datetime = Field(description="of the last failure")
    opened_at: datetime = Field(description="when it began the last time")
    changed_at: datetime
    who: str | None = Field(description="changed the state; null: the bridge")
    note: str | None


def problem_routes(desk: Desk) -> APIRouter:
    routes = APIRouter(prefix="/problems", tags=["problems"])

    @routes.get("", responses=refusals("invalid"))
    async def list_problems(
        _: Whoever, asked: Annotated[ProblemPage, Query()]
    ) -> Page[ProblemShown]:
        """What began last comes first."""
        before = lookup.place("before", asked.before)
        wanted = ProblemFilter(asked.state, asked.is_over, before)
        found = await desk.outbox.problems(wanted, limit=asked.limit + 1)
        items = found[: asked.limit]
        following = place(items[-1]) if len(found) > asked.limit else None
        return Page(items=[shown_problem(one) for one in items], next=following)

    @routes.get("/{problem_id}", responses=refusals("not_found"))
    async def show_problem(_: Whoever, problem_id: str) -> ProblemShown:
        """One, counted anew where it changed."""
        return shown_problem(await counted_problem(desk, problem_id))

    @routes.post("/{problem_id}/acknowledge", responses=_ACTING)
    async def acknowledge_problem(operator: Acting, problem_id: str, said: Said) -> ProblemShown:
        """Somebody sees to it: it is quiet while it goes on."""
        put = await put_state(desk, operator, problem_id, ProblemState.ACKNOWLEDGED, said.note)
        return shown_problem(put)

    @routes.post("/{problem_id}/resolve", responses=_ACTING)
    async def resolve_problem(operator: Acting, problem_id: str, said: Said) -> ProblemShown:
        """It is over, whatever becomes of its dead letters. The next failure opens it again."""
        put = await put_state(desk, operator, problem_id, ProblemState.RESOLVED, said.note)
        return shown_problem(put)

    @routes.post("/{problem_id}/reopen", responses=_ACTING)
    async def reopen_problem(operator: Acting, problem_id: str, said: Said) -> ProblemShown:
        """It is not over, or nobody sees to it any more."""
        put = await put_state(desk, operator, problem_id, ProblemState.OPEN, said.note)
        return shown_problem(put)

    @routes.post(
        "/{problem_id}/replay",
        name="replay_problem",
        responses=refusals("forbidden", "not_found", "invalid"),
    )
    async def replay(operator: Acting, problem_id: str, asked: GroupReplay) -> Replayed | Counted:
        """Send its dead letters again, each as a new delivery, a bounded number a request. A
        problem without any left is resolved by itself."""
        return await replay_problem(desk, operator, problem_id, asked)

    return routes


def shown_problem(problem: Problem) -> ProblemShown:
    cause, touched = problem.cause, problem.touched
    return ProblemShown(
        id=problem.key,
        destination=cause.destination,
        target=cause.target,
        scenario=cause.scenario,
        outcome=cause.outcome.value,
        state=problem.state,
        severity=severity_of(cause.outcome),
        advice=advice_for(cause.outcome),
        letters=problem.letters,
        people=touched.people if touched else None,
        people_is_whole=touched.is_whole if touched else False,
        rules=list(touched.rules) if touched else [],
        sources=list(touched.sources) if touched else [],
        first_at=problem.first_at,
        last_at=problem.last_at,
        opened_at=problem.opened_at,
        changed_at=problem.changed_at,
        who=problem.who,
        note=problem.note,
    )

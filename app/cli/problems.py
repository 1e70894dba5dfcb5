"""`bridge problems ...`: dead letters of one cause; `bridge concerns`: what needs a person."""

from dataclasses import replace
from typing import Annotated, NoReturn

import typer

from app import lookup
from app.cli.exits import Exit
from app.cli.filters import Limit
from app.cli.given import ConfigFile
from app.cli.operate import DryRun, Most, Pace, Rules, Through, Yes, planned, replay_chosen
from app.cli.operator import Operator, an_act
from app.cli.store import with_store
from app.cli.tables import AsJson, as_json, complain, pairs, say, show, table
from app.concerns import advice_for, concerns, severity_of
from app.concerns.words import ADVICE
from app.config.schema.notice import Language
from app.kit.clock import SystemClock
from app.model.concern import Concern
from app.model.problem import Cause, Problem, ProblemState
from app.outbox import ActKind, DeliveryFilter, Outbox, ProblemFilter

problems = typer.Typer(help="Failures by their cause.", no_args_is_help=True)
_MOST_COUNTED = 20
Id = Annotated[str, typer.Argument(metavar="ID", help="main.scenario.3.malformed, as listed")]
Note = Annotated[str | None, typer.Option(help="shown to whoever looks next")]


@problems.command("list")
def list_problems(
    *,
    state: Annotated[ProblemState | None, typer.Option(help="in this state only")] = None,
    everything: Annotated[bool, typer.Option("--all", help="also what is resolved")] = False,
    before: Annotated[str | None, typer.Option(help="`next` of the page before")] = None,
    limit: Limit = 50,
    json: AsJson = False,
) -> None:
    """What began last comes first; without --all or --state what is not over.

    Exit status 1 when there is none.
    """
    is_over = None if everything or state else False
    wanted = ProblemFilter(state, is_over, lookup.place("--before", before))

    async def look(outbox: Outbox) -> list[Problem]:
        await outbox.look_through_some(limit=_MOST_COUNTED)
        return await outbox.problems(wanted, limit=limit)

    found = with_store(look)
    if json:
        as_json([_shape(one) for one in found])
    else:
        rows = ((p.key, p.state, p.letters, _people(p), p.opened_at, p.last_at) for p in found)
        columns = ("problem", "state", "dead letters", "people", "since (UTC)", "last (UTC)")
        show(table(columns, rows))
    if not found:
        complain("none")
        raise typer.Exit(Exit.NO)


@problems.command("show")
def show_problem(problem_id: Id, *, json: AsJson = False) -> None:
    """One, whom it met, and what to do."""
    cause = _cause(problem_id)

    async def look(outbox: Outbox) -> Problem | None:
        await outbox.look_through(cause)
        return await outbox.problem(cause)

    found = with_store(look)
    if found is None:
        _missing(problem_id)
    if json:
        as_json(_shape(found))
        return
    show(pairs({**_shape(found), "people": _people(found), "to do": _to_do(cause)}))
    say()
    say(f"its dead letters: bridge deliveries list --problem {found.key}")
    say(f"send them again:  bridge problems replay {found.key}")


@problems.command("acknowledge")
def acknowledge(problem_id: Id, *, note: Note = None, operator: Operator = None) -> None:
    """You see to it: it is quiet while it goes on. Exit status 1 when it is not open."""
    _put(problem_id, ProblemState.ACKNOWLEDGED, ActKind.ACKNOWLEDGE, note, operator)


@problems.command("resolve")
def resolve(problem_id: Id, *, note: Note = None, operator: Operator = None) -> None:
    """It is over; the next failure opens it again. Exit status 1 when it is over already."""
    _put(problem_id, ProblemState.RESOLVED, ActKind.RESOLVE, note, operator)


@problems.command("reopen")
def reopen(problem_id: Id, *, note: Note = None, operator: Operator = None) -> None:
    """It is not over. Exit status 1 when it is open already, or has no dead letters."""
    _put(problem_id, ProblemState.OPEN, ActKind.REOPEN, note, operator)


@problems.command("replay")
def replay(
    problem_id: Id,
    *,
    rules: Through = Rules.STORED,
    rate: Pace = None,
    limit: Most = 100_000,
    dry_run: DryRun = False,
    yes: Yes = False,
    operator: Operator = None,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Send its dead letters again, each as a new delivery. One without any left is resolved.

    A running bridge on the same store takes them up. Exit status 1 when there was none.
    """
    plan = planned(rules, rate, limit, operator, config)
    wanted = DeliveryFilter(cause=_cause(problem_id))
    replay_chosen(lambda _: wanted, plan, dry_run=dry_run, yes=yes, json=json)


def list_concerns(*, json: AsJson = False) -> None:
    """What needs a person now, as far as the store knows. Exit status 1 when nothing does.

    A running bridge knows also whether its configuration was refused: GET /api/v1/concerns.
    """
    found = with_store(lambda outbox: concerns(outbox, None, SystemClock()))
    if json:
        as_json([_concern_shape(one) for one in found])
    else:
        rows = (
            (c.cause, c.kind, c.severity, c.since, ADVICE[Language.EN][c.advice]) for c in found
        )
        show(table(("cause", "kind", "severity", "since (UTC)", "to do"), rows))
    if not found:
        complain("nothing")
        raise typer.Exit(Exit.NO)


def _put(
    problem_id: str, state: ProblemState, kind: ActKind, note: str | None, operator: str | None
) -> None:
    cause = _cause(problem_id)
    act = replace(an_act(kind, operator), subject={"problem": cause.key})

    async def put(outbox: Outbox) -> tuple[Problem | None, bool]:
        before = await outbox.problem(cause)
        return before, await outbox.set_state(cause, state, act, note=note)

    before, did = with_store(put)
    if before is None:
        _missing(problem_id)
    if not did:
        complain(f"it is {before.state}, with {before.letters} dead letters")
        raise typer.Exit(Exit.NO)
    say(f"{cause.key} is {state}")


def _cause(problem_id: str) -> Cause:
    cause = lookup.cause("ID", problem_id)
    if cause is None:
        _missing(problem_id)
    return cause


def _missing(problem_id: str) -> NoReturn:
    complain(f"there is no problem {problem_id}")
    raise typer.Exit(Exit.NO)


def _people(problem: Problem) -> str:
    if problem.touched is None:
        return ""
    few = "" if problem.touched.is_whole else "at least "
    return f"{few}{problem.touched.people}"


def _to_do(cause: Cause) -> str:
    return ADVICE[Language.EN][advice_for(cause.outcome)]


def _shape(problem: Problem) -> dict[str, object]:
    cause, touched = problem.cause, problem.touched
    return {
        "id": problem.key,
        "destination": cause.destination,
        cause.target.value: cause.scenario,
        "outcome": cause.outcome.value,
        "state": problem.state.value,
        "severity": severity_of(cause.outcome).value,
        "advice": advice_for(cause.outcome).value,
        "letters": problem.letters,
        "people": touched.people if touched else None,
        "people_is_whole": touched.is_whole if touched else False,
        "rules": touched.rules if touched else [],
        "sources": touched.sources if touched else [],
        "first_at": problem.first_at,
        "last_at": problem.last_at,
        "opened_at": problem.opened_at,
        "changed_at": problem.changed_at,
        "who": problem.who,
        "note": problem.note,
    }


def _concern_shape(concern: Concern) -> dict[str, object]:
    return {
        "kind": concern.kind.value,
        "cause": concern.cause,
        "severity": concern.severity.value,
        "since": concern.since,
        "advice": concern.advice.value,
        "about": dict(concern.about),
        "is_quiet": concern.is_quiet,
    }

"""Failures grouped by their cause: to be understood, mended and replayed together."""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BeforeValidator

from app import lookup
from app.concerns.gather import of_problem
from app.console.house import House
from app.console.needs import Need, need_of
from app.console.pages import address
from app.console.visitors import ActingVisitor, Visiting
from app.desk.desk import Desk
from app.desk.problems import counted_problem, put_state
from app.model.delivery import Delivery
from app.model.problem import Problem, ProblemState
from app.model.start import Match
from app.outbox import DeliveryFilter, ProblemFilter, place
from app.shown.masking import without

_PAGE = 50
_NEWEST = 10
_REASONS = 3
STATES: dict[ProblemState, str] = {
    ProblemState.OPEN: "bad",
    ProblemState.ACKNOWLEDGED: "warn",
    ProblemState.RESOLVED: "good",
}
_DONE_BY = {
    "acknowledge": ProblemState.ACKNOWLEDGED,
    "resolve": ProblemState.RESOLVED,
    "reopen": ProblemState.OPEN,
}
Doing: TypeAlias = Literal["acknowledge", "resolve", "reopen"]
Wanted: TypeAlias = Annotated[
    ProblemState | Literal["all"] | None, BeforeValidator(lambda given: given or None), Query()
]


@dataclass(frozen=True, slots=True)
class Shown:
    problem: Problem
    need: Need


def problem_routes(house: House) -> APIRouter:
    routes = APIRouter(prefix="/problems")
    desk, page = house.desk, house.pages.page

    @routes.get("")
    async def problems(
        request: Request, _: Visiting, state: Wanted = None, before: str | None = None
    ) -> Response:
        """Without a state: those that are not resolved."""
        found = await _found(desk, state, before)
        language = house.pages.language(request)
        shown = [Shown(one, need_of(of_problem(one), language)) for one in found[:_PAGE]]
        return page(
            request,
            "problems/list",
            problems=shown,
            tones=STATES,
            state=state,
            following=place(found[_PAGE - 1]) if len(found) > _PAGE else None,
            is_first=before is None,
        )

    @routes.get("/{key}")
    async def problem(request: Request, visitor: Visiting, key: str) -> Response:
        found = await counted_problem(desk, key)
        newest = await desk.outbox.deliveries(DeliveryFilter(cause=found.cause), limit=_NEWEST)
        hidden = () if visitor.may_act else None
        return page(
            request,
            "problems/one",
            problem=found,
            need=need_of(of_problem(found), house.pages.language(request)),
            tones=STATES,
            newest=newest,
            reasons=_reasons(newest, hidden),
        )

    @routes.post("/{key}/{doing}")
    async def put(
        visitor: ActingVisitor,
        key: str,
        doing: Doing,
        note: Annotated[str, Form(max_length=400)] = "",
    ) -> Response:
        said = note.strip() or None
        await put_state(desk, visitor.operator, key, _DONE_BY[doing], said)
        return RedirectResponse(address(f"/problems/{key}"), 303)

    return routes


async def _found(
    desk: Desk, state: ProblemState | Literal["all"] | None, before: str | None
) -> list[Problem]:
    """One more than a page. Raises NotUnderstood."""
    last = lookup.place("before", before)
    wanted = ProblemFilter(before=last)
    if state is None:
        wanted = ProblemFilter(is_over=False, before=last)
    elif state != "all":
        wanted = ProblemFilter(state=state, before=last)
    return await desk.outbox.problems(wanted, limit=_PAGE + 1)


def _reasons(newest: list[Delivery], hidden: tuple[Match, ...] | None) -> list[str]:
    """What the platform said of the newest, each once; `hidden` None: without whom it names."""
    said = [
        without(one.reason, one.start.matches if hidden is None else hidden)
        for one in newest
        if one.reason
    ]
    return [text for text in dict.fromkeys(said) if text][:_REASONS]

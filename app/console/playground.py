"""Where a rule is tried: a call on one side, the rules on the other, what would happen below."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from app.console.house import House
from app.console.playground_form import Filled, asked_of, case_asked_of, filled_with
from app.console.rules import rule_of
from app.console.visitors import Visiting, Visitor
from app.desk.bodies import Body, shown_body
from app.desk.desk import Desk
from app.desk.refusals import Invalid, NotFound
from app.desk.trial import case_of, try_it
from app.desk.trials import Busy
from app.desk.tried import CaseShown, TryShown
from app.model.event import Event, EventId
from app.outbox import EventFilter
from app.revision.excerpts import Excerpt

_CALLS = 12


class Outcome:
    """Of a trial: `tried`, or why not, with the faults of the text, in its own lines."""

    def __init__(self, tried: TryShown | None = None, error: Invalid | Busy | None = None) -> None:
        self.tried = tried
        self.is_busy = isinstance(error, Busy)
        self.why = str(error) if isinstance(error, Invalid) else None
        faults = error.more.get("faults") if isinstance(error, Invalid) else None
        self.faults = faults if isinstance(faults, list) else []


def playground_routes(house: House) -> APIRouter:
    routes = APIRouter(prefix="/playground")
    desk = house.desk

    @routes.get("")
    async def playground(
        request: Request, visitor: Visiting, source: str = "", event: str = "", rule: str = ""
    ) -> Response:
        filled, stored, hidden = Filled(rule=rule, source=source), None, None
        text = rule_of(desk, rule)[1].text if rule else desk.revision.text
        if rule and not source and (of := rule_of(desk, rule)[0].sources):
            filled = filled.model_copy(update={"source": min(of)})
        filled = filled.model_copy(update={"configuration": text})
        if event:
            stored = await _event(desk, event)
            filled, hidden = _loaded(desk, visitor, filled, stored)
        is_whole = bool(event) and hidden is None
        outcome = await _outcome(desk, filled) if is_whole else None
        desk.trials.warm()
        return await _page(request, visitor, filled, outcome=outcome, hidden=hidden)

    @routes.post("")
    async def attempt(
        request: Request, visitor: Visiting, filled: Annotated[Filled, Form()]
    ) -> Response:
        if "hx-request" in request.headers:
            shown = _given(desk, filled, await _outcome(desk, filled))
            return house.pages.page(request, "playground/result", **shown)
        hidden = None
        if filled.load:
            filled, hidden = _loaded(desk, visitor, filled, await _event(desk, filled.load))
        case = await _case(desk, filled) if filled.case else None
        outcome = await _outcome(desk, filled) if hidden is None and not filled.calls else None
        return await _page(request, visitor, filled, outcome=outcome, hidden=hidden, case=case)

    async def _page(
        request: Request,
        visitor: Visitor,
        filled: Filled,
        *,
        outcome: Outcome | None = None,
        hidden: Body | None = None,
        case: CaseShown | Invalid | Busy | None = None,
    ) -> Response:
        sources = list(desk.revision.sources)
        if filled.source not in sources:
            filled = filled.model_copy(update={"source": sources[0] if sources else ""})
        wanted = EventFilter(source=filled.source)
        calls = await desk.outbox.events(wanted, limit=_CALLS) if visitor.may_act else []
        return house.pages.page(
            request,
            "playground/page",
            sources=sources,
            calls=calls,
            hidden=hidden,
            case=case if isinstance(case, CaseShown) else None,
            no_case=None if isinstance(case, CaseShown) else case,
            **_given(desk, filled, outcome),
        )

    return routes


def _given(desk: Desk, filled: Filled, outcome: Outcome | None) -> dict[str, Any]:
    excerpt = _excerpt(desk, filled)
    return {
        "filled": filled,
        "outcome": outcome,
        "excerpt": excerpt,
        # Where the edited text begins in the file that is tried, and how many lines it has.
        "first_line": excerpt.line if excerpt else 1,
        "lines": filled.configuration.splitlines(),
    }


def _excerpt(desk: Desk, filled: Filled) -> Excerpt | None:
    """Raises NotFound."""
    return rule_of(desk, filled.rule)[1] if filled.rule else None


async def _event(desk: Desk, event_id: str) -> Event:
    """Raises NotFound."""
    event = await desk.outbox.event(EventId(event_id))
    if event is None:
        raise NotFound("there is no such event")
    return event


def _loaded(
    desk: Desk, visitor: Visitor, filled: Filled, event: Event
) -> tuple[Filled, Body | None]:
    """With the call of the event; where its body can't be tried, that body as it may be shown."""
    source = desk.revision.sources.get(event.source)
    body = shown_body(event, source, reveal=visitor.may_act)
    if not visitor.may_act or event.is_erased or body.form == "hidden":
        return filled.model_copy(update={"source": event.source, "load": ""}), body
    return filled_with(filled, event, body), None


async def _outcome(desk: Desk, filled: Filled) -> Outcome:
    try:
        return Outcome(
            await try_it(desk, asked_of(filled, desk.revision.text, _excerpt(desk, filled)))
        )
    except (Invalid, Busy) as error:
        return Outcome(error=error)


async def _case(desk: Desk, filled: Filled) -> CaseShown | Invalid | Busy:
    try:
        whole, excerpt = desk.revision.text, _excerpt(desk, filled)
        return await case_of(desk, case_asked_of(filled, whole, excerpt))
    except (Invalid, Busy) as error:
        return error

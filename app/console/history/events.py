"""`/events`: calls as they came in, and each as a story to its end."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from app.console.history.sought import PAGE, EventsSought, options, turned
from app.console.history.story import stories
from app.console.history.tones import SAID, worst
from app.console.house import House
from app.console.pages import address
from app.console.visitors import ActingVisitor, Visiting, Visitor
from app.desk.bodies import Body, shown_body
from app.desk.desk import Desk
from app.desk.event_replays import replay_event
from app.desk.refusals import NotFound
from app.desk.trial import try_event
from app.desk.tried import RuleTried
from app.lookup import NotUnderstood
from app.model.delivery import DeliveryId, DeliveryState
from app.model.event import Event, EventId, EventStatus
from app.model.json import Json
from app.outbox import ActId, DeliveryFilter, Look
from app.shown.masking import masked

_MOST_DELIVERIES = 100
_READABLE = ("json", "item", "decoded")


@dataclass(frozen=True, slots=True)
class Line:
    """An event in a list. `worst` None: it started nothing."""

    event: Event
    count: int
    worst: DeliveryState | None


@dataclass(frozen=True, slots=True)
class CallShown:
    """As the visitor may see it. `is_json`: `body` is a value, not a text."""

    event: Event
    headers: dict[str, str]
    query: str
    body: Json
    body_form: str
    is_json: bool


def event_routes(house: House) -> APIRouter:
    routes = APIRouter()
    desk, page = house.desk, house.pages.page

    @routes.get("/events")
    async def list_events(
        request: Request, _: Visiting, sought: Annotated[EventsSought, Query()]
    ) -> Response:
        found: Look[Event] = Look((), None)
        wrong = None
        try:
            found = await _look(desk, sought)
        except NotUnderstood as error:
            wrong = str(error)
        return page(
            request,
            "history/events",
            422 if wrong else 200,
            lines=await _lines(desk, found.items),
            found=found,
            wrong=wrong,
            words=sought.words,
            to=turned("/events", sought.words),
            is_first=sought.before is None,
            sources=options(desk.revision.sources, sought.source),
            statuses=list(EventStatus),
            **SAID,
        )

    @routes.get("/events/{event_id}")
    async def show_event(
        request: Request, visitor: Visiting, event_id: str, act: str | None = None
    ) -> Response:
        event = await _found(event_id)
        made = await desk.outbox.deliveries(
            DeliveryFilter(event_id=event.id, after=DeliveryId("0")), limit=_MOST_DELIVERIES + 1
        )
        told = await stories(desk, made[:_MOST_DELIVERIES], reveal=visitor.may_act)
        return page(
            request,
            "history/event",
            call=shown_call(desk, event, visitor),
            stories=told,
            is_cut=len(made) > _MOST_DELIVERIES,
            took=sorted({s.delivery.start.rule for s in told if s.delivery.act_id is None}),
            today=_today(desk, event),
            act=await desk.outbox.act(ActId(act)) if act else None,
            **SAID,
        )

    @routes.get("/events/{event_id}/replay")
    async def ask_replay(request: Request, _: ActingVisitor, event_id: str) -> Response:
        event = await _found(event_id)
        return page(request, "history/replay_event", event=event, today=_today(desk, event))

    @routes.post("/events/{event_id}/replay")
    async def replay(visitor: ActingVisitor, event_id: str) -> Response:
        done = await replay_event(desk, visitor.operator, event_id)
        return RedirectResponse(address(f"/events/{event_id}", act=done.act), 303)

    async def _found(event_id: str) -> Event:
        event = await desk.outbox.event(EventId(event_id))
        if event is None:
            raise NotFound("there is no such event")
        return event

    return routes


async def _look(desk: Desk, sought: EventsSought) -> Look[Event]:
    """Raises NotUnderstood."""
    last = EventId(sought.before) if sought.before else None
    wanted = replace(sought.asked().filter(desk), before=last)
    return await desk.outbox.look_at_events(wanted, limit=PAGE)


async def _lines(desk: Desk, events: Sequence[Event]) -> list[Line]:
    of = defaultdict(list)
    for one in await desk.outbox.started([event.id for event in events]):
        of[one.event_id].append(one)
    return [Line(e, sum(one.count for one in of[e.id]), worst(of[e.id])) for e in events]


def shown_call(desk: Desk, event: Event, visitor: Visitor) -> CallShown:
    reveal = visitor.may_act
    body: Body = shown_body(event, desk.revision.sources.get(event.source), reveal=reveal)
    return CallShown(
        event=event,
        headers=dict(event.headers) if reveal else dict.fromkeys(event.headers, "***"),
        query=event.query if reveal or not event.query else str(masked(event.query)),
        body=body.value,
        body_form=body.form,
        is_json=body.form in _READABLE,
    )


def _today(desk: Desk, event: Event) -> Sequence[RuleTried] | None:
    """What the rules in use say of it; None: they can't be asked."""
    tried = try_event(desk, event)
    if tried is None or not tried.events:
        return None
    return tried.events[0].rules

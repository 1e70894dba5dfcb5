"""Waits for the next call of a source, and shows each as it comes: also those that are refused,
since a set-up mostly fails there."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from app.console.house import House
from app.console.pages import address
from app.console.source_of import guide_of, known_source
from app.console.unkept import Unkept, shown_unkept
from app.console.visitors import Visiting
from app.desk.bodies import Body, shown_body
from app.desk.refusals import Invalid
from app.kit.durations import size_text
from app.kit.light import light
from app.model.delivery import Delivery
from app.model.event import Event, EventStatus
from app.outbox import DeliveryFilter, EventFilter
from app.sources.source import Source

_MOST = 20
_MOST_STARTS = 10
# Clocks of processes differ a little: a call that comes at once must not be before the page.
_SLACK = timedelta(seconds=2)
_LARGEST_MS = 253_402_300_799_000


@light
class Came:
    """A call: one that became an event, or one that did not."""

    id: str
    at: datetime
    event: Event | None = None
    body: Body | None = None
    starts: Iterable[Delivery] = ()
    unkept: Unkept | None = None


def listen_routes(house: House) -> APIRouter:
    routes = APIRouter(prefix="/sources/{name}/listen")

    @routes.get("")
    async def listen(request: Request, visitor: Visiting, name: str, since: str = "") -> Response:
        source = known_source(house, name)
        if not since:
            # In the address, so that the page can be loaded again without losing what came.
            now = int((house.desk.clock.now() - _SLACK).timestamp() * 1000)
            return RedirectResponse(address(f"/sources/{name}/listen", since=now), 303)
        calls = await _calls(house, request, source, since, reveal=visitor.may_act)
        return house.pages.page(
            request,
            "source_listen",
            source=source,
            guide=guide_of(house, request, name),
            calls=calls,
            since=since,
            began=_instant(since),
            seen=_seen(calls),
            limit=size_text(source.body_limit),
            is_part=False,
        )

    @routes.get("/calls")
    async def calls(
        request: Request, visitor: Visiting, name: str, since: str, seen: str = ""
    ) -> Response:
        """The part of the page that changes; 204 when it is as it was."""
        source = known_source(house, name)
        found = await _calls(house, request, source, since, reveal=visitor.may_act)
        if _seen(found) == seen:
            return Response(status_code=204)
        return house.pages.page(
            request,
            "source_calls",
            source=source,
            calls=found,
            since=since,
            began=_instant(since),
            seen=_seen(found),
            limit=size_text(source.body_limit),
            is_part=True,
        )

    return routes


async def _calls(
    house: House, request: Request, source: Source, since: str, *, reveal: bool
) -> list[Came]:
    """The newest first."""
    outbox, began = house.desk.outbox, _instant(since)
    proofs = guide_of(house, request, source.name).proofs
    unkept = await outbox.refusals(source.name, since=began)
    events = await outbox.events(EventFilter(source=source.name, since=began), limit=_MOST)
    found = [Came(one.id, one.at, unkept=shown_unkept(one, proofs)) for one in unkept]
    for event in events:
        starts: list[Delivery] = []
        if event.status is EventStatus.ACCEPTED:
            wanted = DeliveryFilter(event_id=event.id)
            starts = await outbox.deliveries(wanted, limit=_MOST_STARTS)
        body = shown_body(event, source, reveal=reveal)
        found.append(Came(event.id, event.received_at, event, body, starts))
    return sorted(found, key=lambda one: one.id, reverse=True)[:_MOST]


def _instant(since: str) -> datetime:
    """Raises Invalid."""
    if not since.isascii() or not since.isdecimal() or int(since[:16]) > _LARGEST_MS:
        raise Invalid("since: expected milliseconds since 1970")
    return datetime.fromtimestamp(int(since[:16]) / 1000, UTC)


def _seen(calls: Iterable[Came]) -> str:
    """Changes whenever what is shown does."""
    ids = " ".join(one.id for one in calls)
    return hashlib.sha256(ids.encode()).hexdigest()[:16]

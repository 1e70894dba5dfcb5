"""What flows now, and what needs a person."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.console.charts import Chart, stacked
from app.console.flow import RANGES, Flow, Line, Range, flow
from app.console.house import House
from app.console.needs import Need, needs
from app.console.visitors import Visiting
from app.desk.desk import Desk
from app.desk.destination_state import DestinationState, state_of
from app.outbox import Backlog, PauseKind

_NAMES = {one.name: one for one in RANGES}
RangeName = Annotated[str, Query(alias="range", max_length=10)]


@dataclass(frozen=True, slots=True)
class SourceRow:
    name: str
    line: Line
    chart: Chart
    is_paused: bool


@dataclass(frozen=True, slots=True)
class DestinationRow:
    """`waiting_s`: how long the oldest of what waits has done so."""

    name: str
    state: DestinationState
    waiting: int
    waiting_s: float | None
    line: Line
    chart: Chart


@dataclass(frozen=True, slots=True)
class Situation:
    """`waiting` starts are not delivered; the oldest of them for `waiting_s`."""

    flow: Flow
    calls: Chart
    starts: Chart
    waiting: int
    waiting_s: float | None
    sources: list[SourceRow]
    destinations: list[DestinationRow]
    needs: list[Need]


def overview_routes(house: House) -> APIRouter:
    routes = APIRouter()

    @routes.get("/")
    async def overview(request: Request, _: Visiting, chosen: RangeName = "hour") -> Response:
        shown = _NAMES.get(chosen, RANGES[0])
        found = await situation(house.desk, shown, house.pages.language(request))
        return house.pages.page(request, "overview", now=found, ranges=RANGES, shown=shown)

    @routes.get("/now")
    async def now(request: Request, _: Visiting, chosen: RangeName = "hour") -> Response:
        """The part of the overview that changes."""
        shown = _NAMES.get(chosen, RANGES[0])
        found = await situation(house.desk, shown, house.pages.language(request))
        return house.pages.page(request, "now", now=found)

    return routes


async def situation(desk: Desk, shown: Range, language: str) -> Situation:
    """Raises StoreUnavailable."""
    at = desk.clock.now()
    flowed = await flow(desk.outbox, shown, at)
    backlog = await desk.outbox.backlog()
    pauses = {(one.kind, one.name): one for one in await desk.outbox.pauses()}
    stopped = {one.destination: one for one in await desk.outbox.stoppages()}
    destinations = [
        _destination(
            name,
            state_of(stopped.get(name), pauses.get((PauseKind.DESTINATION, name))),
            [one for one in backlog if one.destination == name],
            flowed,
            at,
        )
        for name in desk.revision.destinations
    ]
    sources = [
        _source(name, flowed, is_paused=(PauseKind.SOURCE, name) in pauses)
        for name in desk.revision.sources
    ]
    return Situation(
        flow=flowed,
        calls=stacked(flowed.calls, width=600, height=120),
        starts=stacked(flowed.starts, width=600, height=120),
        waiting=sum(one.count for one in backlog),
        waiting_s=_age(backlog, at),
        sources=sources,
        destinations=destinations,
        needs=await needs(desk, language),
    )


def _source(name: str, flowed: Flow, *, is_paused: bool) -> SourceRow:
    line = flowed.sources.get(name) or _empty(flowed.calls)
    return SourceRow(name, line, _small(line), is_paused)


def _destination(
    name: str, state: DestinationState, backlog: list[Backlog], flowed: Flow, at: datetime
) -> DestinationRow:
    line = flowed.destinations.get(name) or _empty(flowed.starts)
    waiting = sum(one.count for one in backlog)
    return DestinationRow(name, state, waiting, _age(backlog, at), line, _small(line))


def _small(line: Line) -> Chart:
    return stacked(line, width=180, height=28)


def _empty(like: Line) -> Line:
    nothing = [0] * len(like.good)
    return Line(nothing, nothing, nothing)


def _age(backlog: list[Backlog], at: datetime) -> float | None:
    oldest = min((one.oldest_at for one in backlog), default=None)
    return None if oldest is None else (at - oldest).total_seconds()

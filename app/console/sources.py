"""The systems that may call: all of them, and one with how to set it up and what it sent last."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.console.house import House
from app.console.source_of import base_of, guide_of, known_source
from app.console.unkept import Unkept, shown_unkept
from app.console.visitors import Visiting
from app.desk.pauses import pause_of
from app.kit.durations import size_text
from app.kit.light import light
from app.model.event import EventStatus
from app.outbox import EventFilter, PauseKind, RecentCall
from app.sources.presets import presets

_RECENT = 20
_LAST = 10


@light
class _Row:
    name: str
    preset: str | None
    address: str
    last: RecentCall | None
    recent: int
    ignored: int
    refused: int
    is_paused: bool


def source_routes(house: House) -> APIRouter:
    routes = APIRouter(prefix="/sources")

    @routes.get("")
    async def list_sources(request: Request, _: Visiting) -> Response:
        rows = await _rows(house, request)
        return house.pages.page(
            request, "sources", rows=rows, has_public_url=bool(house.public_url)
        )

    @routes.get("/{name}")
    async def show_source(request: Request, _: Visiting, name: str) -> Response:
        source = known_source(house, name)
        desk, config = house.desk, house.desk.revision.file.sources[name]
        found = guide_of(house, request, name)
        unkept: list[Unkept] = [
            shown_unkept(one, found.proofs) for one in (await desk.outbox.refusals(name))[:_LAST]
        ]
        return house.pages.page(
            request,
            "source",
            source=source,
            preset=presets().get(config.preset or ""),
            guide=found,
            has_public_url=bool(house.public_url),
            rules=desk.revision.rules.of[name].rules,
            limit=size_text(source.body_limit),
            pause=await pause_of(house.desk, PauseKind.SOURCE, name),
            events=await desk.outbox.events(EventFilter(source=name), limit=_LAST),
            unkept=unkept,
        )

    return routes


async def _rows(house: House, request: Request) -> list[_Row]:
    desk, base = house.desk, base_of(house, request)
    sources = desk.revision.sources
    recent = await desk.outbox.recent_calls(list(sources), limit=_RECENT)
    refused = await desk.outbox.refused()
    paused = {one.name for one in await desk.outbox.pauses() if one.kind is PauseKind.SOURCE}
    return [
        _Row(
            name=name,
            preset=source.preset,
            address=f"{base}/hooks/{name}",
            last=recent[name][0] if recent[name] else None,
            recent=len(recent[name]),
            ignored=sum(one.status is EventStatus.IGNORED for one in recent[name]),
            refused=refused.get(name, 0),
            is_paused=name in paused,
        )
        for name, source in sources.items()
    ]

"""`/sources`: who may call, as the configuration in use has it."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.api.access import Whoever, refusals
from app.desk.desk import Desk
from app.desk.refusals import NotFound
from app.outbox import Pause, PauseKind
from app.sources.source import Source


class SourceShown(BaseModel):
    name: str
    preset: str | None
    path: str = Field(description="where it calls")
    rules: list[str] = Field(description="that its calls are held against, in order")
    region: str | None = Field(description="of phones without a country")
    body_limit: int = Field(description="bytes")
    is_batch: bool = Field(description="a call holds several events")
    knows_repeats: bool = Field(description="a call that comes again is known by its key")
    is_strict: bool
    is_paused: bool


class Sources(BaseModel):
    revision: str
    items: list[SourceShown]


def source_routes(desk: Desk) -> APIRouter:
    routes = APIRouter(prefix="/sources", tags=["configuration"])

    @routes.get("", responses=refusals())
    async def list_sources(_: Whoever) -> Sources:
        """In the order of the file."""
        revision, pauses = desk.revision, await desk.outbox.pauses()
        items = [_shown(desk, one, pauses) for one in revision.sources.values()]
        return Sources(revision=revision.id, items=items)

    @routes.get("/{name}", responses=refusals("not_found"))
    async def show_source(_: Whoever, name: str) -> SourceShown:
        """One of them."""
        source = desk.revision.sources.get(name)
        if source is None:
            raise NotFound("there is no such source in the configuration")
        return _shown(desk, source, await desk.outbox.pauses())

    return routes


def _shown(desk: Desk, source: Source, pauses: list[Pause]) -> SourceShown:
    return SourceShown(
        name=source.name,
        preset=source.preset,
        path=f"/hooks/{source.name}",
        rules=[rule.name for rule in desk.revision.rules.of[source.name].rules],
        region=source.region,
        body_limit=source.body_limit,
        is_batch=source.each is not None,
        knows_repeats=source.dedup is not None,
        is_strict=source.strict,
        is_paused=any((p.kind, p.name) == (PauseKind.SOURCE, source.name) for p in pauses),
    )

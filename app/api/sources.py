"""`/sources`: who may call, as the configuration in use has it."""

from datetime import datetime
from typing import cast

from fastapi import APIRouter
from pydantic import BaseModel, Field, JsonValue

from app.api.access import Whoever, refusals
from app.desk.desk import Desk
from app.desk.refusals import NotFound
from app.model.unkept import UnkeptCall
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


class UnkeptShown(BaseModel):
    """Nothing in it is secret or names a person: texts are shown by their length."""

    id: str
    at: datetime
    slug: str = Field(description="the type of the problem; or `answered`, `duplicate`")
    why: str | None = Field(
        description="for operators; of an answered handshake its name, of a duplicate the event"
    )
    method: str
    path: str = Field(description="what follows the address of the source, with the query")
    headers: dict[str, str] = Field(description="values only of those that say how it was sent")
    content_type: str
    body_bytes: int
    shape: JsonValue = Field(description="the decoded body; null: it can't be decoded")


class UnkeptCalls(BaseModel):
    items: list[UnkeptShown]


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
        return _shown(desk, _known(desk, name), await desk.outbox.pauses())

    @routes.get("/{name}/refusals", responses=refusals("not_found"))
    async def list_refusals(_: Whoever, name: str) -> UnkeptCalls:
        """Its last calls that left no event, within an hour: refused, repeated, or answered
        handshakes; the newest first, twenty at most. Of many in a second not all are noted."""
        found = await desk.outbox.refusals(_known(desk, name).name)
        return UnkeptCalls(items=[_unkept(one) for one in found])

    return routes


def _known(desk: Desk, name: str) -> Source:
    source = desk.revision.sources.get(name)
    if source is None:
        raise NotFound("there is no such source in the configuration")
    return source


def _unkept(call: UnkeptCall) -> UnkeptShown:
    return UnkeptShown(
        id=call.id,
        at=call.at,
        slug=call.slug,
        why=call.why,
        method=call.method,
        path=call.path,
        headers=dict(call.headers),
        content_type=call.content_type,
        body_bytes=call.body_bytes,
        shape=cast("JsonValue", call.shape),
    )


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

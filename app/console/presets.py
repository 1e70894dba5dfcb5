"""The systems that are known: what to enter where in each."""

import asyncio
from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.console.house import House
from app.console.source_of import base_of
from app.console.visitors import Visiting
from app.desk.refusals import NotFound
from app.set_up.guide import steps
from app.set_up.paste import source_text
from app.set_up.proofs import template_ways
from app.sources.presets import Preset, presets


def preset_routes(house: House) -> APIRouter:
    routes = APIRouter(prefix="/sources/presets")

    @routes.get("")
    async def list_presets(request: Request, _: Visiting) -> Response:
        known = await asyncio.to_thread(_all)
        used: dict[str, list[str]] = {}
        for source in house.desk.revision.sources.values():
            used.setdefault(source.preset or "", []).append(source.name)
        return house.pages.page(request, "presets", presets=known, used=used, ways=template_ways)

    @routes.get("/{name}")
    async def show_preset(request: Request, _: Visiting, name: str) -> Response:
        if name not in presets():
            raise NotFound("there is no such preset")
        preset = await asyncio.to_thread(presets().__getitem__, name)
        url = f"{base_of(house, request)}/hooks/{name}"
        sources = house.desk.revision.sources.values()
        return house.pages.page(
            request,
            "preset",
            name=name,
            preset=preset,
            ways=template_ways(preset),
            steps=steps(preset, url),
            text=source_text(name, preset),
            used=[one.name for one in sources if one.preset == name],
        )

    return routes


def _all() -> Mapping[str, Preset]:
    """Their files are read when they are first asked for."""
    return dict(presets())

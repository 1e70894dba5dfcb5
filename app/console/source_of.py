"""What the pages of a source have in common."""

from fastapi import Request

from app.console.gate import is_safe
from app.console.house import House
from app.desk.refusals import NotFound
from app.set_up.guide import Guide, guide
from app.sources.source import Source


def known_source(house: House, name: str) -> Source:
    """Raises NotFound."""
    source = house.desk.revision.sources.get(name)
    if source is None:
        raise NotFound("there is no such source in the configuration")
    return source


def base_of(house: House, request: Request) -> str:
    """How callers address the bridge: as it was told, else as this browser does."""
    if house.public_url:
        return house.public_url.rstrip("/")
    scheme = "https" if is_safe(request.scope) else "http"
    return f"{scheme}://{request.headers.get('host', 'localhost')}"


def guide_of(house: House, request: Request, name: str) -> Guide:
    config = house.desk.revision.file.sources[name]
    return guide(name, config, base_of(house, request), house.desk.clock.now())

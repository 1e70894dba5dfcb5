"""Makes pages of templates."""

import hashlib
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from urllib.parse import urlencode

import jinja2
import orjson
from fastapi import Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from app.console.visitors import LANGUAGE_COOKIE, language_of
from app.console.words import Words
from app.kit.durations import duration_text
from app.model.json import Json

PREFIX = "/console"


class Pages:
    def __init__(self) -> None:
        self._templates = _templates()

    def page(
        self, request: Request, name: str, /, status: int = 200, **given: object
    ) -> HTMLResponse:
        """`templates/{name}.html`. It knows `t` (see Words), `visitor`, `path` and `now` besides
        what is given."""
        words = Words(self.language(request))
        html = self._templates.get_template(f"{name}.html").render(
            t=words,
            visitor=getattr(request.state, "visitor", None),
            path=request.url.path,
            here=_here(request),
            **given,
        )
        return HTMLResponse(html, status, {"Vary": "Cookie, Accept-Language"})

    def language(self, request: Request) -> str:
        """The visitor's."""
        accepted = request.headers.get("accept-language", "")
        return language_of(request.cookies.get(LANGUAGE_COOKIE), accepted)


@cache
def _templates() -> jinja2.Environment:
    """One for all: a template is read and compiled by the first who shows it."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("app.console"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        instant=instant, age=age, number=number, as_json=as_json, duration=duration_text
    )
    made.globals.update(prefix=PREFIX, asset=asset, address=address)
    return made


def _here(request: Request) -> str:
    """The page with its query, to come back to."""
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path


def address(path: str, /, **query: object) -> str:
    """Within the console; what is None or empty in the query is left out."""
    given = {name: str(value) for name, value in query.items() if value not in (None, "")}
    return f"{PREFIX}{path}" + (f"?{urlencode(given)}" if given else "")


@cache
def asset(name: str) -> str:
    """Where a file of `static/` is: named by its content, so that browsers may keep it."""
    content = files(__package__).joinpath("static").joinpath(name).read_bytes()
    return f"{PREFIX}/static/{name}?{hashlib.sha256(content).hexdigest()[:12]}"


def instant(at: datetime | None, *, with_ms: bool = False) -> Markup:
    """In UTC; `console.js` turns it into the time of the place."""
    if at is None:
        return Markup("&ndash;")
    exact = at.astimezone(UTC)
    text = f"{exact:%Y-%m-%d %H:%M:%S}" + (f".{exact.microsecond // 1000:03}" if with_ms else "")
    zone = "ms" if with_ms else "s"
    return Markup('<time datetime="{}" data-to="{}">{} UTC</time>').format(
        exact.isoformat(), zone, text
    )


def age(seconds: float) -> str:
    """In the two units that matter: `3d 4h`, `12m 5s`."""
    left, parts = max(0, int(seconds)), []
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, length)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2]) or "0s"


def number(given: float) -> str:
    """With thin spaces between the thousands."""
    return f"{given:,}".replace(",", "\u202f")


def as_json(given: Json) -> str:
    return orjson.dumps(given, option=orjson.OPT_INDENT_2, default=str).decode()

"""The console, whole."""

from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path

import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response, StreamingResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from app.console.check import check_routes
from app.console.gate import Gate
from app.console.history.routes import history_routes
from app.console.house import House
from app.console.login import login_routes
from app.console.overview import overview_routes
from app.console.pages import PREFIX
from app.console.playground import playground_routes
from app.console.presets import preset_routes
from app.console.problems import problem_routes
from app.console.provider import Provider
from app.console.rules import rule_routes
from app.console.source_listen import listen_routes
from app.console.source_pause import source_pause_routes
from app.console.sources import source_routes
from app.console.visitors import Visiting
from app.kit.errors import BridgeError
from app.web.asgi import App, Receive, Scope, Send
from app.web.problems import PROBLEMS

_log = structlog.get_logger()
_OPEN = ("/login", "/language", "/openid", "/static/")
_SLUGS = {403: "forbidden", 404: "not_found", 405: "method_not_allowed"}
_STATIC = Path(__file__).parent / "static"
_PARTS: tuple[Callable[[House], APIRouter], ...] = (
    login_routes,
    overview_routes,
    problem_routes,
    history_routes,
    preset_routes,
    source_routes,
    source_pause_routes,
    listen_routes,
    rule_routes,
    check_routes,
    playground_routes,
)


def create_console(house: House, provider: Provider | None = None) -> App:
    """Serves all that is under PREFIX. `provider`: who else lets operators in."""
    # Addresses of these pages are nobody's interface.
    app = FastAPI(openapi_url=None)
    routes = APIRouter(prefix=PREFIX)
    for part in _PARTS:
        routes.include_router(part(house))
    routes.include_router(_live_routes(house))
    # Its library is large, and few need it.
    openid = import_module("app.console.openid") if provider is not None else None
    if openid is not None:
        routes.include_router(openid.openid_routes(house, provider))
    app.include_router(routes)
    app.mount(f"{PREFIX}/static", StaticFiles(directory=_STATIC))
    _refuse_with_pages(app, house)
    return Gate(
        app if openid is None else openid.remembering(app, house.desk.outbox.key("openid")),
        prefix=PREFIX,
        open_paths=_OPEN,
        sessions=house.sessions,
        operators=house.operators,
        refusal=lambda slug, why: _refusal(house, slug, why),
    )


def _live_routes(house: House) -> APIRouter:
    routes = APIRouter()

    @routes.get("/live")
    async def live(_: Visiting) -> Response:
        """A `tick` whenever something happened."""
        headers = {"X-Accel-Buffering": "no"}  # nginx would keep it back
        return StreamingResponse(
            house.live.follow(), media_type="text/event-stream", headers=headers
        )

    return routes


def _refuse_with_pages(app: FastAPI, house: House) -> None:
    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        return _refused(house, request, _SLUGS.get(error.status_code, "bad_request"))

    @app.exception_handler(BridgeError)
    async def failed(request: Request, error: BridgeError) -> Response:
        return _refused(house, request, error.slug, str(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        wrong = "; ".join(f"{e['loc'][-1]}: {e['msg']}" for e in error.errors())
        return _refused(house, request, "invalid", wrong)

    @app.middleware("http")
    async def never_a_traceback(
        request: Request, answer: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        try:
            return await answer(request)
        except Exception:  # noqa: BLE001 - no traceback reaches a browser
            _log.exception("request.failed", path=request.url.path)
            return _refused(house, request, "internal")


def _refused(house: House, request: Request, slug: str, why: str | None = None) -> Response:
    known = slug if slug in PROBLEMS else "internal"
    return house.pages.page(request, "refused", PROBLEMS[known].status, slug=known, why=why)


def _refusal(house: House, slug: str, why: str) -> App:
    """As the gate has it: `why` names a text."""

    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        answer = _refused(house, Request(scope, receive), slug, why)
        await answer(scope, receive, send)

    return refuse

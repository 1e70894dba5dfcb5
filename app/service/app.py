"""The web application."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from app.api.guard import Guard
from app.api.health import InUse, Readiness, health_routes
from app.api.metrics import metrics_routes
from app.api.routes import api_routes
from app.console.pages import PREFIX as CONSOLE
from app.desk.desk import Desk
from app.desk.operators import Operators
from app.ingest import reference
from app.ingest.intake import PREFIX
from app.kit.errors import BridgeError
from app.web.asgi import App, Receive, Scope, Send
from app.web.problems import CONTENT_TYPE, PROBLEMS, Problem

_log = structlog.get_logger()
_SLUGS = {401: "unauthenticated", 403: "forbidden", 404: "not_found", 405: "method_not_allowed"}


@dataclass(frozen=True, slots=True)
class Faces:
    """What operators come by."""

    desk: Desk
    operators: Operators
    console: App


def create_app(
    hooks: App | None,
    readiness: Readiness,
    in_use: Callable[[], InUse],
    is_stopping: Callable[[], bool],
    operating: Faces | None = None,
) -> App:
    """`hooks` serves the calls; None where this process takes none."""
    # The page brings its own scripts: there may be no way out of the network it is read in.
    faces = FastAPIOffline(
        title="Altcraft scenario bridge",
        description="Turns webhooks into the start of Altcraft scenarios.",
        version="1",
        redoc_url=None,
    )
    faces.include_router(health_routes(readiness, in_use, is_stopping))
    _refuse_with_problems(faces)
    shown: App = faces
    if operating is not None:
        faces.include_router(metrics_routes(readiness, operating.desk))
        faces.include_router(api_routes(operating.desk))
        shown = _with_console(Guard(faces, operating.operators), operating.console)
    if hooks is None:
        return shown
    _describe_entry(faces)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await hooks(scope, receive, send)
        else:
            await shown(scope, receive, send)

    return app


def _with_console(others: App, console: App) -> App:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        is_console = path == CONSOLE or path.startswith(f"{CONSOLE}/")
        await (console if is_console else others)(scope, receive, send)

    return app


def _describe_entry(faces: FastAPI) -> None:
    made = faces.openapi

    def openapi() -> dict[str, Any]:
        if faces.openapi_schema is None:
            faces.openapi_schema = reference.add_to(made())
        return faces.openapi_schema

    faces.openapi = openapi  # type: ignore[method-assign]  # the documented way to extend it


def _refuse_with_problems(faces: FastAPI) -> None:
    @faces.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> Response:
        slug = _SLUGS.get(error.status_code, "bad_request")
        return _response(Problem(slug, str(error.detail), dict(error.headers or {})))

    @faces.exception_handler(BridgeError)
    async def failed(_: Request, error: BridgeError) -> Response:
        slug = error.slug if error.slug in PROBLEMS else "internal"
        wait_s = getattr(error, "retry_after_s", None)
        headers = {} if wait_s is None else {"Retry-After": str(wait_s)}
        return _response(Problem(slug, str(error), headers, getattr(error, "more", {})))

    @faces.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        wrong = [{"at": ".".join(map(str, e["loc"])), "reason": e["msg"]} for e in error.errors()]
        return _response(Problem("invalid", "see `wrong`", more={"wrong": wrong}))

    @faces.middleware("http")
    async def never_a_traceback(
        request: Request, answer: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        try:
            return await answer(request)
        except Exception:  # noqa: BLE001 - no traceback reaches a caller
            _log.exception("request.failed", path=request.url.path)
            return _response(Problem("internal", "see the log of the bridge"))


def _response(problem: Problem) -> Response:
    return Response(problem.body(), problem.status, dict(problem.headers), media_type=CONTENT_TYPE)

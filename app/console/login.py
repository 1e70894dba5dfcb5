"""The way in and out, and the choice of a language."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.console.gate import COOKIE, SAFE_COOKIE, is_safe
from app.console.house import House
from app.console.pages import PREFIX
from app.console.sessions import LASTS_S
from app.console.visitors import LANGUAGE_COOKIE, LANGUAGES
from app.model.operator import token_digest

_MOST_CHARACTERS = 400
_YEAR_S = 365 * 86400


def login_routes(house: House) -> APIRouter:
    routes = APIRouter()

    @routes.get("/login")
    async def login(request: Request, next: str = f"{PREFIX}/") -> Response:
        return await _form(house, request, next)

    @routes.post("/login")
    async def enter(
        request: Request,
        token: Annotated[str, Form(max_length=_MOST_CHARACTERS)] = "",
        next: Annotated[str, Form(max_length=2000)] = f"{PREFIX}/",
    ) -> Response:
        digest = token_digest(token.strip())
        if await house.operators.of_digest(digest) is None:
            return await _form(house, request, next, is_wrong=True)
        answer = RedirectResponse(inside(next), 303)
        let_in(request, answer, house.sessions.of_token(digest))
        return answer

    @routes.post("/logout")
    async def leave() -> Response:
        answer = RedirectResponse(f"{PREFIX}/login", 303)
        for name in (COOKIE, SAFE_COOKIE):
            answer.delete_cookie(name, path="/", secure=name == SAFE_COOKIE, httponly=True)
        return answer

    @routes.post("/language")
    async def choose(
        language: Annotated[str, Form(max_length=8)],
        back: Annotated[str, Form(max_length=4000)] = f"{PREFIX}/",
    ) -> Response:
        answer = RedirectResponse(inside(back), 303)
        if language in LANGUAGES:
            answer.set_cookie(
                LANGUAGE_COOKIE, language, max_age=_YEAR_S, path=PREFIX, samesite="lax"
            )
        return answer

    return routes


def let_in(request: Request, answer: Response, cookie: str) -> None:
    """Logs in by the cookie of a session."""
    is_tls = is_safe(request.scope)
    answer.set_cookie(
        SAFE_COOKIE if is_tls else COOKIE,
        cookie,
        max_age=LASTS_S,
        path="/",
        secure=is_tls,
        httponly=True,
        samesite="lax",
    )


def inside(address: str) -> str:
    """An address within the console, whatever was asked for: no way out for a forged link."""
    parts = urlsplit(address)
    is_inside = parts.path == PREFIX or parts.path.startswith(f"{PREFIX}/")
    if parts.scheme or parts.netloc or not is_inside or "\\" in address:
        return f"{PREFIX}/"
    return address


async def _form(
    house: House, request: Request, following: str, *, is_wrong: bool = False
) -> HTMLResponse:
    return house.pages.page(
        request,
        "login",
        401 if is_wrong else 200,
        next=inside(following),
        is_wrong=is_wrong,
        is_closed=not house.has_provider and not await house.operators.are_there(),
        has_provider=house.has_provider,
    )

"""Log-in by an OpenID Connect provider (OpenID Connect Core 1.0, the code flow with PKCE). Loaded
only where one is configured."""

import warnings
from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.middleware.sessions import SessionMiddleware

from app.console.gate import is_safe
from app.console.house import House
from app.console.login import inside, let_in
from app.console.pages import PREFIX
from app.console.provider import Provider, operator_of
from app.kit.errors import BridgeError, raised_at
from app.web.asgi import App, Receive, Scope, Send

# It says of its next version that it will want another HTTP client: nothing for an operator's eyes.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from authlib.integrations.base_client.errors import OAuthError
    from authlib.integrations.starlette_client import OAuth

_log = structlog.get_logger()
_PATH = f"{PREFIX}/openid"
_LASTS_S = 600
_LIMIT_S = 10


class NotLetIn(BridgeError):
    slug = "forbidden"


def openid_routes(house: House, provider: Provider) -> APIRouter:
    routes = APIRouter(prefix="/openid")
    oauth = OAuth()
    client = oauth.register(
        "provider",
        server_metadata_url=f"{provider.issuer}/.well-known/openid-configuration",
        client_id=provider.client_id,
        client_secret=provider.client_secret and provider.client_secret.get_secret_value(),
        client_kwargs={
            "scope": provider.scopes,
            "code_challenge_method": "S256",
            "timeout": _LIMIT_S,
        },
    )

    @routes.get("")
    async def leave(request: Request, next: str = f"{PREFIX}/") -> Response:
        request.session["next"] = inside(next)
        back = f"{'https' if is_safe(request.scope) else 'http'}://{request.url.netloc}{_PATH}/back"
        try:
            answer: Response = await client.authorize_redirect(request, back)
        except Exception as error:  # noqa: BLE001 - whatever the provider does, nobody is let in
            raise _failed(error) from None
        return answer

    @routes.get("/back")
    async def enter(request: Request) -> Response:
        try:
            found = await client.authorize_access_token(request)
            claims: Mapping[str, Any] = found["userinfo"]
        except Exception as error:  # noqa: BLE001 - as above
            raise _failed(error) from None
        operator = operator_of(provider, claims)
        if operator is None:
            _log.warning("console.openid_refused", claim=provider.claim)
            raise NotLetIn("the provider knows you, and none of your groups may come in here")
        answer = RedirectResponse(request.session.pop("next", f"{PREFIX}/"), 303)
        let_in(request, answer, house.sessions.of_operator(operator))
        return answer

    return routes


def remembering(app: App, key: bytes) -> App:
    """Around `app`: what has to be known when the browser comes back from the provider stands in a
    cookie of its own, signed, for some minutes."""
    plain, over_tls = (
        SessionMiddleware(
            app,
            secret_key=key.hex(),
            session_cookie="bridge_openid",
            path=_PATH,
            max_age=_LASTS_S,
            https_only=is_tls,
        )
        for is_tls in (False, True)
    )

    async def remembered(scope: Scope, receive: Receive, send: Send) -> None:
        await (over_tls if is_safe(scope) else plain)(scope, receive, send)

    return remembered


def _failed(error: Exception) -> NotLetIn:
    """What a provider says may hold anything: only its code is told."""
    kind = error.error if isinstance(error, OAuthError) else type(error).__name__
    _log.warning("console.openid_failed", kind=str(kind)[:100], at=raised_at(error))
    return NotLetIn("the log-in by the provider failed; try again, or see the log of the bridge")

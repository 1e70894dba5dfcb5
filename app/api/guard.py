"""Lets operators in, before anything of their request is read."""

from app.desk.operators import Operators
from app.ingest.body import BodyTooLarge, BodyTooSlow, CallerGone, read_body
from app.kit.deadline import Limits
from app.model.operator import Operator, token_digest
from app.outbox import StoreUnavailable
from app.web.asgi import App, Receive, Scope, Send, given_body, respond
from app.web.problems import CONTENT_TYPE, Problem

PREFIX = "/api/"
_MOST_BODY_BYTES = 4 * 1024**2
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="altcraft-bridge"'}
_NONE_YET = (
    "the operator API needs a token and there is none yet: make one by "
    "`bridge token make NAME --role operator`, or set BRIDGE_ADMIN_TOKEN"
)
_MISSING = "send a token as `Authorization: Bearer TOKEN`"
_WRONG = "the token is not known, or was revoked"


class Guard:
    """Around `app`: what is under PREFIX gets there with its operator in the request's state."""

    def __init__(self, app: App, operators: Operators) -> None:
        self._app = app
        self._limits = Limits()
        self._operators = operators

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        try:
            found = await self._operator(_bearer(scope))
        except StoreUnavailable as error:
            wait = {"Retry-After": str(error.retry_after_s)}
            found = Problem("store_unavailable", "tokens can't be looked up now", wait)
        if isinstance(found, Problem):
            await _refuse(send, found)
            return
        try:
            body = await read_body(scope, receive, self._limits, limit_bytes=_MOST_BODY_BYTES)
        except CallerGone:
            return
        except (BodyTooLarge, BodyTooSlow) as error:
            await _refuse(send, Problem(error.slug, str(error)))
            return
        scope["state"] = {**scope.get("state", {}), "operator": found}
        await self._app(scope, given_body(body, receive), send)

    async def _operator(self, token: str | None) -> Operator | Problem:
        if token is not None:
            found = await self._operators.of_digest(token_digest(token))
            if found is not None:
                return found
        if not await self._operators.are_there():
            return Problem("unauthenticated", _NONE_YET, _CHALLENGE)
        return Problem("unauthenticated", _MISSING if token is None else _WRONG, _CHALLENGE)


def _bearer(scope: Scope) -> str | None:
    for name, raw in scope["headers"]:
        if name == b"authorization":
            scheme, _, token = raw.decode("latin-1").partition(" ")
            return token.strip() if scheme.lower() == "bearer" else None
    return None


async def _refuse(send: Send, problem: Problem) -> None:
    headers = [(k.lower().encode(), v.encode()) for k, v in problem.headers.items()]
    await respond(send, problem.status, CONTENT_TYPE.encode(), problem.body(), headers)

"""Lets visitors in, before anything of their request is done; and says of every answer what a
browser may do with it."""

from collections.abc import Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any, Protocol
from urllib.parse import parse_qs, quote, urlsplit

from app.console.sessions import Session, Sessions
from app.console.visitors import Visitor
from app.ingest.body import BodyTooLarge, BodyTooSlow, CallerGone, read_body
from app.kit.deadline import Limits
from app.model.operator import Operator
from app.outbox import StoreUnavailable
from app.web.asgi import App, Receive, Scope, Send, given_body

COOKIE = "bridge_session"
SAFE_COOKIE = "__Host-bridge_session"
PROOF_FIELD = "proof"
_MOST_BODY_BYTES = 2 * 1024**2
_SAFE_METHODS = ("GET", "HEAD")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
]
_NOT_KEPT = (b"cache-control", b"no-store")
# Addresses of files carry a digest of their content.
_KEPT = (b"cache-control", b"public, max-age=31536000, immutable")


class Operators(Protocol):
    """Whose token has this digest."""

    async def of_digest(self, digest: bytes) -> Operator | None: ...


class Gate:
    """Around `app`, whose paths begin with `prefix`. `open_paths` need no log-in. `refusal` makes
    the page that says why a request is not done, by a problem's slug."""

    def __init__(
        self,
        app: App,
        *,
        prefix: str,
        open_paths: tuple[str, ...],
        sessions: Sessions,
        operators: Operators,
        refusal: Callable[[str, str], App],
    ) -> None:
        self._app = app
        self._prefix = prefix
        self._open = tuple(prefix + path for path in open_paths)
        self._sessions = sessions
        self._operators = operators
        self._refusal = refusal
        self._limits = Limits()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = _headers(scope)
        is_kept = scope["path"].startswith(f"{self._prefix}/static/")
        try:
            app, receive = await self._let_in(scope, headers, receive)
        except CallerGone:
            return
        await app(scope, receive, _with_headers(send, is_kept=is_kept))

    async def _let_in(
        self, scope: Scope, headers: dict[str, str], receive: Receive
    ) -> tuple[App, Receive]:
        if not is_from_here(scope["method"], headers):
            return self._refusal("forbidden", "foreign"), receive
        try:
            session = self._sessions.read(_cookie(headers))
            operator = await self._operator(session)
        except StoreUnavailable:
            return self._refusal("store_unavailable", "store"), receive
        visitor, is_open = None, scope["path"].startswith(self._open)
        if session is not None and operator is not None:
            visitor = Visitor(operator, self._sessions.proof(session))
        elif not is_open:
            return _redirect(self._login(scope)), receive
        scope["state"] = {**scope.get("state", {}), "visitor": visitor}
        if scope["method"] in _SAFE_METHODS:
            return self._app, receive
        return await self._with_body(scope, headers, receive, None if is_open else session)

    async def _with_body(
        self, scope: Scope, headers: dict[str, str], receive: Receive, session: Session | None
    ) -> tuple[App, Receive]:
        try:
            body = await read_body(scope, receive, self._limits, limit_bytes=_MOST_BODY_BYTES)
        except (BodyTooLarge, BodyTooSlow) as error:
            return self._refusal(error.slug, "body"), receive
        given = given_body(body, receive)
        if session is not None and not self._sessions.is_proved(session, _proof(headers, body)):
            return self._refusal("forbidden", "proof"), given
        return self._app, given

    async def _operator(self, session: Session | None) -> Operator | None:
        if session is None:
            return None
        if session.token_digest is not None:
            return await self._operators.of_digest(session.token_digest)
        return session.operator

    def _login(self, scope: Scope) -> str:
        wanted = scope["path"] if scope["method"] in _SAFE_METHODS else f"{self._prefix}/"
        query = scope.get("query_string", b"").decode("latin-1")
        whole = f"{wanted}?{query}" if query and wanted != f"{self._prefix}/" else wanted
        return f"{self._prefix}/login?next={quote(whole, safe='')}"


def is_from_here(method: str, headers: dict[str, str]) -> bool:
    """Whether a request that changes something was made by a page of ours, as browsers say."""
    if method in _SAFE_METHODS:
        return True
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


def is_safe(scope: Scope) -> bool:
    """Whether the browser spoke TLS, to us or to a proxy. What a stranger claims here harms only
    the cookie of the stranger."""
    return bool(scope.get("scheme") == "https") or _headers(scope).get("x-forwarded-proto") == (
        "https"
    )


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): raw.decode("latin-1") for name, raw in scope["headers"]}


def _cookie(headers: dict[str, str]) -> str | None:
    try:
        found = SimpleCookie(headers.get("cookie", "")[:8192])
    except CookieError:
        return None
    for name in (SAFE_COOKIE, COOKIE):
        if name in found:
            return found[name].value
    return None


def _proof(headers: dict[str, str], body: bytes) -> str | None:
    if "x-proof" in headers:
        return headers["x-proof"]
    if not headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return None
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=200)
    except ValueError:
        return None
    return fields.get(PROOF_FIELD, [None])[0]


def _redirect(address: str) -> App:
    async def redirect(_: Scope, __: Receive, send: Send) -> None:
        headers = [(b"location", address.encode()), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 303, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    return redirect


def _with_headers(send: Send, *, is_kept: bool) -> Send:
    async def sent(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            kept = _KEPT if is_kept else _NOT_KEPT
            message["headers"] = [*message.get("headers", []), *_HEADERS, kept]
        await send(message)

    return sent

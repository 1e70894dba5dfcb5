"""`bridge send`."""

from typing import Annotated

import httpx
import orjson
import typer

from app.cli.exits import Exit
from app.cli.given import (
    BodyFile,
    ConfigFile,
    Headers,
    Method,
    PathAfter,
    Query,
    read_body,
    read_headers,
)
from app.cli.named import named
from app.cli.tables import AsJson, as_json, complain, say
from app.config.settings import environment, read_settings
from app.kit.clock import SystemClock
from app.kit.errors import BridgeError
from app.model.json import Json
from app.revision import read_revision
from app.set_up.sample import a_call
from app.sources.auth import CannotSign
from app.sources.call import Call
from app.sources.decode import Undecodable, UnsupportedMedia, decode
from app.sources.source import Source

_LIMIT_S = 35.0


class NotSent(BridgeError):
    """The bridge could not be reached."""

    slug = "temporarily_unavailable"


def send(
    file: BodyFile = None,
    *,
    source: Annotated[str, typer.Option(help="the source whose system is played")],
    config: ConfigFile = None,
    url: Annotated[
        str | None, typer.Option(help="where the bridge runs; absent: as the environment says")
    ] = None,
    method: Method = "POST",
    path: PathAfter = "",
    query: Query = "",
    header: Headers = None,
    json: AsJson = False,
) -> None:
    """Sign a body as that system would, and post it to a running bridge.

    Exit status 1 when the bridge does not take it, 3 when it does not answer.
    """
    settings = read_settings()
    revision = read_revision(config or settings.config, environment())
    known = named("source", source, revision.sources)
    at = url or f"http://{settings.host}:{settings.port}"
    body = read_body(file)
    call = a_call(
        source,
        (settings.public_url or at).rstrip("/"),
        SystemClock().now(),
        body=body,
        headers=read_headers(header or [], body),
        query=query,
        path=path,
        method=method.upper(),
    )
    answer = _sent(_signed(known, call), at.rstrip("/"))
    _show(answer, json=json)
    if not answer.is_success:
        raise typer.Exit(Exit.NO)


def _signed(source: Source, call: Call) -> Call:
    try:
        return source.authenticator.sign(call, lambda unsigned: _decoded(unsigned, source))
    except CannotSign as error:
        raise NotSent(f'source "{source.name}": {error}') from None


def _decoded(call: Call, source: Source) -> Json:
    try:
        return decode(call, source.decoding)
    except (Undecodable, UnsupportedMedia):
        return None


def _sent(call: Call, at: str) -> httpx.Response:
    path = f"/hooks/{call.source}" + (f"/{call.path}" if call.path else "")
    query = f"?{call.raw_query}" if call.raw_query else ""
    try:
        with httpx.Client(trust_env=False, timeout=_LIMIT_S) as client:
            return client.request(
                call.method, at + path + query, headers=call.headers, content=call.body
            )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotSent(f"{at} does not answer ({type(error).__name__}); is it running?") from None


def _show(answer: httpx.Response, *, json: bool) -> None:
    try:
        said: Json = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        said = answer.text
    if json:
        as_json({"status": answer.status_code, "body": said})
        return
    tell = say if answer.is_success else complain
    tell(f"{answer.status_code} {answer.reason_phrase}")
    if answer.content:
        tell(said if isinstance(said, str) else orjson.dumps(said).decode())

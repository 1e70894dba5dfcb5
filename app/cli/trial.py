"""`bridge try`."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from app.cli.exits import Exit
from app.cli.given import (
    BodyFile,
    Headers,
    Method,
    PathAfter,
    Query,
    read_body,
    read_headers,
)
from app.cli.named import named
from app.cli.tables import AsJson, as_json, complain, say
from app.config.settings import environment
from app.dry_run import Trial, try_call
from app.kit.clock import SystemClock
from app.revision import read_revision
from app.shown.handling import handling_words
from app.sources.call import Call, query_parameters
from app.sources.receive import Refused


def trial(
    config: Annotated[Path, typer.Argument(help="the configuration file")],
    file: BodyFile = None,
    *,
    source: Annotated[str, typer.Option(help="the source that would get it")],
    method: Method = "POST",
    path: PathAfter = "",
    query: Query = "",
    header: Headers = None,
    json: AsJson = False,
) -> None:
    """Show which rule takes a body, or why none does, and what would be sent. Sends nothing.

    Exit status 1 when nothing would start.
    """
    revision = read_revision(config, environment())
    body = read_body(file)
    headers = read_headers(header or [], body)
    call = Call(
        source=source,
        method=method.upper(),
        path=path,
        url=f"http://localhost/hooks/{source}",
        raw_query=query,
        query=query_parameters(query),
        headers=headers,
        body=body,
        received_at=SystemClock().now(),
    )
    found = try_call(revision, named("source", source, revision.sources), call)
    if isinstance(found, Refused):
        complain(f"refused ({found.slug}): {found.why or found.detail}")
        raise typer.Exit(Exit.NO)
    if json:
        as_json([_shape(one) for one in found])
    else:
        for one in found:
            _show(one)
    if not any(one.requests for one in found):
        raise typer.Exit(Exit.NO)


def _show(one: Trial) -> None:
    if one.dedup_key is not None:
        say(f"deduplication key: {one.dedup_key}")
    for sent in one.requests:
        say(f'rule "{sent.start.rule}" holds and would send', style="bold")
        for number, request in enumerate(sent.requests):
            lead = "  POST" if number == 0 else "  if Altcraft knows no such profile: POST"
            say(f"{lead} {request.url}")
            say(f"    {orjson.dumps(request.body).decode()}")
        for words in handling_words(sent.start.handling):
            say(f"  {words}")
    for miss in one.decision.misses:
        say(str(miss), style="dim")
    for note in one.decision.notes:
        say(f"note: {note}")
    if not one.requests:
        say(f"nothing would start: {one.reason}", style="bold")


def _shape(one: Trial) -> dict[str, object]:
    return {
        "dedup_key": one.dedup_key,
        "reason": one.reason,
        "requests": [
            {
                "rule": sent.start.rule,
                sent.start.target.value: sent.start.scenario,
                "url": sent.requests[0].url,
                "bodies": [request.body for request in sent.requests],
                "urls": [request.url for request in sent.requests],
                "handling": handling_words(sent.start.handling),
            }
            for sent in one.requests
        ],
        "misses": [
            {"rule": miss.rule, "held": miss.held, "total": miss.total, "reason": miss.reason}
            for miss in one.decision.misses
        ],
        "notes": one.decision.notes,
    }

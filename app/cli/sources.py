"""`bridge source`: how to set up a system, and a call as it would make it."""

from typing import Annotated

import typer

from app.cli.given import ConfigFile
from app.cli.named import named
from app.cli.tables import AsJson, as_json, say, show, table
from app.config.document import key_text, read_document
from app.config.faults import ConfigRefused, Fault
from app.config.settings import read_settings
from app.config.validate import validate
from app.kit.clock import SystemClock
from app.set_up.guide import Guide, guide
from app.sources.auth.presets import PresetRefused
from app.sources.presets import Preset, presets

sources = typer.Typer(help="The systems that may call.", no_args_is_help=True)


@sources.command("list")
def list_sources(*, config: ConfigFile = None, json: AsJson = False) -> None:
    """Every source of the file, with its address."""
    rows = [
        {"source": name, "preset": given.preset, "url": f"{_base()}/hooks/{name}"}
        for name, given in validate(read_document(config or read_settings().config)).sources.items()
    ]
    if json:
        as_json(rows)
    else:
        show(table(("source", "preset", "address"), (tuple(row.values()) for row in rows)))


@sources.command("show")
def show_source(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    *,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """What to enter where, and a `curl` that makes its own proof. Reads no secret."""
    document = read_document(config or read_settings().config)
    given = named("source", name, validate(document).sources)
    try:
        found = guide(name, given, _base(), SystemClock().now())
    except PresetRefused as refused:
        path = ("sources", name, "auth", *refused.path)
        fault = Fault(key_text(path), refused.reason, line=document.line(path))
        raise ConfigRefused(document.file, [fault]) from None
    if json:
        why = found.why_no_curl
        as_json({"source": name, "url": found.url, "curl": found.curl, "why_no_curl": why})
        return
    _say(name, found, presets().get(given.preset or ""))


def _say(name: str, found: Guide, preset: Preset | None) -> None:
    say(f"Address to enter at {preset.title if preset else 'the system'}:", style="bold")
    say(f"  {found.url}")
    for number, step in enumerate(found.steps, 1):
        say(f"  {number}. {step}")
    if found.secret:
        say(f"The secret: {found.secret}")
    say("\nA call as it would make it:", style="bold")
    say(found.curl or f"  {found.why_no_curl}; `bridge send --source {name}` may do it")


def _base() -> str:
    settings = read_settings()
    return settings.public_url or f"http://{settings.host}:{settings.port}"

"""`bridge source`: how to set up a system, and a call as it would make it."""

from typing import Annotated

import typer

from app.cli.curl import NotInShell, curl
from app.cli.given import ConfigFile
from app.cli.named import named
from app.cli.sample import sample_call
from app.cli.tables import AsJson, as_json, say, show, table
from app.config.document import Document, key_text, read_document
from app.config.faults import ConfigRefused, Fault
from app.config.schema.auth import AuthTree
from app.config.schema.source import Source as SourceConfig
from app.config.settings import read_settings
from app.config.validate import validate
from app.kit.clock import SystemClock
from app.sources.auth.presets import PresetRefused, fill_preset_auth
from app.sources.build import merged
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
    preset = presets().get(given.preset or "")
    whole, auth = merged(given, preset), _auth(document, name, given, preset)
    call = sample_call(name, whole, _base(), SystemClock().now())
    try:
        command, missing = curl(call, auth), None
    except NotInShell as error:
        command, missing = None, error.why
    url = f"{_base()}/hooks/{name}" + ("/SECRET" if _has_path_secret(auth) else "")
    if json:
        as_json({"source": name, "url": url, "curl": command, "why_no_curl": missing})
        return
    say(f"Address to enter at {preset.title if preset else 'the system'}:", style="bold")
    say(f"  {url}")
    if preset is not None:
        for number, step in enumerate(preset.enter, 1):
            say(f"  {number}. {step.replace('{url}', url)}")
        if preset.secret:
            say(f"The secret: {preset.secret}")
    say("\nA call as it would make it:", style="bold")
    say(command or f"  {missing}; `bridge send --source {name}` may do it")


def _base() -> str:
    settings = read_settings()
    return settings.public_url or f"http://{settings.host}:{settings.port}"


def _auth(
    document: Document, name: str, given: SourceConfig, preset: Preset | None
) -> AuthTree | None:
    """The way of proof, with the preset's filled in. Raises ConfigRefused."""
    own = given.auth
    if preset is None or preset.auth is None or (own is not None and own.way != "secret"):
        return own
    try:
        return fill_preset_auth(preset.auth, own)
    except PresetRefused as refused:
        path = ("sources", name, "auth", *refused.path)
        fault = Fault(key_text(path), refused.reason, line=document.line(path))
        raise ConfigRefused(document.file, [fault]) from None


def _has_path_secret(auth: AuthTree | None) -> bool:
    return auth is not None and "path_secret" in str(auth.model_dump(exclude_none=True))

"""`bridge presets`."""

from typing import Annotated

import typer

from app.cli.named import named
from app.cli.tables import AsJson, as_json, say, show, table
from app.config.settings import read_settings
from app.set_up.guide import steps
from app.set_up.paste import source_text
from app.sources.presets import Preset
from app.sources.presets import presets as known_presets

_STANDINGS = ("verified", "read", "unverified")


def presets(
    name: Annotated[str | None, typer.Argument(help="one of them; absent: all")] = None,
    *,
    json: AsJson = False,
) -> None:
    """The systems that are known, or what to enter where in one of them."""
    known = known_presets()
    if name is not None:
        _show_one(name, named("preset", name, known), json=json)
    elif json:
        as_json({name: _shape(preset, _url(name)) for name, preset in known.items()})
    else:
        rows = ((name, preset.title, _standing(preset)) for name, preset in known.items())
        show(table(("preset", "system", "what is known of it"), rows))


def _show_one(name: str, preset: Preset, *, json: bool) -> None:
    url = _url(name)
    if json:
        as_json(_shape(preset, url))
        return
    say(preset.title, style="bold")
    say(preset.about)
    say("\nIn that system:", style="bold")
    for number, step in enumerate(steps(preset, url), 1):
        say(f"  {number}. {step}")
    if preset.secret:
        say(f"\nThe secret: {preset.secret}")
    say("\nIn bridge.yaml:", style="bold")
    say(source_text(name, preset))
    for standing in _STANDINGS:
        for fact in getattr(preset.facts, standing):
            say(f"{standing}: {fact}", style="dim")


def _url(name: str) -> str:
    settings = read_settings()
    base = settings.public_url or f"http://{settings.host}:{settings.port}"
    return f"{base}/hooks/{name}"


def _standing(preset: Preset) -> str:
    counts = ((len(getattr(preset.facts, standing)), standing) for standing in _STANDINGS)
    return ", ".join(f"{count} {standing}" for count, standing in counts if count)


def _shape(preset: Preset, url: str) -> dict[str, object]:
    return {
        "title": preset.title,
        "about": preset.about,
        "urls": [str(each) for each in preset.urls],
        "enter": list(steps(preset, url)),
        "secret": preset.secret,
        "facts": preset.facts.model_dump(),
        "dedup": _dedup(preset),
        "examples": [example.name for example in preset.examples],
    }


def _dedup(preset: Preset) -> object:
    given = preset.source.dedup
    return given if given is None or isinstance(given, str) else given.model_dump(exclude_none=True)

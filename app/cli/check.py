"""`bridge check` and `bridge schema`."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from app.cli.exits import Exit
from app.cli.tables import AsJson, as_json, complain, say
from app.config.faults import ConfigRefused, Fault
from app.config.schema import BridgeFile
from app.config.settings import environment
from app.revision import Revision, read_revision


def check(
    config: Annotated[Path, typer.Argument(help="the configuration file")] = Path("bridge.yaml"),
    *,
    json: AsJson = False,
    strict: Annotated[bool, typer.Option(help="warnings are faults, too")] = False,
) -> None:
    """Say everything that is wrong with a configuration. Exit status 1 when something is."""
    try:
        revision = read_revision(config, environment())
    except ConfigRefused as refused:
        _report(refused.file, refused.faults, json=json)
        raise typer.Exit(Exit.NO) from None
    _report(str(config), revision.warnings, json=json)
    if strict and revision.warnings:
        raise typer.Exit(Exit.NO)
    if not json:
        say(_summary(config, revision))


def schema() -> None:
    """Print the JSON Schema of the configuration file, for editors."""
    say(orjson.dumps(json_schema(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode())


def json_schema() -> dict[str, object]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **BridgeFile.model_json_schema(by_alias=True),
        "title": "Altcraft scenario bridge",
    }


def _report(file: str, faults: tuple[Fault, ...], *, json: bool) -> None:
    if json:
        as_json({"file": file, "faults": [_shape(fault) for fault in faults]})
        return
    for fault in faults:
        complain(f"{file}:{fault.line or 1}: {fault.severity.value}: {fault}")


def _shape(fault: Fault) -> dict[str, object]:
    return {
        "line": fault.line,
        "key": fault.key,
        "severity": fault.severity.value,
        "reason": fault.reason,
        "hint": fault.hint,
    }


def _summary(config: Path, revision: Revision) -> str:
    counts = (
        (len(revision.platforms), "destination"),
        (len(revision.sources), "source"),
        (len(revision.rules.all), "rule"),
        (len(revision.warnings), "warning"),
    )
    said = ", ".join(f"{n} {word}{'' if n == 1 else 's'}" for n, word in counts)
    return f"{config}: good; {said}; revision {revision.id}"

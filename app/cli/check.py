"""`bridge check` and `bridge schema`."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import orjson
import typer

from app.cli.exits import Exit
from app.cli.tables import AsJson, as_json, complain, say
from app.config.document import read_document
from app.config.faults import ConfigRefused, Fault, Severity
from app.config.schema import BridgeFile
from app.config.settings import environment
from app.kit.clock import SystemClock
from app.live import LiveCheck, Scenarios, check_live
from app.revision import Revision, read_revision
from app.revision.build import with_lines


def check(
    config: Annotated[Path, typer.Argument(help="the configuration file")] = Path("bridge.yaml"),
    *,
    json: AsJson = False,
    strict: Annotated[bool, typer.Option(help="warnings are faults, too")] = False,
    live: Annotated[
        bool, typer.Option("--live", help="ask the platforms for their scenarios, too")
    ] = False,
) -> None:
    """Say everything that is wrong with a configuration. Exit status 1 when something is.

    With --live also 3, when a platform can't be asked now and nothing else is wrong.
    """
    try:
        revision = read_revision(config, environment())
    except ConfigRefused as refused:
        _report(refused.file, refused.faults, json=json)
        raise typer.Exit(Exit.NO) from None
    found = asyncio.run(_live(revision)) if live else LiveCheck()
    faults = (*revision.warnings, *with_lines(found.faults, read_document(config)))
    _report(str(config), faults, json=json)
    status = _status(faults, found, strict=strict)
    if status:
        raise typer.Exit(status)
    if not json:
        say(_summary(config, revision))
        if found.unchecked:
            say(f"not checked, for they start trigger mailings: {', '.join(found.unchecked)}")


async def _live(revision: Revision) -> LiveCheck:
    return await check_live(revision, Scenarios(SystemClock()))


def _status(faults: Sequence[Fault], found: LiveCheck, *, strict: bool) -> Exit:
    wrong = [fault for fault in faults if strict or fault.severity is Severity.ERROR]
    unreached = {f"destinations.{name}.url" for name in found.unreached}
    if any(fault.key not in unreached for fault in wrong):
        return Exit.NO
    return Exit.UNAVAILABLE if wrong else Exit.OK


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

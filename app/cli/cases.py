"""`bridge test`."""

import difflib
import json as json_text
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from app.cases import (
    CaseResult,
    CasesRefused,
    Difference,
    PlacedCase,
    cases_folder,
    find_cases,
    revision_without_secrets,
    run_cases,
)
from app.cli.exits import Exit
from app.cli.tables import AsJson, as_json, say
from app.model.json import Json


def run(
    config: Annotated[Path, typer.Argument(help="the configuration file")] = Path("bridge.yaml"),
    *,
    cases: Annotated[
        Path | None,
        typer.Option(help="a file or folder of cases; absent: bridge.tests beside bridge.yaml"),
    ] = None,
    only: Annotated[str | None, typer.Option("-k", help="only cases with this in the name")] = None,
    json: AsJson = False,
) -> None:
    """Hold calls written down as cases against the rules, and compare what they would start.

    Without network and store. Secrets are not read, and none need be set: authentication and
    handshakes are no part of this. Exit status 1 when a case fails, 2 when a file has a fault or
    there are no cases.
    """
    revision = revision_without_secrets(config)
    chosen = _chosen(find_cases(cases or cases_folder(config)), only)
    results = run_cases(chosen, revision)
    failed = sum(not result.passed for result in results)
    if json:
        as_json({"passed": len(results) - failed, "failed": failed, "cases": _shapes(results)})
    else:
        for result in results:
            _show(result)
        say(f"{len(results) - failed} passed, {failed} failed", style="bold")
    if failed:
        raise typer.Exit(Exit.NO)


def _chosen(found: Sequence[PlacedCase], only: str | None) -> Sequence[PlacedCase]:
    if only is None:
        return found
    chosen = [placed for placed in found if only.lower() in placed.case.name.lower()]
    if not chosen:
        raise CasesRefused(f"-k: none of the {len(found)} cases has this in its name")
    return chosen


def _show(result: CaseResult) -> None:
    if result.passed:
        say(f"pass  {result.placed}")
        return
    say(f"FAIL  {result.placed}", style="bold red")
    for difference in result.differences:
        say(f"      {difference.where}: - expected, + got")
        for line in _diff(difference):
            say(f"        {line}")
    for note in result.notes:
        say(f"      why: {note}", style="dim")


def _diff(difference: Difference) -> list[str]:
    expected, got = _lines(difference.expected), _lines(difference.got)
    return [line for line in difflib.ndiff(expected, got) if not line.startswith("?")]


def _lines(value: Json) -> list[str]:
    if value is None:
        return ["nothing"]
    if isinstance(value, list):
        return [json_text.dumps(one, ensure_ascii=False) for one in value] or ["none"]
    return json_text.dumps(value, ensure_ascii=False, indent=2).splitlines()


def _shapes(results: Sequence[CaseResult]) -> list[dict[str, object]]:
    return [
        {
            "file": str(result.placed.file),
            "line": result.placed.line,
            "name": result.placed.case.name,
            "passed": result.passed,
            "differences": [
                {"where": one.where, "expected": one.expected, "got": one.got}
                for one in result.differences
            ],
            "notes": result.notes,
        }
        for result in results
    ]

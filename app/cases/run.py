"""Holds a case against a revision, and says where what came differs from what was expected."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.cases.calls import call_of_case
from app.cases.read import CasesRefused, PlacedCase
from app.cases.shape import ExpectedItem, ExpectedStart
from app.dry_run import Trial, try_call
from app.kit.nearest import did_you_mean
from app.model.event import EventStatus
from app.model.json import Json
from app.model.start import Match, Matching, ScenarioStart
from app.revision import Revision
from app.sources.receive import Refused


@dataclass(frozen=True, slots=True)
class Difference:
    where: str
    expected: Json
    got: Json


@dataclass(frozen=True, slots=True)
class CaseResult:
    """`notes` say why rules did not hold, for a case that failed."""

    placed: PlacedCase
    differences: Sequence[Difference]
    notes: Sequence[str] = ()

    @property
    def passed(self) -> bool:
        return not self.differences


def run_cases(chosen: Sequence[PlacedCase], revision: Revision) -> Sequence[CaseResult]:
    """Raises CasesRefused naming every case that can't be run."""
    results: list[CaseResult] = []
    lines: list[str] = []
    for placed in chosen:
        try:
            results.append(run_case(placed, revision))
        except CasesRefused as refused:
            lines.append(str(refused))
    if lines:
        raise CasesRefused("\n".join(lines))
    return results


def run_case(placed: PlacedCase, revision: Revision) -> CaseResult:
    """Raises CasesRefused when the case can't be run."""
    found = trials(placed, revision)
    differences = tuple(_compared(placed, found))
    notes = _notes(found) if differences else ()
    return CaseResult(placed, differences, notes)


def trials(placed: PlacedCase, revision: Revision) -> Sequence[Trial] | Refused:
    """Raises CasesRefused."""
    name = placed.case.source
    source = revision.sources.get(name)
    if source is None:
        hint = did_you_mean(name, revision.sources) or f"known: {', '.join(revision.sources)}"
        raise CasesRefused(f'{placed}: there is no source "{name}"; {hint}')
    return try_call(revision, source, call_of_case(placed, source))


def start_shape(start: ScenarioStart) -> dict[str, Json]:
    """As `expect.starts` has it."""
    matches = [match_shape(match) for match in start.matches]
    return {
        "rule": start.rule,
        start.target.value: start.scenario,
        "match": matches[0] if len(matches) == 1 else matches,
        "content": start.content,
        "destination": start.destination,
    }


def match_shape(match: Match) -> dict[str, Json]:
    if match.matching is Matching.CUSTOM:
        return {"custom": match.field, "value": match.value}
    if match.matching is Matching.OTHER:
        return {"matching": match.field, "fields": match.value}
    return {match.matching.value: match.value}


def status_of(trial: Trial) -> EventStatus:
    return EventStatus.ACCEPTED if trial.decision.starts else EventStatus.IGNORED


def _compared(placed: PlacedCase, found: Sequence[Trial] | Refused) -> Iterator[Difference]:
    expect = placed.case.expect
    if isinstance(found, Refused):
        if expect.refused != found.slug:
            yield Difference("refused", expect.refused, f"{found.slug}: {found.why or ''}")
        return
    if expect.refused is not None:
        yield Difference("refused", expect.refused, None)
        return
    items = (expect,) if expect.items is None else expect.items
    if len(items) != len(found):
        yield Difference("items", len(items), len(found))
        return
    for index, (item, trial) in enumerate(zip(items, found, strict=True)):
        yield from _of_item(item, trial, "" if expect.items is None else f"items[{index}].")


def _of_item(expected: ExpectedItem, trial: Trial, at: str) -> Iterator[Difference]:
    status = status_of(trial)
    if expected.status not in (None, status):
        yield Difference(f"{at}status", expected.status, status.value)
    if expected.starts is not None:
        yield from _of_starts(expected.starts, trial.decision.starts, at)
    if expected.because is not None and expected.because not in (trial.reason or ""):
        yield Difference(f"{at}because", expected.because, trial.reason)
    if "dedup_key" in expected.model_fields_set and expected.dedup_key != trial.dedup_key:
        yield Difference(f"{at}dedup_key", expected.dedup_key, trial.dedup_key)


def _of_starts(
    expected: Sequence[ExpectedStart], found: Sequence[ScenarioStart], at: str
) -> Iterator[Difference]:
    if len(expected) != len(found):
        yield Difference(
            f"{at}starts",
            [_stated(start) for start in expected],
            [start_shape(start) for start in found],
        )
        return
    for index, (one, start) in enumerate(zip(expected, found, strict=True)):
        yield from _of_start(one, start, f"{at}starts[{index}]")


def _of_start(expected: ExpectedStart, found: ScenarioStart, at: str) -> Iterator[Difference]:
    got = start_shape(found)
    for name, value in _stated(expected).items():
        if _written(value) != _written(got[name]):
            yield Difference(f"{at}.{name}", *_alike(value, got.get(name)))


def _alike(expected: Json, got: Json) -> tuple[Json, Json]:
    """One beside a list of several as a list, so that what differs stands out."""
    if isinstance(expected, list) == isinstance(got, list):
        return expected, got
    return (expected, [got]) if isinstance(expected, list) else ([expected], got)


def _stated(start: ExpectedStart) -> dict[str, Json]:
    stated: dict[str, Json] = {
        "rule": start.rule,
        "scenario": start.scenario,
        "trigger": start.trigger,
        "match": None,
        "content": start.content,
        "destination": start.destination,
    }
    if start.match is not None:
        matches = [match_shape(one.match) for one in start.match]
        stated["match"] = matches[0] if len(matches) == 1 else matches
    return {name: value for name, value in stated.items() if value is not None}


def _written(value: Json) -> str:
    # To Python 1, 1.0 and true are the same; to Altcraft they are not.
    return json.dumps(value, sort_keys=True)


def _notes(found: Sequence[Trial] | Refused) -> tuple[str, ...]:
    if isinstance(found, Refused):
        return ()
    reasons = [trial.reason for trial in found if trial.reason]
    misses = [str(miss) for trial in found for miss in trial.decision.misses]
    notes = [note for trial in found for note in trial.decision.notes]
    told = " ".join(reasons)
    return tuple(dict.fromkeys([*reasons, *(m for m in misses if m not in told), *notes]))

"""Says what a platform has against a configuration that is sound by itself."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.config.faults import Fault, Severity
from app.live.listing import Listing, Scenarios, Unlisted
from app.model.start import Target
from app.revision import Revision
from app.rules.compiled import CompiledRule, ScenarioChoice


@dataclass(frozen=True, slots=True)
class LiveCheck:
    """`unreached` are destinations that may say otherwise later; `unchecked` the rules that start
    trigger mailings, which no method lists."""

    faults: tuple[Fault, ...] = ()
    unreached: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()


async def check_live(revision: Revision, scenarios: Scenarios) -> LiveCheck:
    """Asks all destinations at once, also those that no rule starts a scenario of: a refused token
    is worth knowing."""
    rules = [rule for rule in revision.rules.all if rule.target is Target.SCENARIO]
    names = list(revision.platforms)
    found = await asyncio.gather(*(scenarios.of(revision.platforms[name]) for name in names))
    of = dict(zip(names, found, strict=True))
    faults = [fault for name in names for fault in _of_destination(name, of[name], rules)]
    for index, rule in enumerate(revision.rules.all):
        if rule.target is Target.SCENARIO and isinstance(listed := of[rule.destination], Listing):
            faults += _of_rule(index, rule, listed)
    unreached = [n for n in names if isinstance(u := of[n], Unlisted) and not u.is_refused]
    triggers = [rule.name for rule in revision.rules.all if rule.target is Target.TRIGGER]
    return LiveCheck(tuple(faults), tuple(unreached), tuple(triggers))


def _of_destination(
    name: str, found: Listing | Unlisted, rules: Sequence[CompiledRule]
) -> Iterator[Fault]:
    if isinstance(found, Listing):
        return
    told = ", ".join(f'"{rule.name}"' for rule in rules if rule.destination == name)
    hint = f"the scenarios of {told} are not checked" if told else None
    if found.is_refused:
        reason = f"the platform refuses to list scenarios: {found.text}"
        yield Fault(f"destinations.{name}.token", reason, hint=hint)
    else:
        reason = f"the platform does not answer as Altcraft does: {found.text}"
        yield Fault(f"destinations.{name}.url", reason, hint=hint)


def _of_rule(index: int, rule: CompiledRule, listing: Listing) -> Iterator[Fault]:
    known = {scenario.id: scenario for scenario in listing.scenarios}
    for path, number in _numbers(rule.scenario):
        key = f"rules[{index}].scenario{path}"
        where = f'rule "{rule.name}": destination "{rule.destination}"'
        scenario = known.get(number)
        if scenario is not None and not scenario.is_active:
            hint = "activate it there"
            yield Fault(
                key, f'{where}: scenario {number} "{scenario.name}" is not active', hint=hint
            )
        elif scenario is None and listing.is_whole:
            hint = "or the token's rights leave it out"
            yield Fault(key, f"{where}: there is no scenario {number}", hint=hint)
        elif scenario is None:
            reason = f"{where}: scenario {number} is not among the first {len(known)}"
            yield Fault(key, reason, severity=Severity.WARNING)


def _numbers(choice: ScenarioChoice) -> Iterator[tuple[str, int]]:
    """With the way to each within the rule."""
    for key, number in (choice.of or {}).items():
        yield f".of.{key}", number
    if choice.number is not None:
        yield (".default" if choice.of is not None else ""), choice.number

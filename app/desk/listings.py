"""The scenarios that rules start, as the platforms list them."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.altcraft.listing import Scenario
from app.desk.desk import Desk
from app.live import Listing, Unlisted
from app.model.start import Target
from app.rules.compiled import CompiledRule


class Standing(StrEnum):
    NOT_ASKED = "not_asked"
    ACTIVE = "active"
    INACTIVE = "inactive"
    ABSENT = "absent"
    """Not in the list: there is none, or the token's rights leave it out."""
    UNKNOWN = "unknown"
    """The platform gave no whole list; or it is a trigger mailing, which none lists."""


@dataclass(frozen=True, slots=True)
class Started:
    """A scenario that a rule may start: `key` is the value for which, None: always or else."""

    number: int
    key: str | None
    standing: Standing
    name: str | None = None


Found = Mapping[str, Listing | Unlisted]
"""By destination."""


async def listings(desk: Desk) -> Found:
    """Of all destinations that a rule starts scenarios at, within the limits of `Scenarios`."""
    revision = desk.revision
    rules = [rule for rule in revision.rules.all if rule.target is Target.SCENARIO]
    names = sorted({rule.destination for rule in rules})
    found = await asyncio.gather(*(desk.scenarios.of(revision.platforms[n]) for n in names))
    return dict(zip(names, found, strict=True))


def started_by(rule: CompiledRule, found: Found | None) -> Sequence[Started]:
    """`found` None: the platforms were not asked."""
    choice = rule.scenario
    numbers = [(key, number) for key, number in (choice.of or {}).items()]
    if choice.number is not None:
        numbers.append((None, choice.number))  # type: ignore[arg-type]  # of those without a key
    return [_started(number, key, rule, found) for key, number in numbers]


def _started(number: int, key: str | None, rule: CompiledRule, found: Found | None) -> Started:
    if found is None:
        return Started(number, key, Standing.NOT_ASKED)
    listing = found.get(rule.destination)
    if rule.target is Target.TRIGGER or not isinstance(listing, Listing):
        return Started(number, key, Standing.UNKNOWN)
    scenario = next(_of_number(listing, number), None)
    if scenario is None:
        return Started(number, key, Standing.ABSENT if listing.is_whole else Standing.UNKNOWN)
    standing = Standing.ACTIVE if scenario.is_active else Standing.INACTIVE
    return Started(number, key, standing, scenario.name)


def _of_number(listing: Listing, number: int) -> Iterator[Scenario]:
    return (one for one in listing.scenarios if one.id == number)

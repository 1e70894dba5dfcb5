"""What starts what, as the configuration in use has it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.console.house import House
from app.console.visitors import Visiting
from app.desk.desk import Desk
from app.desk.listings import Found, Started, listings, started_by
from app.desk.refusals import NotFound
from app.model.tally import TallyKind
from app.outbox import DeliveryFilter, Pause, PauseKind
from app.revision.excerpts import Excerpt
from app.rules.compiled import CompiledRule

_DELIVERIES = 10
_COUNTED = timedelta(days=1)
_MOST_RULES = 2000


@dataclass(frozen=True, slots=True)
class ShownRule:
    """`pauses` hold it up. `last_at`: when it started something last, of what is kept. `held`: how
    often its conditions held in a day."""

    rule: CompiledRule
    scenarios: Sequence[Started]
    pauses: Sequence[Pause]
    last_at: datetime | None
    held: int


async def held_counts(desk: Desk) -> Mapping[str, int]:
    """How often each rule held in the last 24 hours."""
    since = desk.clock.now() - _COUNTED
    found = await desk.outbox.totals(since, TallyKind.RULE, limit=_MOST_RULES)
    return {one.name: one.count for one in found}


def rule_routes(house: House) -> APIRouter:
    routes = APIRouter(prefix="/rules")
    desk = house.desk

    @routes.get("")
    async def rules(request: Request, _: Visiting, live: bool = False) -> Response:
        """`live`: with what the platforms say, which may take its time."""
        found = await listings(desk) if live else None
        shown = await _shown(desk, desk.revision.rules.all, found)
        return house.pages.page(request, "rules/list", rules=shown, is_live=live)

    @routes.get("/{name:path}")
    async def rule(request: Request, _: Visiting, name: str, live: bool = False) -> Response:
        chosen, excerpt = rule_of(desk, name)
        found = await listings(desk) if live else None
        [shown] = await _shown(desk, [chosen], found)
        made = await desk.outbox.deliveries(DeliveryFilter(rule=name), limit=_DELIVERIES)
        return house.pages.page(
            request, "rules/one", shown=shown, excerpt=excerpt, deliveries=made, is_live=live
        )

    return routes


def rule_of(desk: Desk, name: str) -> tuple[CompiledRule, Excerpt]:
    """With its part of the file. Raises NotFound."""
    revision = desk.revision
    for rule, excerpt in zip(revision.rules.all, revision.excerpts, strict=True):
        if rule.name == name:
            return rule, excerpt
    raise NotFound("there is no such rule in the configuration")


async def _shown(
    desk: Desk, rules: Sequence[CompiledRule], found: Found | None
) -> Sequence[ShownRule]:
    pauses, counts = await desk.outbox.pauses(), await held_counts(desk)
    last = await desk.outbox.last_made([rule.name for rule in rules])
    return [
        ShownRule(
            rule=rule,
            scenarios=(scenarios := started_by(rule, found)),
            pauses=_holding(pauses, rule, scenarios),
            last_at=last.get(rule.name),
            held=counts.get(rule.name, 0),
        )
        for rule in rules
    ]


def _holding(
    pauses: Sequence[Pause], rule: CompiledRule, scenarios: Sequence[Started]
) -> Sequence[Pause]:
    """The pauses of the rule, of what it starts, of where that is."""
    held = {(PauseKind.RULE, rule.name), (PauseKind.DESTINATION, rule.destination)}
    held |= {(PauseKind(rule.target.value), str(one.number)) for one in scenarios}
    return [pause for pause in pauses if (pause.kind, pause.name) in held]

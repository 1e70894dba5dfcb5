"""`/rules`: what starts what, as the configuration in use has it."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.api.access import Whoever, refusals
from app.desk.desk import Desk
from app.desk.refusals import NotFound
from app.model.start import InDoubt, OnUnknownProfile, Target
from app.outbox import Pause, PauseKind
from app.rules.compiled import CompiledRule, ScenarioChoice


class RuleMatch(BaseModel):
    """Texts of expressions."""

    matching: str
    field: str | None
    value: str


class RuleScenario(BaseModel):
    """A `number`, or by the value of an expression, else the `number`."""

    number: int | None
    by: str | None = None
    of: dict[str, int] | None = None


class RuleShown(BaseModel):
    name: str
    sources: list[str] | None = Field(description="null: any")
    conditions: list[str] = Field(description="all must hold")
    matches: list[RuleMatch] = Field(description="empty: by the usual names")
    target: Target
    scenario: RuleScenario
    content: dict[str, str]
    destination: str
    in_doubt: InDoubt
    on_unknown_profile: OnUnknownProfile
    stop: bool
    is_paused: bool


class RuleList(BaseModel):
    revision: str
    items: list[RuleShown]


def rule_routes(desk: Desk) -> APIRouter:
    routes = APIRouter(prefix="/rules", tags=["configuration"])

    @routes.get("", responses=refusals())
    async def list_rules(_: Whoever) -> RuleList:
        """In the order of the file, in which they are asked."""
        revision, pauses = desk.revision, await desk.outbox.pauses()
        items = [_shown(rule, pauses) for rule in revision.rules.all]
        return RuleList(revision=revision.id, items=items)

    @routes.get("/{name:path}", responses=refusals("not_found"))
    async def show_rule(_: Whoever, name: str) -> RuleShown:
        """One of them."""
        for rule in desk.revision.rules.all:
            if rule.name == name:
                return _shown(rule, await desk.outbox.pauses())
        raise NotFound("there is no such rule in the configuration")

    return routes


def _shown(rule: CompiledRule, pauses: list[Pause]) -> RuleShown:
    return RuleShown(
        name=rule.name,
        sources=None if rule.sources is None else sorted(rule.sources),
        conditions=[condition.text for condition in rule.conditions],
        matches=[
            RuleMatch(matching=match.matching.value, field=match.field, value=match.text)
            for match in rule.matches
        ],
        target=rule.target,
        scenario=_scenario(rule.scenario),
        content={name: value.text for name, value in rule.content},
        destination=rule.destination,
        in_doubt=rule.in_doubt,
        on_unknown_profile=rule.on_unknown_profile,
        stop=rule.stop,
        is_paused=any((p.kind, p.name) == (PauseKind.RULE, rule.name) for p in pauses),
    )


def _scenario(choice: ScenarioChoice) -> RuleScenario:
    return RuleScenario(
        number=choice.number,
        by=choice.by.text if choice.by else None,
        of=dict(choice.of) if choice.of is not None else None,
    )

"""`/traffic`: what came in, which rules held, and what became of the starts, in numbers."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from app import lookup
from app.api.access import Whoever, refusals
from app.desk.asked import Asked, Text
from app.desk.desk import Desk
from app.desk.refusals import Invalid
from app.kit import durations
from app.model.tally import TallyKind, TallySum
from app.outbox import TalliesAsked

_INSTANT = "an instant such as 2026-01-31T10:00:00Z, or an age such as 2h"
_LEAST_STEP_S = 60
_MOST_STEPS = 1500
_MOST_ITEMS = 10_000


class TrafficAsked(Asked):
    since: str = Field("1h", max_length=400, description=f"not before its minute: {_INSTANT}")
    until: Text = Field(None, description=f"before its minute: {_INSTANT}; absent: up to now")
    step: Text = Field(
        None,
        description="whole minutes, such as 5m: a sum for each; absent: one sum of it all. What is "
        "older than three hours is kept by the hour",
    )
    kind: TallyKind | None = None
    name: Text = Field(None, description="of a source, a rule or a destination, by the kind")

    def wanted(self, desk: Desk) -> TalliesAsked:
        """Raises Invalid, NotUnderstood."""
        since = lookup.instant("since", self.since, desk.clock)
        until = lookup.instant("until", self.until, desk.clock)
        # This minute with what was counted of it.
        until = until or desk.clock.now() + timedelta(minutes=1)
        if since is None or since >= until:
            raise Invalid("since: must be before until")
        step_s = _step_s(self.step, (until - since).total_seconds())
        kinds = () if self.kind is None else (self.kind,)
        return TalliesAsked(since, until, step_s, kinds, self.name)


class Traffic(BaseModel):
    """A step begins at `at`; without steps that is the minute of `since`. `is_whole` false: there
    are more sums than fit; ask for a kind, a name, or longer steps."""

    since: datetime
    until: datetime
    step_s: int | None
    is_whole: bool
    items: "list[TrafficItem]"


class TrafficItem(BaseModel):
    """`call`: the name is a source (or `unknown`), the label `accepted`, `ignored`, `duplicate`,
    `answered` or a problem. `rule`: a rule, `held`. `attempt`: a destination, an outcome. `ended`:
    a destination, the last outcome or the ending."""

    at: datetime
    kind: TallyKind
    name: str
    label: str
    count: int
    last_at: datetime = Field(description="start of the last minute in which it was counted")


def traffic_routes(desk: Desk) -> APIRouter:
    routes = APIRouter(prefix="/traffic", tags=["traffic"])

    @routes.get("", responses=refusals("invalid"))
    async def traffic(_: Whoever, asked: Annotated[TrafficAsked, Query()]) -> Traffic:
        """Some seconds behind. The earliest first. A process that is killed takes with it what it
        counted in its last seconds."""
        wanted = asked.wanted(desk)
        found = await desk.outbox.tallies(wanted, limit=_MOST_ITEMS + 1)
        return Traffic(
            since=wanted.since,
            until=wanted.until,
            step_s=wanted.step_s,
            is_whole=len(found) <= _MOST_ITEMS,
            items=[_shown(one) for one in found[:_MOST_ITEMS]],
        )

    return routes


def _step_s(text: str | None, range_s: float) -> int | None:
    if text is None:
        return None
    try:
        step_s = durations.seconds(text)
    except ValueError as error:
        raise Invalid(f"step: {error}") from None
    if step_s < _LEAST_STEP_S or step_s % _LEAST_STEP_S:
        raise Invalid("step: must be whole minutes, such as 5m")
    if range_s / step_s > _MOST_STEPS:
        least_s = range_s / _MOST_STEPS
        raise Invalid(f"step: more than {_MOST_STEPS} of them; take at least {least_s:.0f}s")
    return int(step_s)


def _shown(one: TallySum) -> TrafficItem:
    return TrafficItem(
        at=one.at,
        kind=one.kind,
        name=one.name,
        label=one.label,
        count=one.count,
        last_at=one.last_at,
    )

"""Replays: of one, or of all that a filter finds.

A request looks at a bounded number and says where to go on, instead of leaving a task behind: the
caller sees how far it got and may stop, a restart loses nothing, and it is the same whichever of
several processes gets the next request. All requests of one replay are one act: its id is in
`next`, its time is what the pace counts from.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from pydantic import BaseModel, Field

from app import lookup
from app.desk.asked import Asked, SomeDeliveries, Text
from app.desk.desk import Desk
from app.desk.refusals import Conflict, Invalid, NotFound
from app.model.delivery import Delivery, DeliveryId, DeliveryState
from app.model.event import ERASED
from app.model.operator import Operator
from app.outbox import Act, ActId, ActKind, Count, CountedDeliveries, DeliveryFilter
from app.replay import Plan, Replay, Report

_FINAL = (DeliveryState.DONE, DeliveryState.DEAD)
NEXT = "`next` of the reply before, with the same filter: goes on there"


class Rules(StrEnum):
    STORED = "stored"
    CURRENT = "current"


class ByRules(Asked):
    rules: Rules = Field(
        Rules.STORED, description="the request as it was stored, or made by today's rules"
    )


class OneReplay(ByRules):
    again: bool = Field(False, description="also when it was replayed before")


class GroupReplay(ByRules):
    rate: Text = Field(None, description="how fast they become due: 10/s, 600/m")
    limit: int = Field(500, ge=1, le=2000, description="how many to look at in this request")
    next: Text = Field(None, description=NEXT)
    dry_run: bool = Field(False, description="only count")


class DeliveryReplay(SomeDeliveries, OneReplay, GroupReplay):
    """Without a state and without ids: dead letters."""


class Replayed(BaseModel):
    """`left`: why how many were left alone. `next`: there may be more; ask again with it."""

    act: str | None
    count: int
    deliveries: list[str]
    left: dict[str, int]
    next: str | None = None


class CountShown(BaseModel):
    rule: str
    state: DeliveryState
    outcome: str | None
    count: int


class Counted(BaseModel):
    """Of a dry run."""

    total: int
    of: list[CountShown]


@dataclass(frozen=True, slots=True)
class CountedSome:
    """`is_whole` false: there may be more."""

    counted: Counted
    is_whole: bool


async def replay_deliveries(
    desk: Desk, operator: Operator, asked: DeliveryReplay
) -> Replayed | Counted:
    """Finished deliveries again, each as a new one, a bounded number at a time. Raises Invalid,
    NotUnderstood."""
    if asked.dry_run:
        return await count_chosen(desk, _chosen(desk, asked), again=asked.again)
    return await replay_step(desk, operator, asked)


async def replay_step(desk: Desk, operator: Operator, asked: DeliveryReplay) -> Replayed:
    """Raises Invalid, NotUnderstood."""
    return await replay_chosen(desk, operator, _chosen(desk, asked), asked, again=asked.again)


async def count_replay(desk: Desk, asked: DeliveryReplay, *, most: int) -> CountedSome:
    """What it is about, counted up to `most`, and of the newest alone where no index finds them.
    Raises Invalid, NotUnderstood."""
    wanted = _free(_chosen(desk, asked), again=asked.again)
    return counted_some([await desk.outbox.count_deliveries(wanted, most=most)], _FINAL)


async def replay_chosen(
    desk: Desk, operator: Operator, wanted: DeliveryFilter, asked: GroupReplay, *, again: bool
) -> Replayed:
    """A step of it. Raises Invalid, NotUnderstood."""
    act = desk.act(ActKind.REPLAY, operator, {})
    plan = Plan(
        lookup.told(act, wanted, rules=asked.rules.value),
        desk.revision if asked.rules is Rules.CURRENT else None,
        lookup.per_second("rate", asked.rate),
        asked.limit,
        again,
    )
    plan = await going_on(desk, operator, plan, asked.next)
    if not wanted.ids:
        # What this act itself made and failed again must not be met by its later requests.
        until = min(wanted.until or plan.act.at, plan.act.at)
        wanted = replace(wanted, until=until)
    return replayed_of(plan.act, await Replay(desk.outbox, plan, desk.clock).deliveries(wanted))


async def count_chosen(desk: Desk, wanted: DeliveryFilter, *, again: bool) -> Counted:
    return counted(await desk.outbox.counts(_free(wanted, again=again)), _FINAL)


def _free(wanted: DeliveryFilter, *, again: bool) -> DeliveryFilter:
    return wanted if again else replace(wanted, is_replayed=False)


def _chosen(desk: Desk, asked: DeliveryReplay) -> DeliveryFilter:
    wanted = asked.chosen(desk)
    return wanted if asked.ids else replace(wanted, state=wanted.state or DeliveryState.DEAD)


async def replay_delivery(
    desk: Desk, operator: Operator, delivery_id: str, asked: OneReplay
) -> Replayed:
    """One again, as a new delivery. Raises NotFound, Conflict."""
    old = await desk.outbox.delivery(DeliveryId(delivery_id))
    if old is None:
        raise NotFound("there is no such delivery")
    _check_free(old, again=asked.again)
    act = desk.act(ActKind.REPLAY, operator, {"ids": [delivery_id]})
    revision = desk.revision if asked.rules is Rules.CURRENT else None
    plan = Plan(act, revision, again=asked.again)
    report = await Replay(desk.outbox, plan, desk.clock).deliveries(lookup.only([delivery_id]))
    if not report.added:
        raise Conflict("; ".join(report.left) or "it was replayed meanwhile")
    return replayed_of(act, report)


def _check_free(old: Delivery, *, again: bool) -> None:
    """Raises Conflict."""
    if old.is_erased:
        raise Conflict(ERASED)
    if old.state not in _FINAL:
        raise Conflict(f"it is {old.state.value}: still on its way")
    if old.replayed_as is not None and not again:
        raise Conflict(f"it was replayed as {old.replayed_as}; say `again` to do it once more")


async def going_on(desk: Desk, operator: Operator, plan: Plan, following: str | None) -> Plan:
    """Raises Invalid."""
    if following is None:
        return plan
    act_id, _, after = following.partition(".")
    act = await known_act(desk, operator, act_id, ActKind.REPLAY)
    return replace(plan, act=act, after=after, done=act.count)


async def known_act(desk: Desk, operator: Operator, act_id: str, kind: ActKind) -> Act:
    """Raises Invalid for what is not this operator's."""
    act = await desk.outbox.act(ActId(act_id))
    if act is None or (act.who, act.kind) != (operator.name, kind):
        raise Invalid(f"next: names no {kind} of yours")
    return act


def replayed_of(act: Act, report: Report) -> Replayed:
    return Replayed(
        act=act.id,
        count=len(report.added),
        deliveries=list(report.added),
        left=dict(report.left),
        next=f"{act.id}.{report.after}" if report.after else None,
    )


def counted_some(
    found: Sequence[CountedDeliveries], states: tuple[DeliveryState, ...]
) -> CountedSome:
    counts = [one for some in found for one in some.counts]
    return CountedSome(counted(counts, states), all(some.is_whole for some in found))


def counted(found: list[Count], states: tuple[DeliveryState, ...]) -> Counted:
    free = [one for one in found if one.state in states]
    shown = [
        CountShown(rule=one.rule, state=one.state, outcome=one.outcome, count=one.count)
        for one in free
    ]
    return Counted(total=sum(one.count for one in free), of=shown)

"""Replays of calls: held against today's rules, a bounded number a request (see `replays`)."""

from dataclasses import replace

from pydantic import Field

from app import lookup
from app.desk.asked import EventsAsked, Text
from app.desk.desk import Desk
from app.desk.refusals import Invalid, NotFound
from app.desk.replays import NEXT, Replayed, going_on, replayed_of
from app.model.event import EventId
from app.model.operator import Operator
from app.outbox import ActKind, EventFilter
from app.replay import Plan, Replay


class EventReplay(EventsAsked):
    """Rules that hold today and have no delivery of the event start it."""

    rate: Text = Field(None, description="how fast they become due: 10/s, 600/m")
    limit: int = Field(500, ge=1, le=2000, description="how many to look at in this request")
    next: Text = Field(None, description=NEXT)
    dry_run: bool = Field(False, description="only count")


async def replay_events(desk: Desk, operator: Operator, asked: EventReplay) -> Replayed:
    """Raises Invalid, NotUnderstood."""
    wanted = asked.filter(desk)
    if wanted == EventFilter():
        raise Invalid("say which by source, status, since, until or a person")
    act = desk.act(ActKind.REPLAY, operator, {"source": asked.source or "any"})
    plan = Plan(act, desk.revision, lookup.per_second("rate", asked.rate), asked.limit)
    plan = replace(plan, is_dry_run=asked.dry_run)
    plan = await going_on(desk, operator, plan, asked.next)
    report = await Replay(desk.outbox, plan, desk.clock).events(wanted)
    if not asked.dry_run:
        return replayed_of(plan.act, report)
    return Replayed(act=None, count=len(report.added), deliveries=[], left=dict(report.left))


async def replay_event(desk: Desk, operator: Operator, event_id: str) -> Replayed:
    """Raises NotFound."""
    if await desk.outbox.event(EventId(event_id)) is None:
        raise NotFound("there is no such event")
    act = desk.act(ActKind.REPLAY, operator, {"events": [event_id]})
    replay = Replay(desk.outbox, Plan(act, desk.revision), desk.clock)
    return replayed_of(act, await replay.these_events([EventId(event_id)]))

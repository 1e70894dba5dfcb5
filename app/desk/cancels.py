"""Cancels deliveries that wait: one, or all that a filter finds, a bounded number a request."""

from dataclasses import replace

from pydantic import BaseModel, Field

from app import lookup
from app.desk.asked import SomeDeliveries, Text
from app.desk.desk import Desk
from app.desk.refusals import Conflict, NotFound
from app.desk.replays import Counted, CountedSome, counted, counted_some, known_act
from app.model.delivery import DeliveryId, DeliveryState
from app.model.operator import Operator
from app.outbox import ActKind

_WAITING = (DeliveryState.PENDING, DeliveryState.PAUSED)
_STEPS = 4


class DeliveryCancel(SomeDeliveries):
    next: Text = Field(None, description="`next` of the reply before, with the same filter")
    dry_run: bool = Field(False, description="only count")


class Cancelled(BaseModel):
    """`next`: there may be more; ask again with it."""

    act: str
    count: int
    next: str | None = None


async def cancel_deliveries(
    desk: Desk, operator: Operator, asked: DeliveryCancel
) -> Cancelled | Counted:
    """What is under way or done stays as it is. Raises Invalid, NotUnderstood."""
    if asked.dry_run:
        return counted(await desk.outbox.counts(asked.chosen(desk)), _WAITING)
    return await cancel_step(desk, operator, asked)


async def cancel_step(desk: Desk, operator: Operator, asked: DeliveryCancel) -> Cancelled:
    """Raises Invalid, NotUnderstood."""
    wanted = asked.chosen(desk)
    if asked.next is not None:
        act = await known_act(desk, operator, asked.next, ActKind.CANCEL)
    else:
        act = lookup.told(desk.act(ActKind.CANCEL, operator, {}), wanted)
    count = 0
    for _ in range(_STEPS):
        step = await desk.outbox.cancel_some(wanted, act)
        count += step
        if not step:
            return Cancelled(act=act.id, count=count)
    return Cancelled(act=act.id, count=count, next=act.id)


async def count_cancel(desk: Desk, asked: DeliveryCancel, *, most: int) -> CountedSome:
    """What it is about, counted up to `most` a state. Raises Invalid, NotUnderstood."""
    wanted = asked.chosen(desk)
    states = [one for one in _WAITING if wanted.state in (None, one)]
    # One by one: each has an index of its own.
    return counted_some(
        [await desk.outbox.count_deliveries(replace(wanted, state=s), most=most) for s in states],
        _WAITING,
    )


async def cancel_delivery(desk: Desk, operator: Operator, delivery_id: str) -> Cancelled:
    """Raises NotFound, Conflict."""
    delivery = await desk.outbox.delivery(DeliveryId(delivery_id))
    if delivery is None:
        raise NotFound("there is no such delivery")
    if delivery.state not in _WAITING:
        raise Conflict(f"it does not wait: it is {delivery.state.value}")
    wanted = lookup.only([delivery_id])
    act = lookup.told(desk.act(ActKind.CANCEL, operator, {}), wanted)
    if not await desk.outbox.cancel_some(wanted, act):
        raise Conflict("it does not wait any more")
    return Cancelled(act=act.id, count=1)

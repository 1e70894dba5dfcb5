"""Erases what is stored of a person, a bounded number a request."""

from pydantic import BaseModel, Field

from app.desk.asked import Person, Text
from app.desk.desk import Desk
from app.desk.refusals import Invalid
from app.desk.replays import known_act
from app.model.operator import Operator
from app.outbox import ActKind

_STEPS = 10


class ForgetAsked(Person):
    """In every way in which the person is known."""

    dry_run: bool = Field(False, description="only count")
    next: Text = Field(None, description="`next` of the reply before, with the same person")


class ForgottenShown(BaseModel):
    """How many rows it is about; they stay, emptied. `next`: there may be more; ask again with
    it."""

    act: str | None
    events: int
    deliveries: int
    attempts: int
    cancelled: int = Field(description="of the deliveries, those that waited")
    under_way: int = Field(description="are being sent: ask again when they are done")
    others: int = Field(
        description="deliveries of the same calls that name somebody else, or the same person "
        "otherwise; they stay"
    )
    next: str | None


async def forget_person(desk: Desk, operator: Operator, asked: ForgetAsked) -> ForgottenShown:
    """Raises Invalid, NotUnderstood."""
    names = asked.names()
    if not names:
        raise Invalid("say who, by email, phone, crm_id or profile_id")
    act, after = None, ""
    if asked.next is not None:
        act_id, _, after = asked.next.partition(".")
        act = await known_act(desk, operator, act_id, ActKind.FORGET)
    elif not asked.dry_run:
        by = [name.field or name.matching for name in names]
        act = desk.act(ActKind.FORGET, operator, {"by": by})
    found = await desk.outbox.forget(
        names, None if asked.dry_run else act, after=after, steps=_STEPS
    )
    return ForgottenShown(
        act=act.id if act else None,
        events=found.events,
        deliveries=found.deliveries,
        attempts=found.attempts,
        cancelled=found.cancelled,
        under_way=found.under_way,
        others=found.others,
        next=f"{act.id}.{found.after}" if act and found.after else None,
    )

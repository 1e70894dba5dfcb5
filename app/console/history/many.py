"""Replays and cancels all that a filter finds: asked for with a count first, then done a bounded
number a request, so that it may be watched and stopped."""

from collections import Counter
from typing import Annotated, Literal, TypeAlias

import orjson
from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import Field

from app.console.history.sought import DeliveriesSought, turned
from app.console.history.tones import SAID
from app.console.house import House
from app.console.pages import address
from app.console.visitors import ActingVisitor
from app.desk.asked import Text
from app.desk.cancels import Cancelled, DeliveryCancel, cancel_step, count_cancel
from app.desk.desk import Desk
from app.desk.refusals import Invalid
from app.desk.replays import (
    CountedSome,
    DeliveryReplay,
    Replayed,
    Rules,
    count_replay,
    replay_step,
)
from app.lookup import per_second
from app.model.operator import Operator
from app.outbox import ActId

Doing: TypeAlias = Literal["replay", "cancel"]
_MOST_COUNTED = 10_000
_MOST_REASONS = 5
_LONGEST_REASON = 160


class Many(DeliveriesSought):
    """A filter, and how. `total` is what was counted before, `left` what was left alone so far,
    by the reason; `next` is where to go on, with so many as `step` in a request."""

    rules: Rules = Rules.STORED
    again: bool = False
    rate: Text = None
    total: int = Field(0, ge=0)
    did: Text = None
    next: Text = None
    step: int = Field(200, ge=1, le=500)
    left: str = Field("{}", max_length=2000)
    proof: Text = None

    def replay(self) -> DeliveryReplay:
        """Raises NotUnderstood."""
        how = {"rules": self.rules, "again": self.again, "rate": self.rate, "next": self.next}
        return DeliveryReplay(limit=self.step, **self.named(), **how).known_by(self.digests)

    def cancel(self) -> DeliveryCancel:
        """Raises NotUnderstood."""
        return DeliveryCancel(next=self.next, **self.named()).known_by(self.digests)

    def reasons(self) -> dict[str, int]:
        """Raises Invalid."""
        try:
            found = orjson.loads(self.left)
            return {str(why)[:_LONGEST_REASON]: int(count) for why, count in found.items()}
        except (ValueError, TypeError, AttributeError):
            raise Invalid("left: begin anew") from None


def many_routes(house: House) -> APIRouter:
    routes = APIRouter(prefix="/deliveries/all")
    desk, page = house.desk, house.pages.page

    @routes.get("/{doing}")
    async def ask(
        request: Request, _: ActingVisitor, doing: Doing, asked: Annotated[Many, Query()]
    ) -> Response:
        per_second("rate", asked.rate)
        some = await _count(desk, doing, asked)
        words = _fixed(desk, asked)
        return page(
            request,
            "history/ask_many",
            doing=doing,
            counted=some.counted,
            is_more=not some.is_whole,
            asked=asked,
            words=words,
            to=turned("/deliveries", asked.filter_words),
            **SAID,
        )

    @routes.post("/{doing}")
    async def step(
        visitor: ActingVisitor, doing: Doing, asked: Annotated[Many, Form()]
    ) -> Response:
        done = await _step(desk, visitor.operator, doing, asked)
        left = Counter(asked.reasons())
        if isinstance(done, Replayed):
            left.update({why[:_LONGEST_REASON]: count for why, count in done.left.items()})
        words = {
            **asked.model_copy(update={"proof": None}).words,
            "did": done.act,
            "next": done.next,
            "left": orjson.dumps(dict(left.most_common(_MOST_REASONS))).decode(),
        }
        return RedirectResponse(address(f"/deliveries/all/{doing}/goes", **words), 303)

    @routes.get("/{doing}/goes")
    async def goes(
        request: Request, _: ActingVisitor, doing: Doing, asked: Annotated[Many, Query()]
    ) -> Response:
        return page(
            request,
            "history/goes",
            doing=doing,
            asked=asked,
            words=asked.words,
            back=turned("/deliveries", asked.filter_words)(),
            reasons=asked.reasons(),
            act=await desk.outbox.act(ActId(asked.did)) if asked.did else None,
        )

    return routes


async def _count(desk: Desk, doing: Doing, asked: Many) -> CountedSome:
    """Raises Invalid, NotUnderstood."""
    if doing == "replay":
        return await count_replay(desk, asked.replay(), most=_MOST_COUNTED)
    return await count_cancel(desk, asked.cancel(), most=_MOST_COUNTED)


def _fixed(desk: Desk, asked: Many) -> dict[str, str]:
    """The filter with instants for ages: what is two hours old now is older at the last step."""
    wanted = asked.asked().filter(desk)
    times = {"since": wanted.since, "until": wanted.until}
    fixed = {name: at.isoformat(timespec="seconds") for name, at in times.items() if at}
    return {**asked.filter_words, **fixed}


async def _step(desk: Desk, operator: Operator, doing: Doing, asked: Many) -> Replayed | Cancelled:
    if doing == "replay":
        return await replay_step(desk, operator, asked.replay())
    return await cancel_step(desk, operator, asked.cancel())

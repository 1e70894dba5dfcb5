"""Sends again what was sent or came in before: as it was stored, or through today's rules."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol

from app.kit.clock import Clock
from app.model.delivery import Delivery, DeliveryId, DeliveryState
from app.model.event import ERASED, Event, EventId
from app.model.new_delivery import for_now, new_delivery, repeated_delivery
from app.model.start import ScenarioStart
from app.model.trace import linked
from app.outbox import Act, DeliveryFilter, EventFilter, Repeat
from app.revision import Revision
from app.rules import Decision, evaluate
from app.sources.receive import Refused, reread
from app.sources.stored import call_of_event

_PAGE = 500
_FIRST = "0"


class History(Protocol):
    """What a replay needs of the outbox."""

    async def deliveries(self, wanted: DeliveryFilter, *, limit: int) -> list[Delivery]: ...

    async def events(self, wanted: EventFilter, *, limit: int) -> list[Event]: ...

    async def event(self, event_id: EventId) -> Event | None: ...

    async def repeat(
        self, repeats: Sequence[Repeat], act: Act, *, again: bool = False
    ) -> list[DeliveryId]: ...

    async def add(self, fresh: Sequence[Delivery], act: Act) -> list[DeliveryId]: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """`revision`: today's rules decide; None: the stored request is sent. `per_second`: how fast
    they become due, counted from the act on. `again`: also what was repeated before. `limit`: how
    many to look at. A part of an act that goes on begins `after` an id, with so many `done`.
    `is_dry_run`, of events: nothing is added, and counted what would be."""

    act: Act
    revision: Revision | None = None
    per_second: float | None = None
    limit: int = 100_000
    again: bool = False
    after: str = _FIRST
    done: int = 0
    is_dry_run: bool = False


@dataclass(slots=True)
class Report:
    """`left`: why how many were left alone. `after`: the last that was looked at, where there may
    be more."""

    after: str | None = None
    added: list[DeliveryId] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)


class Replay:
    def __init__(self, history: History, plan: Plan, clock: Clock) -> None:
        self._history = history
        self._plan = plan
        self._clock = clock
        self._began = clock.now()
        self.report = Report()

    async def deliveries(self, wanted: DeliveryFilter) -> Report:
        """Those that are done or dead, in the order they were made; a step at a time, each of
        which stays done when the next can't be."""
        if not self._plan.again:
            wanted = replace(wanted, is_replayed=False)
        async for page in self._pages(wanted):
            repeats = [one for old in page if (one := await self._repeat(old)) is not None]
            paced = [replace(one, fresh=self._paced(one.fresh, n)) for n, one in enumerate(repeats)]
            added = await self._history.repeat(paced, self._plan.act, again=self._plan.again)
            self._count(added, len(repeats), "it was replayed by somebody else meanwhile")
        return self.report

    async def events(self, wanted: EventFilter) -> Report:
        """Starts of rules that hold today and have none of the event yet."""
        async for page in self._event_pages(wanted):
            await self._start(page)
        return self.report

    async def these_events(self, ids: Sequence[EventId]) -> Report:
        found = [await self._history.event(one) for one in ids]
        if missing := found.count(None):
            self.report.left["there is no such event"] += missing
        await self._start([event for event in found if event is not None])
        return self.report

    async def _start(self, events: Sequence[Event]) -> None:
        fresh = [delivery for event in events for delivery in self._starts(event)]
        paced = [self._paced(delivery, n) for n, delivery in enumerate(fresh)]
        if self._plan.is_dry_run:
            added = await self._without_known(paced)
        else:
            added = await self._history.add(paced, self._plan.act)
        self._count(added, len(fresh), "the rule has a delivery of the event already")

    async def _without_known(self, fresh: Sequence[Delivery]) -> list[DeliveryId]:
        known: set[tuple[EventId, str]] = set()
        for event_id in {one.event_id for one in fresh}:
            made = await self._history.deliveries(DeliveryFilter(event_id=event_id), limit=1000)
            known |= {(one.event_id, one.start.rule) for one in made}
        return [one.id for one in fresh if (one.event_id, one.start.rule) not in known]

    def _count(self, added: Sequence[DeliveryId], asked: int, why: str) -> None:
        self.report.added += added
        if asked > len(added):
            self.report.left[why] += asked - len(added)

    async def _pages(self, wanted: DeliveryFilter) -> AsyncIterator[list[Delivery]]:
        after, left = DeliveryId(self._plan.after), self._plan.limit
        while left > 0:
            page = await self._history.deliveries(
                replace(wanted, after=after), limit=min(left, _PAGE)
            )
            if not page:
                return
            yield page
            after, left = page[-1].id, left - len(page)
        self.report.after = after

    async def _event_pages(self, wanted: EventFilter) -> AsyncIterator[list[Event]]:
        after, left = EventId(self._plan.after), self._plan.limit
        while left > 0:
            page = await self._history.events(replace(wanted, after=after), limit=min(left, _PAGE))
            if not page:
                return
            yield page
            after, left = page[-1].id, left - len(page)
        self.report.after = after

    async def _repeat(self, old: Delivery) -> Repeat | None:
        if old.state not in (DeliveryState.DONE, DeliveryState.DEAD):
            self.report.left[f"it is {old.state.value}: still on its way"] += 1
            return None
        if old.is_erased:
            self.report.left[ERASED] += 1
            return None
        if self._plan.revision is None:
            return Repeat(old.id, repeated_delivery(old, self._began, self._plan.act.id))
        event = await self._history.event(old.event_id)
        if event is None:
            self.report.left["its call is no longer stored"] += 1
            return None
        start = self._start_of(event, old.start.rule)
        return None if start is None else Repeat(old.id, self._new(start, event, old))

    def _start_of(self, event: Event, rule: str) -> ScenarioStart | None:
        decision = self._decide(event)
        if isinstance(decision, str):
            self.report.left[decision] += 1
            return None
        for start in decision.starts:
            if start.rule == rule:
                return start
        misses = [str(miss) for miss in decision.misses if miss.rule == rule]
        self.report.left[next(iter(misses), f'there is no rule "{rule}" for its source')] += 1
        return None

    def _starts(self, event: Event) -> list[Delivery]:
        decision = self._decide(event)
        if isinstance(decision, str) or not decision.starts:
            reason = decision if isinstance(decision, str) else decision.reason
            self.report.left[reason or "no rule starts anything"] += 1
            return []
        return [self._new(start, event, None) for start in decision.starts]

    def _new(self, start: ScenarioStart, event: Event, old: Delivery | None) -> Delivery:
        return new_delivery(
            for_now(start),
            event,
            self._plan.revision.id if self._plan.revision else "",
            self._began,
            replay_of=old.id if old else None,
            act_id=self._plan.act.id,
            trace=linked(old.trace) if old else None,
        )

    def _decide(self, event: Event) -> Decision | str:
        """Or why there is none."""
        if event.is_erased:
            return ERASED
        revision = self._plan.revision
        source = revision.sources.get(event.source) if revision else None
        if revision is None or source is None:
            return f'there is no source "{event.source}" any more'
        taken = reread(source, call_of_event(event), revision.scope)
        if isinstance(taken, Refused):
            return f"its call can't be read: {taken.slug}"
        if not taken.items:
            return "its call says nothing"
        item = taken.items[0]
        if item.reason is not None:
            return item.reason
        return evaluate(revision.rules, item.variables, region=source.region)

    def _paced(self, fresh: Delivery, number: int) -> Delivery:
        per_second = self._plan.per_second
        if per_second is None:
            return fresh
        before = self._plan.done + len(self.report.added) + number
        at = self._plan.act.at + timedelta(seconds=before / per_second)
        return replace(fresh, next_attempt_at=max(at, fresh.next_attempt_at))

"""This worker's way to one destination: its client, and how many requests are on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from app.altcraft import Item, Progress
from app.delivery.gate import Gate
from app.delivery.pace import Asked
from app.delivery.turns import Turns
from app.delivery.verdict import RetryPolicy
from app.delivery.width import Width
from app.model.outcome import Outcome, OutcomeKind
from app.model.start import Match, ScenarioStart
from app.outbox import Pace

_OF_WIDTH = 4
_BROKEN = (OutcomeKind.TEMPORARY, OutcomeKind.NOT_SENT, OutcomeKind.IN_DOUBT)


class Starter(Protocol):
    async def start(
        self,
        start: ScenarioStart,
        match: Match,
        *,
        imports: bool,
        request_id: str,
        progress: Progress,
        headers: Mapping[str, str],
    ) -> Outcome: ...

    async def start_batch(
        self,
        items: Sequence[Item],
        *,
        as_task: bool,
        request_id: str,
        progress: Progress,
        headers: Mapping[str, str],
    ) -> list[Outcome]: ...

    async def close(self) -> None: ...


@dataclass(slots=True)
class Lane:
    """`has_more`: the last claim took all there was room for, so more may be due. `paced_until`:
    when the pace allows more, by the monotonic clock."""

    name: str
    client: Starter
    pace: Pace
    asked: Asked
    policy: RetryPolicy
    width: Width
    gate: Gate
    turns: Turns = field(default_factory=Turns)
    in_flight: int = field(default=0, init=False)
    has_more: bool = field(default=False, init=False)
    paced_until: float = field(default=0.0, init=False)

    @property
    def is_full(self) -> bool:
        return self.in_flight >= self.width.current

    def room(self) -> int:
        """How many requests may be made now. Under load a few at a time: a claim for one costs as
        much as for many, and meanwhile the others are on their way."""
        allowed = self.gate.room()
        free = self.width.current - self.in_flight
        if self.has_more and self.in_flight and free < self.width.current // _OF_WIDTH:
            return 0
        return free if allowed is None else min(allowed, max(1, free))

    def begin(self, *, is_probe: bool) -> None:
        """One request is made."""
        self.in_flight += 1
        self.asked.count(1)
        if is_probe:
            self.gate.begin_probe()

    def end(self, *, is_probe: bool) -> None:
        self.in_flight -= 1
        if is_probe:
            self.gate.withdraw()

    def note(self, outcome: Outcome, target: object, duration_s: float, *, is_probe: bool) -> None:
        was_open = self.gate.is_open
        self.gate.note(outcome, target, is_probe=is_probe)
        if outcome.kind in _BROKEN:
            self.width.broke()
        else:
            self.width.answered(duration_s)
        if self.gate.is_open and not was_open:
            self.width.restart()

"""The way to one destination: its client, its pace, and how many starts are on it."""

from dataclasses import dataclass, field
from typing import Protocol

from app.altcraft.progress import Progress
from app.delivery.pace import Pace
from app.delivery.verdict import RetryPolicy
from app.model.outcome import Outcome
from app.model.start import Match, ScenarioStart


class Starter(Protocol):
    async def start(
        self, start: ScenarioStart, match: Match, *, request_id: str, progress: Progress
    ) -> Outcome: ...

    async def close(self) -> None: ...


@dataclass(slots=True)
class Lane:
    """`has_more`: the last claim took all there was room for, so more may be due."""

    name: str
    client: Starter
    pace: Pace
    policy: RetryPolicy
    concurrency: int
    in_flight: int = field(default=0, init=False)
    has_more: bool = field(default=False, init=False)

    @property
    def is_full(self) -> bool:
        return self.in_flight >= self.concurrency

    def room(self) -> int:
        """How many starts may be claimed now."""
        return self.pace.available(self.concurrency - self.in_flight)

"""What delivery needs of the outbox."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from app.model.delivery import Delivery
from app.outbox import Backlog, Settlement


class Wakeup(Protocol):
    def notify(self) -> None: ...

    async def wait(self, limit_s: float) -> bool: ...


class Store(Protocol):
    """Each of these may raise StoreUnavailable."""

    @property
    def wakeup(self) -> Wakeup: ...

    async def has_due(self, destination: str) -> bool: ...

    async def claim(
        self, *, owner: str, destination: str, limit: int, lease_s: float
    ) -> list[Delivery]: ...

    async def next_due_at(self, destinations: Sequence[str]) -> datetime | None: ...

    async def settle(self, settlement: Settlement) -> bool: ...

    async def has_expired(self) -> bool: ...

    async def take_expired(self, *, owner: str, limit: int, lease_s: float) -> list[Delivery]: ...

    async def backlog(self) -> list[Backlog]: ...

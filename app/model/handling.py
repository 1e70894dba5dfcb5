"""How a delivery is to be treated on its way: its turn, its time, its company."""

from datetime import datetime
from enum import IntEnum

from app.kit.light import light


class Priority(IntEnum):
    """Of a delivery among those of its destination; the lower number is served more often."""

    HIGH = 0
    NORMAL = 1
    LOW = 2


@light
class QuietHours:
    """From `from_min` until before `to_min`, minutes of the day in the time zone `zone` (IANA
    name); over midnight where `to_min` is the smaller."""

    from_min: int
    to_min: int
    zone: str


@light
class AtMost:
    """`count` starts within `window_s` seconds for those with the same `key`."""

    key: str
    count: int
    window_s: float


@light
class Burst:
    """Of calls with the same `key` only the last starts, `quiet_s` seconds after it; a burst
    without end starts `longest_s` after its first."""

    key: str
    quiet_s: float
    longest_s: float


@light
class Order:
    """Deliveries with the same `key` go one after the other, as they were received; after
    `wait_s` seconds of waiting one goes all the same."""

    key: str
    wait_s: float


@light
class Batch:
    """`size` starts share a request at most, gathered for `within_s` seconds. `as_task`:
    Altcraft works on them later, and answers only that it will."""

    size: int
    within_s: float
    as_task: bool = False


@light
class Handling:
    """`not_before` and `expires_at` are instants; None: at once, never. Keys are digests."""

    priority: Priority = Priority.NORMAL
    not_before: datetime | None = None
    expires_at: datetime | None = None
    quiet_hours: QuietHours | None = None
    order: Order | None = None
    at_most: AtMost | None = None
    burst: Burst | None = None
    batch: Batch | None = None


PLAIN = Handling()

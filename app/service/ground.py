"""What the parts of a process stand on."""

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from app.config.settings import Settings
from app.kit.clock import Clock
from app.observe.counts import Counts
from app.outbox import Outbox
from app.revision import CurrentRevision

if TYPE_CHECKING:
    from app.tracing.tracing import Tracing  # its packages may be missing


@dataclass(frozen=True, slots=True)
class Ground:
    """`tracing` None: nothing is traced."""

    settings: Settings
    current: CurrentRevision
    outbox: Outbox
    clock: Clock
    rng: Random
    counts: Counts
    tracing: "Tracing | None" = None

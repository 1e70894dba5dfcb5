"""The parts of a process, opened and closed in order."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from random import SystemRandom
from typing import TYPE_CHECKING

from app.api.health import Readiness
from app.config.settings import Settings
from app.console.live import Live
from app.delivery import Worker
from app.desk.desk import Desk
from app.desk.trials import Trials
from app.kit.clock import AdjustedClock, SystemClock
from app.live import Scenarios
from app.observe.counts import Counts
from app.outbox import Outbox
from app.revision import CurrentRevision
from app.service.chores import Chore, chores_of, tallying_of
from app.service.delivering import worker_of
from app.service.ground import Ground
from app.service.roles import Role
from app.service.time import adjust, keep_time
from app.service.ways_in import WaysIn, ways_in

if TYPE_CHECKING:
    from app.tracing.tracing import Tracing  # its packages may be missing


@dataclass(frozen=True, slots=True)
class Parts:
    """`ways_in` and `worker` are None where the process does not do that. `chores` go on until
    they are cancelled."""

    outbox: Outbox
    ways_in: WaysIn | None
    worker: Worker | None
    readiness: Readiness
    current: CurrentRevision
    desk: Desk
    live: Live
    chores: Mapping[str, Chore]


@contextlib.asynccontextmanager
async def open_parts(
    settings: Settings,
    current: CurrentRevision,
    role: Role,
    counts: Counts,
    tracing: "Tracing | None" = None,
) -> AsyncIterator[Parts]:
    """Raises StoreUnavailable and StoreAddressRefused."""
    base, rng = SystemClock(), SystemRandom()
    clock = AdjustedClock(base)
    async with (
        Outbox.open(settings.database_url, clock=clock, rng=rng, counts=counts) as outbox,
        Trials.open() as trials,
    ):
        await adjust(clock, base, outbox)
        on = Ground(settings, current, outbox, clock, rng, counts, tracing)
        tallying, live = tallying_of(on), Live(outbox, rng)
        chores: dict[str, Chore] = {
            "keep time": lambda: keep_time(clock, base, outbox, rng),
            "keep the tally": tallying.run,
            "tell pages": live.run,
            **chores_of(on, role),
        }
        ways = ways_in(on) if role.takes_calls else None
        if ways is not None:
            chores["note what is not kept"] = ways.unkept.run
        try:
            yield Parts(
                outbox=outbox,
                ways_in=ways,
                worker=worker_of(on) if role.delivers else None,
                readiness=Readiness(outbox, clock),
                current=current,
                desk=Desk(outbox, current, Scenarios(clock), clock, counts, trials),
                live=live,
                chores=chores,
            )
        finally:
            await tallying.last()

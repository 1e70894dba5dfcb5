"""What goes on beside calls and deliveries, until it is cancelled."""

from collections.abc import Callable, Coroutine, Mapping
from typing import TypeAlias

from app.concerns import concerns
from app.concerns.keep import Counter
from app.housekeeping import Housekeeper
from app.kit.ids import new_id
from app.notices import Teller
from app.outbox import Ages
from app.revision import Revision
from app.service.ground import Ground
from app.service.roles import Role
from app.service.tallying import Tallying

Chore: TypeAlias = Callable[[], Coroutine[None, None, None]]


def chores_of(on: Ground, role: Role) -> Mapping[str, Chore]:
    """By the names of their tasks."""
    found: dict[str, Chore] = {"tell people": _teller(on).run}
    if role.delivers:
        found["keep house"] = _housekeeper(on).run
        counter = Counter(on.outbox, on.rng, owner=f"problems-{new_id()}")
        found["look through problems"] = counter.run
    return found


def tallying_of(on: Ground) -> Tallying:
    """Counts by the names of each new revision."""

    def use(revision: Revision) -> None:
        rules = [rule.name for rule in revision.rules.all]
        on.counts.use(revision.sources, rules, revision.destinations)

    use(on.current.revision)
    on.current.listen(use)
    return Tallying(on.outbox, on.counts, on.rng)


def _housekeeper(on: Ground) -> Housekeeper:
    def ages() -> Ages:
        kept = on.current.revision.retention
        return Ages(events_s=kept.events, dead_s=kept.dead)

    return Housekeeper(on.outbox, ages, on.clock, on.rng, owner=f"housekeeper-{new_id()}")


def _teller(on: Ground) -> Teller:
    return Teller(
        on.outbox,
        lambda: on.current.revision.channels,
        lambda: concerns(on.outbox, on.current, on.clock),
        on.clock,
        on.rng,
        owner=f"notices-{new_id()}",
    )

"""What the faces for operators work with."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.desk.trials import Trials
from app.kit.clock import Clock
from app.kit.ids import new_id
from app.live import Scenarios
from app.model.json import Json
from app.model.operator import Operator
from app.observe.counts import Counts
from app.outbox import Act, ActId, ActKind, Outbox
from app.revision import CurrentRevision, Revision


@dataclass(frozen=True, slots=True)
class Desk:
    outbox: Outbox
    current: CurrentRevision
    scenarios: Scenarios
    clock: Clock
    counts: Counts
    trials: Trials

    @property
    def revision(self) -> Revision:
        return self.current.revision

    def act(self, kind: ActKind, operator: Operator, subject: Mapping[str, Json]) -> Act:
        made = Act(ActId(new_id()), self.clock.now(), operator.name, kind)
        return replace(made, subject=subject)

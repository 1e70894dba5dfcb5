"""What a case expects of a call that does what it does today."""

from collections.abc import Sequence

from app.cases.run import start_shape, status_of
from app.dry_run import Trial
from app.model.json import Json
from app.revision import Revision
from app.sources.receive import Refused


def expected_of(revision: Revision, found: Sequence[Trial] | Refused) -> Json:
    if isinstance(found, Refused):
        return {"refused": found.slug}
    items = [_expected_item(revision, trial) for trial in found]
    return items[0] if len(items) == 1 else {"items": items}


def _expected_item(revision: Revision, trial: Trial) -> dict[str, Json]:
    key = trial.dedup_key
    # The digest of a body says nothing to a reader.
    keyed: dict[str, Json] = {"dedup_key": key} if key and not key.startswith("sha256:") else {}
    if not trial.decision.starts:
        because: dict[str, Json] = {"because": trial.reason} if trial.reason else {}
        return {"starts": [], **because, **keyed}
    starts: list[Json] = []
    for start in trial.decision.starts:
        shape = start_shape(start)
        if not start.content:
            del shape["content"]
        if len(revision.platforms) == 1:
            del shape["destination"]
        starts.append(shape)
    return {"status": status_of(trial).value, "starts": starts, **keyed}

"""What a delivery has beyond whom and what, as the text that is stored. Most have nothing."""

from datetime import datetime
from typing import Any, NamedTuple

import orjson

from app.model.handling import (
    PLAIN,
    AtMost,
    Batch,
    Burst,
    Handling,
    Order,
    Priority,
    QuietHours,
)
from app.model.json import JsonObject
from app.model.start import Import, OnUnknownProfile, ScenarioStart
from app.model.trace import TraceContext


class Options(NamedTuple):
    fields: JsonObject | None = None
    imports: Import | None = None
    on_unknown_profile: OnUnknownProfile = OnUnknownProfile.FAIL
    handling: Handling = PLAIN
    trace: TraceContext | None = None


_NONE = Options()


def options_text(start: ScenarioStart, trace: TraceContext | None = None) -> str | None:
    given = {
        "fields": start.fields,
        "imports": [start.imports.is_always, start.imports.fields] if start.imports else None,
        "on_unknown_profile": _unless_default(start.on_unknown_profile),
        **_handling_values(start.handling),
        "trace": [trace.parent, trace.state, trace.is_linked] if trace else None,
    }
    kept = {name: value for name, value in given.items() if value is not None}
    return orjson.dumps(kept).decode() if kept else None


def _unless_default(given: OnUnknownProfile) -> str | None:
    return None if given is OnUnknownProfile.FAIL else given.value


def _handling_values(handling: Handling) -> dict[str, object]:
    if handling is PLAIN:
        return {}
    quiet, order, most = handling.quiet_hours, handling.order, handling.at_most
    burst, batch = handling.burst, handling.batch
    return {
        "priority": None if handling.priority is Priority.NORMAL else int(handling.priority),
        "not_before": handling.not_before.isoformat() if handling.not_before else None,
        "quiet_hours": [quiet.from_min, quiet.to_min, quiet.zone] if quiet else None,
        "order": [order.key, order.wait_s] if order else None,
        "at_most": [most.key, most.count, most.window_s] if most else None,
        "burst": [burst.key, burst.quiet_s, burst.longest_s] if burst else None,
        "batch": [batch.size, batch.within_s, batch.as_task] if batch else None,
    }


def start_options(text: str | None, expires_at: datetime | None) -> Options:
    if text is None:
        return _NONE if expires_at is None else Options(handling=Handling(expires_at=expires_at))
    given = orjson.loads(text)
    imports, trace = given.get("imports"), given.get("trace")
    return Options(
        fields=given.get("fields"),
        imports=Import(*imports) if imports else None,
        on_unknown_profile=OnUnknownProfile(given.get("on_unknown_profile", "fail")),
        handling=_handling(given, expires_at),
        trace=TraceContext(*trace) if trace else None,
    )


_HANDLING = ("priority", "not_before", "quiet_hours", "order", "at_most", "burst", "batch")


def _handling(given: dict[str, Any], expires_at: datetime | None) -> Handling:
    if expires_at is None and not any(name in given for name in _HANDLING):
        return PLAIN
    not_before = given.get("not_before")
    parts = {name: make(*given[name]) for name, make in _PARTS.items() if name in given}
    return Handling(
        priority=Priority(given.get("priority", Priority.NORMAL)),
        not_before=datetime.fromisoformat(str(not_before)) if not_before else None,
        expires_at=expires_at,
        **parts,
    )


_PARTS = {
    "quiet_hours": QuietHours,
    "order": Order,
    "at_most": AtMost,
    "burst": Burst,
    "batch": Batch,
}

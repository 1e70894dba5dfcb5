"""What operators did: who, when, what, to how many."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

import orjson
from sqlalchemy import Connection, insert, select, update
from sqlalchemy import Row as Found

from app.model.json import Json
from app.outbox import tables
from app.outbox.rows import instant, micros

ActId = NewType("ActId", str)
_table = tables.act.c


class ActKind(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    REPLAY = "replay"
    CANCEL = "cancel"
    PURGE = "purge"
    FORGET = "forget"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    MAKE_TOKEN = "make_token"  # noqa: S105 - a name, not a password
    REVOKE_TOKEN = "revoke_token"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Act:
    """`subject` is what was asked for; it names no person. `count`: how many it touched."""

    id: ActId
    at: datetime
    who: str
    kind: ActKind
    subject: Mapping[str, Json] = field(default_factory=dict)
    count: int = 0


def record(connection: Connection, act: Act, count: int) -> None:
    """With the first step of the act; the steps after it add to the count."""
    known = connection.execute(
        update(tables.act).where(_table.id == act.id).values(count=_table["count"] + count)
    )
    if known.rowcount:
        return
    connection.execute(
        insert(tables.act).values(
            id=act.id,
            at=micros(act.at),
            who=act.who,
            kind=act.kind.value,
            subject=orjson.dumps(dict(act.subject)).decode(),
            count=count,
        )
    )


_ACTS = select(
    *(_table.id, _table.at, _table.who, _table.kind, _table.subject),
    _table["count"].label("touched"),
)


def acts(connection: Connection, before: ActId | None, limit: int) -> list[Act]:
    """The newest first."""
    query = _ACTS.order_by(_table.id.desc()).limit(limit)
    if before is not None:
        query = query.where(_table.id < before)
    return [_act_of(row) for row in connection.execute(query)]


def act(connection: Connection, act_id: ActId) -> Act | None:
    row = connection.execute(_ACTS.where(_table.id == act_id)).one_or_none()
    return None if row is None else _act_of(row)


def _act_of(row: Found[Any, Any, Any, Any, Any, Any]) -> Act:
    return Act(
        ActId(row.id),
        instant(row.at),
        row.who,
        ActKind(row.kind),
        orjson.loads(row.subject),
        row.touched,
    )

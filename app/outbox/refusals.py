"""The last calls of each source that left no event."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, delete, func, insert, select
from sqlalchemy import Row as Found

from app.kit.ids import first_id_at
from app.model.unkept import NOT_REFUSED, UnkeptCall, UnkeptId
from app.outbox import tables
from app.outbox.rows import Values, instant, micros, storable

LAST = 20
"""So many of a source stay."""
_table = tables.refusal.c
_MOST_AT_ONCE = 500


def put(connection: Connection, found: Sequence[UnkeptCall]) -> None:
    if not found:
        return
    connection.execute(insert(tables.refusal), [_values(one) for one in found])
    # In the same order everywhere: of two processes none waits for what the other locked.
    for source in sorted({one.source for one in found}):
        _trim(connection, source)


def refusals(connection: Connection, source: str, since: datetime | None) -> list[UnkeptCall]:
    """The newest first."""
    query = select(*_table).where(_table.source == source).order_by(_table.id.desc()).limit(LAST)
    if since is not None:
        query = query.where(_table.id >= first_id_at(since))
    return [_call_of(row) for row in connection.execute(query)]


def refused(connection: Connection) -> Mapping[str, int]:
    """How many of those that are there were refused, by source."""
    count = func.count().label("number")
    query = select(_table.source, count).where(_table.slug.not_in(NOT_REFUSED))
    return {row.source: row.number for row in connection.execute(query.group_by(_table.source))}


def purge(connection: Connection, before: datetime) -> int:
    return _delete(connection, _table.id < first_id_at(before))


def _trim(connection: Connection, source: str) -> None:
    of_source = _table.source == source
    last = select(_table.id).where(of_source).order_by(_table.id.desc()).offset(LAST - 1).limit(1)
    # With fewer of them there is no such id, and nothing is less than that.
    _delete(connection, of_source & (_table.id < last.scalar_subquery()))


def _delete(connection: Connection, old: ColumnElement[bool]) -> int:
    """Without those that another process deletes at this moment."""
    query = select(_table.id).where(old).order_by(_table.id).limit(_MOST_AT_ONCE)
    ids = list(connection.execute(query.with_for_update(skip_locked=True)).scalars())
    if ids:
        connection.execute(delete(tables.refusal).where(_table.id.in_(ids)))
    return len(ids)


def _values(call: UnkeptCall) -> Values:
    return {
        "id": call.id,
        "source": call.source,
        "at": micros(call.at),
        "slug": call.slug,
        "why": None if call.why is None else storable(call.why),
        "method": call.method,
        "path": storable(call.path),
        "headers": orjson.dumps(dict(call.headers)).decode(),
        "content_type": storable(call.content_type),
        "body_bytes": call.body_bytes,
        "shape": None if call.shape is None else orjson.dumps(call.shape).decode(),
    }


def _call_of(row: Found[Any]) -> UnkeptCall:
    return UnkeptCall(
        id=UnkeptId(row.id),
        source=row.source,
        at=instant(row.at),
        slug=row.slug,
        why=row.why,
        method=row.method,
        path=row.path,
        headers=orjson.loads(row.headers),
        content_type=row.content_type,
        body_bytes=row.body_bytes,
        shape=None if row.shape is None else orjson.loads(row.shape),
    )

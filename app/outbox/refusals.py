"""Sources whose calls are refused, all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, exists, select

from app.kit.ids import first_id_at
from app.outbox import tables
from app.outbox.dialect import put
from app.outbox.rows import instant, micros

_table = tables.refusal.c
_event = tables.event.c
_FORGOTTEN_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Since `since` so many calls of the source were refused, the last of them with the problem
    `slug`."""

    source: str
    since: datetime
    last_at: datetime
    count: int
    slug: str


def tell(connection: Connection, found: Sequence[Refusal]) -> None:
    """One process's, since it told the last time. It begins anew after an hour without any, and
    after a call that was taken."""
    for one in sorted(found, key=lambda one: one.source):
        known = _known(connection, one.source)
        goes_on = (
            known is not None
            and one.since - known.last_at < _FORGOTTEN_AFTER
            and not _is_taken(connection, known)
        )
        since, count = (
            (known.since, known.count + one.count) if known and goes_on else (one.since, one.count)
        )
        given = {
            "source": one.source,
            "since": micros(since),
            "last_at": micros(one.last_at),
            "count": count,
            "slug": one.slug,
        }
        connection.execute(put(tables.refusal, connection.dialect, _newer), given)


def _newer(fresh: Any) -> dict[str, Any]:
    return {name: fresh[name] for name in ("since", "last_at", "count", "slug")}


def _known(connection: Connection, source: str) -> Refusal | None:
    query = select(*tables.refusal.c).where(_table.source == source).with_for_update()
    row = connection.execute(query).one_or_none()
    return _refusal_of(row) if row else None


def _refusal_of(row: Row[Any]) -> Refusal:
    count = row._mapping["count"]
    return Refusal(row.source, instant(row.since), instant(row.last_at), count, row.slug)


def refusals(connection: Connection, now: datetime) -> list[Refusal]:
    """Of sources of which no call was taken since."""
    rows = connection.execute(
        select(*tables.refusal.c)
        .where(_table.last_at >= micros(now - _FORGOTTEN_AFTER))
        .order_by(_table.source)
    ).all()
    found = [_refusal_of(row) for row in rows]
    return [one for one in found if not _is_taken(connection, one)]


def _is_taken(connection: Connection, one: Refusal) -> bool:
    later = (_event.source == one.source, _event.id >= first_id_at(one.since))
    return bool(connection.execute(select(exists().where(*later))).scalar())

"""Destinations that take no starts at the moment, as workers found, for all to see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, delete, select, update

from app.outbox import tables
from app.outbox.dialect import put
from app.outbox.rows import instant, micros, storable

_table = tables.stoppage.c
_OF = select(*tables.stoppage.c).where(_table.destination == bindparam("destination"))


@dataclass(frozen=True, slots=True)
class Stoppage:
    """`cause` is the outcome that stopped it; `probe_at`: when it is tried again; `detail`:
    Altcraft's words. `probes` were sent in vain. `is_of_probe`: the answer to one says so."""

    destination: str
    cause: str
    since: datetime
    probe_at: datetime
    detail: str | None = None
    probes: int = 0
    is_of_probe: bool = False


def stoppages(connection: Connection) -> list[Stoppage]:
    rows = connection.execute(select(*tables.stoppage.c).order_by(_table.since))
    return [_stoppage(row) for row in rows]


def stoppage(connection: Connection, destination: str) -> Stoppage | None:
    row = connection.execute(_OF, {"destination": destination}).one_or_none()
    return _stoppage(row) if row else None


def _stoppage(row: Row[Any]) -> Stoppage:
    return Stoppage(
        row.destination,
        row.cause,
        instant(row.since),
        instant(row.probe_at),
        row.detail,
        row.probes,
    )


def begin_probe(connection: Connection, stopped: Stoppage, now: datetime, lasts_s: float) -> bool:
    """True for one worker, when a probe is due. For `lasts_s` seconds none else is."""
    if stopped.probe_at > now:
        return False
    until = now + timedelta(seconds=lasts_s)
    return _move_probe(connection, stopped.destination, stopped.probe_at, until)


def withdraw_probe(
    connection: Connection, stopped: Stoppage, now: datetime, lasts_s: float
) -> None:
    """There was nothing to send."""
    until = now + timedelta(seconds=lasts_s)
    _move_probe(connection, stopped.destination, until, stopped.probe_at)


def _move_probe(connection: Connection, destination: str, old: datetime, new: datetime) -> bool:
    done = connection.execute(
        update(tables.stoppage)
        .where(_table.destination == destination, _table.probe_at == micros(old))
        .values(probe_at=micros(new))
    )
    return done.rowcount == 1


def probe_soon(connection: Connection, destinations: Sequence[str], now: datetime) -> None:
    """A worker that starts finds out at once: what was wrong may be why it was started anew."""
    connection.execute(
        update(tables.stoppage)
        .where(_table.destination.in_(destinations), _table.probe_at > micros(now))
        .values(probe_at=micros(now))
    )


def put_all(connection: Connection, found: Sequence[Stoppage], gone: Sequence[str]) -> None:
    """These hold now; those of the destinations in `gone` no more. Of what several workers find
    at once the latest probe counts, but for the answer to a probe, which is the newest there is."""
    if gone:
        connection.execute(delete(tables.stoppage).where(_table.destination.in_(gone)))
    for one in sorted(found, key=lambda one: one.destination):
        connection.execute(
            put(tables.stoppage, connection.dialect, _by_probe if one.is_of_probe else _merged),
            {
                "destination": one.destination,
                "cause": one.cause,
                "since": micros(one.since),
                "probe_at": micros(one.probe_at),
                "detail": storable(one.detail) if one.detail else None,
                "probes": one.probes,
            },
        )


def _by_probe(fresh: Any) -> dict[str, Any]:
    return {name: fresh[name] for name in ("cause", "probe_at", "detail", "probes")}


def _merged(fresh: Any) -> dict[str, Any]:
    later = case((fresh.probe_at > _table.probe_at, fresh.probe_at), else_=_table.probe_at)
    return {"probe_at": later}

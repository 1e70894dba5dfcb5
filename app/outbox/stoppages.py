"""Destinations that take no starts at the moment, as workers found, for all to see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from app.outbox import tables
from app.outbox.rows import instant, micros

_table = tables.stoppage.c


@dataclass(frozen=True, slots=True)
class Stoppage:
    """`cause` is the outcome that stopped it; `probe_at`: when it is tried again; `detail`:
    Altcraft's words."""

    destination: str
    cause: str
    since: datetime
    probe_at: datetime
    detail: str | None = None


def stoppages(connection: Connection) -> list[Stoppage]:
    rows = connection.execute(select(*tables.stoppage.c).order_by(_table.since))
    return [
        Stoppage(row.destination, row.cause, instant(row.since), instant(row.probe_at), row.detail)
        for row in rows
    ]


def put(connection: Connection, found: Sequence[Stoppage], gone: Sequence[str]) -> None:
    """These hold now; those of the destinations in `gone` no more."""
    names = [*gone, *(stoppage.destination for stoppage in found)]
    connection.execute(delete(tables.stoppage).where(_table.destination.in_(names)))
    for one in found:
        connection.execute(
            insert(tables.stoppage).values(
                destination=one.destination,
                cause=one.cause,
                since=micros(one.since),
                probe_at=micros(one.probe_at),
                detail=one.detail,
            )
        )

"""How fast a destination may be asked, by all workers together: the rate is one, whoever sends.

A row is there only where there is a limit: stated, or found when the destination said that it was
asked too often.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select, update

from app.kit.bucket import Bucket
from app.model.delivery import DeliveryState
from app.outbox import tables
from app.outbox.dialect import insert_new
from app.outbox.rows import micros

_table = tables.pace
_delivery = tables.delivery.c
_MICROS = 1e6
_ROW = select(*_table.c).where(_table.c.destination == bindparam("destination"))
_LOCKED = _ROW.with_for_update()
_SAVE = (
    update(_table)
    .where(_table.c.destination == bindparam("of"))
    .values(
        **{f"{name}": bindparam(f"new_{name}") for name in _table.c.keys() if name != "destination"}  # noqa: SIM118
    )
)


@dataclass(frozen=True, slots=True)
class Pace:
    """`per_second` as the configuration states it; None: none."""

    destination: str
    per_second: float | None


def open_bucket(connection: Connection, pace: Pace, now: datetime) -> Bucket:
    """As it is now, held until the end of the transaction. Without a limit nothing is held."""
    given = {"destination": pace.destination}
    if pace.per_second is None:
        found = connection.execute(_ROW, given).one_or_none()
        if found is None or found.per_second is None:
            return Bucket.full(None, _seconds(now))
    return _held(connection, pace, now)


def _held(connection: Connection, pace: Pace, now: datetime) -> Bucket:
    given = {"destination": pace.destination}
    row = connection.execute(_LOCKED, given).one_or_none()
    if row is None:
        fresh = Bucket.full(pace.per_second, _seconds(now))
        statement = insert_new(_table, connection.dialect)
        connection.execute(statement, {**given, **_values(fresh)})
        row = connection.execute(_LOCKED, given).one()
    return _bucket(row, pace.per_second).filled(_seconds(now))


def close_bucket(connection: Connection, destination: str, bucket: Bucket) -> None:
    if bucket.limit is None and bucket.most is None and not bucket.slowed_at_s:
        return
    values = {f"new_{name}": value for name, value in _values(bucket).items()}
    connection.execute(_SAVE, {"of": destination, **values})


def slow_down(connection: Connection, pace: Pace, asked: float, now: datetime) -> None:
    """The destination said that it was asked too often, when one worker asked so often."""
    owners = select(func.count(_delivery.lease_owner.distinct())).where(
        _delivery.state == DeliveryState.IN_FLIGHT.value,
        _delivery.destination == pace.destination,
    )
    workers = max(1, connection.execute(owners).scalar_one())
    bucket = _held(connection, pace, now).slowed(_seconds(now), asked * workers)
    close_bucket(connection, pace.destination, bucket)


def _bucket(row: Row[Any], most: float | None) -> Bucket:
    if row.stated != most:
        # Another revision of the configuration.
        return Bucket(most, most, min(row.tokens, 0.0), row.at / _MICROS)
    return Bucket(
        most=most,
        limit=row.per_second,
        tokens=row.tokens,
        at_s=row.at / _MICROS,
        peak=row.peak,
        slowed_at_s=row.slowed_at / _MICROS,
    )


def _values(bucket: Bucket) -> dict[str, float | int | None]:
    return {
        "stated": bucket.most,
        "per_second": bucket.limit,
        "tokens": bucket.tokens,
        "at": round(bucket.at_s * _MICROS),
        "peak": bucket.peak,
        "slowed_at": round(bucket.slowed_at_s * _MICROS),
    }


def _seconds(at: datetime) -> float:
    return micros(at) / _MICROS

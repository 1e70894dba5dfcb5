"""What one of all processes does at a time, and which: a lease on the work itself."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, or_, update

from app.outbox import tables
from app.outbox.dialect import insert_new
from app.outbox.rows import micros

_table = tables.duty.c


def take(connection: Connection, name: str, owner: str, now: datetime, lasts_s: float) -> bool:
    """True when it is the owner's from now on, or still."""
    until = micros(now + timedelta(seconds=lasts_s))
    given = {"name": name, "owner": owner, "until": until}
    connection.execute(insert_new(tables.duty, connection.dialect), given)
    done = connection.execute(
        update(tables.duty)
        .where(_table.name == name, or_(_table.owner == owner, _table.until <= micros(now)))
        .values(owner=owner, until=until)
    )
    return done.rowcount == 1

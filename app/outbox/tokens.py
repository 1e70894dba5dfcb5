"""The tokens of operators, by their digests."""

import hmac

from sqlalchemy import Connection, delete, insert, select

from app.model.operator import Operator, Role, Token
from app.outbox import tables
from app.outbox.rows import instant, micros

_table = tables.token.c


def make(connection: Connection, token: Token, digest: bytes) -> bool:
    """False when there is one of this name."""
    if connection.execute(select(_table.name).where(_table.name == token.name)).first():
        return False
    connection.execute(
        insert(tables.token).values(
            name=token.name,
            role=token.role.value,
            digest=digest,
            made_at=micros(token.made_at),
            made_by=token.made_by,
        )
    )
    return True


def revoke(connection: Connection, name: str) -> bool:
    """False when there is none of this name."""
    return connection.execute(delete(tables.token).where(_table.name == name)).rowcount == 1


def tokens(connection: Connection) -> list[Token]:
    columns = (_table.name, _table.role, _table.made_at, _table.made_by)
    rows = connection.execute(select(*columns).order_by(_table.name))
    return [Token(row.name, Role(row.role), instant(row.made_at), row.made_by) for row in rows]


def operator(connection: Connection, digest: bytes) -> Operator | None:
    """Whose token has this digest. How long the look-up takes says something of digests at most,
    which nobody can choose."""
    query = select(_table.name, _table.role, _table.digest).where(_table.digest == digest)
    row = connection.execute(query).first()
    if row is None or not hmac.compare_digest(bytes(row.digest), digest):
        return None
    return Operator(row.name, Role(row.role))

"""The tables. The same on SQLite and PostgreSQL."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Ids are UUIDv7 as text, instants whole microseconds since 1970 in UTC, JSON is text: the same
# order and the same bytes on both engines, and nothing to convert by the driver.
_ID = String(36)
_INSTANT = BigInteger

event = Table(
    "event",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("source", String(64), nullable=False),
    Column("received_at", _INSTANT, nullable=False),
    Column("method", String(16), nullable=False),
    Column("path", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("headers", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", Text),
)

# Apart from `event`, so that `event` can be partitioned by time and still be unique by key.
dedup = Table(
    "dedup",
    metadata,
    Column("source", String(64), nullable=False),
    Column("key", Text, nullable=False),
    Column("event_id", _ID, nullable=False),
    Column("received_at", _INSTANT, nullable=False),
    PrimaryKeyConstraint("source", "key"),
    sqlite_with_rowid=False,
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("event_id", _ID, nullable=False),
    Column("source", String(64), nullable=False),
    Column("rule", String(100), nullable=False),
    Column("config_revision", String(64), nullable=False),
    Column("destination", String(64), nullable=False),
    Column("scenario", BigInteger, nullable=False),
    Column("matches", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("in_doubt", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("match_index", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", _INSTANT, nullable=False),
    Column("next_attempt_at", _INSTANT, nullable=False),
    Column("lease_owner", String(64)),
    Column("lease_until", _INSTANT),
    Column("outcome", String(32)),
    Column("reason", Text),
    Column("finished_at", _INSTANT),
    Column("replay_of", _ID),
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("delivery_id", _ID, nullable=False),
    Column("at", _INSTANT, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Column("match_index", Integer, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("http_status", Integer),
    Column("altcraft_error", BigInteger),
    Column("error_text", Text),
    Column("in_doubt", Boolean, nullable=False),
)

Index("ix_event_source_id", event.c.source, event.c.id)
_where_ignored = text("status = 'ignored'")
Index(
    "ix_event_ignored",
    event.c.id,
    sqlite_where=_where_ignored,
    postgresql_where=_where_ignored,
)

# Partial: what waits is little, what is past is all the rest. The claim stays as quick with
# millions of finished deliveries as with none.
_where_pending = text("state = 'pending'")
Index(
    "ix_delivery_due",
    delivery.c.destination,
    delivery.c.next_attempt_at,
    delivery.c.id,
    sqlite_where=_where_pending,
    postgresql_where=_where_pending,
)
_where_in_flight = text("state = 'in_flight'")
Index(
    "ix_delivery_leased",
    delivery.c.lease_until,
    sqlite_where=_where_in_flight,
    postgresql_where=_where_in_flight,
)
_where_dead = text("state = 'dead'")
Index(
    "ix_delivery_dead",
    delivery.c.id,
    sqlite_where=_where_dead,
    postgresql_where=_where_dead,
)
Index("ix_delivery_event_id", delivery.c.event_id)
Index("ix_delivery_rule_id", delivery.c.rule, delivery.c.id)
Index("ix_delivery_source_id", delivery.c.source, delivery.c.id)
Index("ix_attempt_delivery_id", attempt.c.delivery_id, attempt.c.id)

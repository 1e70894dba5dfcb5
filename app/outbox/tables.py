"""The tables. The same on SQLite and PostgreSQL."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
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
_DIGEST = String(32)

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
    Column("flow", String(200), nullable=False, server_default=""),
    Column("target", String(16), nullable=False, server_default="scenario"),
    Column("options", Text),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("failing_since", _INSTANT),
    Column("batch_size", Integer, nullable=False, server_default="1"),
    Column("expires_at", _INSTANT),
    Column("order_key", _DIGEST),
    Column("limit_key", _DIGEST),
    Column("burst_key", _DIGEST),
    Column("burst_at", _INSTANT),
    Column("act_id", _ID),
    Column("replayed_as", _ID),
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
    Column("together", Integer, nullable=False, server_default="1"),
)

# Who is concerned by which delivery: keyed digests of the values that name the person.
person = Table(
    "person",
    metadata,
    Column("digest", BigInteger, nullable=False),
    # Or that of an event that started nothing: `of_event` is 1 then.
    Column("delivery_id", _ID, nullable=False),
    Column("of_event", SmallInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("digest", "delivery_id"),
    sqlite_with_rowid=False,
)

# What operators told to wait.
pause = Table(
    "pause",
    metadata,
    Column("kind", String(16), nullable=False),
    Column("name", String(200), nullable=False),
    Column("since", _INSTANT, nullable=False),
    Column("who", Text, nullable=False),
    Column("reason", Text),
    PrimaryKeyConstraint("kind", "name"),
)

# Destinations that do not take starts at the moment, as a worker found.
stoppage = Table(
    "stoppage",
    metadata,
    Column("destination", String(64), primary_key=True),
    Column("cause", String(32), nullable=False),
    Column("since", _INSTANT, nullable=False),
    Column("probe_at", _INSTANT, nullable=False),
    Column("detail", Text),
    Column("probes", Integer, nullable=False, server_default="0"),
)

# How fast a destination may be asked, by all workers together.
pace = Table(
    "pace",
    metadata,
    Column("destination", String(64), primary_key=True),
    Column("stated", Double),
    Column("per_second", Double),
    Column("tokens", Double, nullable=False),
    Column("at", _INSTANT, nullable=False),
    Column("peak", Double, nullable=False),
    Column("slowed_at", _INSTANT, nullable=False),
)

# What one of all processes does at a time, and which.
duty = Table(
    "duty",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("until", _INSTANT, nullable=False),
)

# What operators did.
act = Table(
    "act",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("at", _INSTANT, nullable=False),
    Column("who", Text, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("subject", Text, nullable=False),
    Column("count", Integer, nullable=False),
)

# Dead letters of one cause, counted: see `problems.py`.
problem = Table(
    "problem",
    metadata,
    Column("destination", String(64), nullable=False),
    Column("target", String(16), nullable=False),
    Column("scenario", BigInteger, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("letters", Integer, nullable=False),
    Column("first_at", _INSTANT, nullable=False),
    Column("last_at", _INSTANT, nullable=False),
    Column("opened_at", _INSTANT, nullable=False),
    Column("changed_at", _INSTANT, nullable=False),
    Column("who", Text),
    Column("note", Text),
    # Each change of what it counts, and the one that `touched` knows of.
    Column("changes", BigInteger, nullable=False, server_default="1"),
    Column("counted", BigInteger, nullable=False, server_default="0"),
    Column("touched", Text),
    PrimaryKeyConstraint("destination", "target", "scenario", "outcome"),
)

# What was told to whom, of what needs a person: see `notices.py`.
notice = Table(
    "notice",
    metadata,
    Column("channel", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("cause", String(200), nullable=False),
    Column("since", _INSTANT, nullable=False),
    Column("is_over", Boolean, nullable=False),
    Column("next_at", _INSTANT, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("sent_at", _INSTANT),
    PrimaryKeyConstraint("channel", "kind", "cause"),
)

# Who may use the operator API: digests of their tokens, never the tokens.
token = Table(
    "token",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("made_at", _INSTANT, nullable=False),
    Column("made_by", Text, nullable=False),
    UniqueConstraint("digest"),
)

# What was counted, by whole minutes since 1970; what is older than three hours by the first minute
# of the hour.
tally = Table(
    "tally",
    metadata,
    Column("minute", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("name", String(200), nullable=False),
    Column("label", String(64), nullable=False),
    Column("count", BigInteger, nullable=False),
    PrimaryKeyConstraint("minute", "kind", "name", "label"),
    sqlite_with_rowid=False,
)

# The last calls of each source that left no event: refused, repeated, or answered handshakes.
refusal = Table(
    "refusal",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("source", String(64), nullable=False),
    Column("at", _INSTANT, nullable=False),
    Column("slug", String(32), nullable=False),
    Column("why", Text),
    Column("method", String(16), nullable=False),
    Column("path", Text, nullable=False),
    Column("headers", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("body_bytes", BigInteger, nullable=False),
    Column("shape", Text),
)

setting = Table(
    "setting",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", LargeBinary, nullable=False),
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
    "ix_delivery_flow",
    delivery.c.destination,
    delivery.c.flow,
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
# Dead letters that can be replayed, by their cause; with what is counted of them.
_where_left = text("state = 'dead' AND replayed_as IS NULL AND matches <> '[]'")
Index(
    "ix_delivery_cause",
    delivery.c.destination,
    delivery.c.target,
    delivery.c.scenario,
    delivery.c.outcome,
    delivery.c.id,
    sqlite_where=_where_left,
    postgresql_where=_where_left,
)
_where_paused = text("state = 'paused'")
Index(
    "ix_delivery_paused",
    delivery.c.id,
    sqlite_where=_where_paused,
    postgresql_where=_where_paused,
)
_where_expires = text("state IN ('pending', 'paused') AND expires_at IS NOT NULL")
Index(
    "ix_delivery_expires",
    delivery.c.expires_at,
    sqlite_where=_where_expires,
    postgresql_where=_where_expires,
)
_where_ordered = text("order_key IS NOT NULL AND state IN ('pending', 'paused', 'in_flight')")
Index(
    "ix_delivery_order",
    delivery.c.order_key,
    delivery.c.id,
    sqlite_where=_where_ordered,
    postgresql_where=_where_ordered,
)
_where_limited = text("limit_key IS NOT NULL")
Index(
    "ix_delivery_limit",
    delivery.c.limit_key,
    delivery.c.finished_at,
    sqlite_where=_where_limited,
    postgresql_where=_where_limited,
)
_where_burst = text("burst_key IS NOT NULL AND state IN ('pending', 'paused')")
Index(
    "ix_delivery_burst",
    delivery.c.burst_key,
    sqlite_where=_where_burst,
    postgresql_where=_where_burst,
)
_where_of_act = text("act_id IS NOT NULL")
Index(
    "ix_delivery_act",
    delivery.c.act_id,
    delivery.c.id,
    sqlite_where=_where_of_act,
    postgresql_where=_where_of_act,
)
# What did not simply arrive is little, too.
_where_rare = text("outcome <> 'accepted'")
Index(
    "ix_delivery_outcome",
    delivery.c.outcome,
    delivery.c.id,
    sqlite_where=_where_rare,
    postgresql_where=_where_rare,
)
_where_of_event = text("of_event = 1")
Index(
    "ix_person_event",
    person.c.delivery_id,
    sqlite_where=_where_of_event,
    postgresql_where=_where_of_event,
)
_where_of_minutes = text("minute % 60 <> 0")
Index(
    "ix_tally_minutes",
    tally.c.minute,
    sqlite_where=_where_of_minutes,
    postgresql_where=_where_of_minutes,
)
Index("ix_refusal_source_id", refusal.c.source, refusal.c.id)
Index("ix_dedup_received_at", dedup.c.received_at)
Index("ix_delivery_event_id", delivery.c.event_id)
Index("ix_delivery_rule_id", delivery.c.rule, delivery.c.id)
Index("ix_delivery_source_id", delivery.c.source, delivery.c.id)
Index("ix_attempt_delivery_id", attempt.c.delivery_id, attempt.c.id)

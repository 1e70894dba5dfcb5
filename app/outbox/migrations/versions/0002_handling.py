"""Turns, times, order, batches, pauses, operators' acts, and who is concerned.

Adds only, but for the index of what is due, which gets another order: a process of the version
before goes on with its work, slower.
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_DELIVERY = (
    sa.Column("flow", sa.String(200), nullable=False, server_default=""),
    sa.Column("target", sa.String(16), nullable=False, server_default="scenario"),
    sa.Column("options", sa.Text()),
    sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("failing_since", sa.BigInteger()),
    sa.Column("batch_size", sa.Integer(), nullable=False, server_default="1"),
    sa.Column("expires_at", sa.BigInteger()),
    sa.Column("order_key", sa.String(32)),
    sa.Column("limit_key", sa.String(32)),
    sa.Column("burst_key", sa.String(32)),
    sa.Column("burst_at", sa.BigInteger()),
    sa.Column("act_id", sa.String(36)),
    sa.Column("replayed_as", sa.String(36)),
)
_INDEXES = (
    ("flow", ("destination", "flow", "next_attempt_at", "id"), "state = 'pending'"),
    ("paused", ("id",), "state = 'paused'"),
    ("expires", ("expires_at",), "state IN ('pending', 'paused') AND expires_at IS NOT NULL"),
    (
        "order",
        ("order_key", "id"),
        "order_key IS NOT NULL AND state IN ('pending', 'paused', 'in_flight')",
    ),
    ("limit", ("limit_key", "finished_at"), "limit_key IS NOT NULL"),
    ("burst", ("burst_key",), "burst_key IS NOT NULL AND state IN ('pending', 'paused')"),
    ("act", ("act_id", "id"), "act_id IS NOT NULL"),
)


def upgrade() -> None:
    for column in _DELIVERY:
        op.add_column("delivery", column)
    op.add_column(
        "attempt", sa.Column("together", sa.Integer(), nullable=False, server_default="1")
    )
    op.execute("UPDATE delivery SET flow = '1/' || source WHERE state IN ('pending', 'in_flight')")
    op.execute("UPDATE delivery SET failures = attempts WHERE state IN ('pending', 'in_flight')")
    op.drop_index("ix_delivery_due", "delivery")
    for name, columns, condition in _INDEXES:
        where = sa.text(condition)
        op.create_index(
            f"ix_delivery_{name}",
            "delivery",
            list(columns),
            sqlite_where=where,
            postgresql_where=where,
        )
    _create_tables()


def _create_tables() -> None:
    op.create_table(
        "person",
        sa.Column("digest", sa.BigInteger(), nullable=False),
        sa.Column("delivery_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("digest", "delivery_id", name="pk_person"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pause",
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("kind", "name", name="pk_pause"),
    )
    op.create_table(
        "stoppage",
        sa.Column("destination", sa.String(64), nullable=False),
        sa.Column("cause", sa.String(32), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("probe_at", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.Text()),
        sa.PrimaryKeyConstraint("destination", name="pk_stoppage"),
    )
    op.create_table(
        "act",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_act"),
    )
    setting = op.create_table(
        "setting",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_setting"),
    )
    op.bulk_insert(setting, [{"name": "person_key", "value": secrets.token_bytes(32)}])

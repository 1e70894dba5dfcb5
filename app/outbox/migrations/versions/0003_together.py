"""What workers on several machines share: the pace, the probe of a stop, who keeps house.

Adds only: a process of the version before goes on with its work, by a pace of its own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column(
        "stoppage", sa.Column("probes", sa.Integer(), nullable=False, server_default="0")
    )
    op.create_table(
        "pace",
        sa.Column("destination", sa.String(64), nullable=False),
        sa.Column("stated", sa.Double()),
        sa.Column("per_second", sa.Double()),
        sa.Column("tokens", sa.Double(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("peak", sa.Double(), nullable=False),
        sa.Column("slowed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("destination", name="pk_pace"),
    )
    op.create_table(
        "duty",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_duty"),
    )
    op.add_column(
        "person", sa.Column("of_event", sa.SmallInteger(), nullable=False, server_default="0")
    )
    of_event = sa.text("of_event = 1")
    op.create_index(
        "ix_person_event", "person", ["delivery_id"],
        sqlite_where=of_event, postgresql_where=of_event,
    )  # fmt: skip
    op.create_index("ix_dedup_received_at", "dedup", ["received_at"])
    rare = sa.text("outcome <> 'accepted'")
    op.create_index(
        "ix_delivery_outcome", "delivery", ["outcome", "id"],
        sqlite_where=rare, postgresql_where=rare,
    )  # fmt: skip

"""What was counted, for operators. Adds only."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "tally",
        sa.Column("minute", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("label", sa.String(64), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("minute", "kind", "name", "label", name="pk_tally"),
        sqlite_with_rowid=False,
    )
    of_minutes = sa.text("minute % 60 <> 0")
    op.create_index(
        "ix_tally_minutes", "tally", ["minute"],
        sqlite_where=of_minutes, postgresql_where=of_minutes,
    )  # fmt: skip

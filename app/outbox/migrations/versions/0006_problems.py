"""Problems and notices. Adds only: a process of the version before makes dead letters
that are counted the next time the problem is looked through."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_LEFT = "state = 'dead' AND replayed_as IS NULL AND matches <> '[]'"
_CAUSE = ("destination", "target", "scenario", "outcome")


def upgrade() -> None:
    left = sa.text(_LEFT)
    op.create_index(
        "ix_delivery_cause", "delivery", [*_CAUSE, "id"],
        sqlite_where=left, postgresql_where=left,
    )  # fmt: skip
    op.create_table(
        "problem",
        sa.Column("destination", sa.String(64), nullable=False),
        sa.Column("target", sa.String(16), nullable=False),
        sa.Column("scenario", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("letters", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("changes", sa.BigInteger(), nullable=False, server_default="1"),
        sa.Column("counted", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("touched", sa.Text()),
        sa.PrimaryKeyConstraint(*_CAUSE, name="pk_problem"),
    )
    op.create_table(
        "notice",
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("cause", sa.String(200), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("is_over", sa.Boolean(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("channel", "kind", "cause", name="pk_notice"),
    )
    _take_in_what_is_there()


def _take_in_what_is_there() -> None:
    columns = ", ".join(_CAUSE)
    ended = "COALESCE(finished_at, created_at)"
    op.execute(
        f"INSERT INTO problem ({columns}, state, letters, first_at, last_at, opened_at, changed_at) "
        f"SELECT {columns}, 'open', COUNT(*), MIN({ended}), MAX({ended}), MIN({ended}), MIN({ended}) "
        f"FROM delivery WHERE {_LEFT} AND outcome IS NOT NULL AND outcome <> 'cancelled' "
        f"GROUP BY {columns}"
    )

"""What the clock needs: who is at work on which window, which series rest, and what people are to be told."""

import sqlalchemy as sa
from alembic import op

from pipeline.store.values import Prose, Tree, Words

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Makes the tables of the clock, and notes with each run whose it was."""
    op.create_table(
        "claims",
        sa.Column("task", Words(), nullable=False),
        sa.Column("series", Words(), nullable=False),
        sa.Column("window_start", Words(), nullable=False),
        sa.Column("state", Words(), nullable=False),
        sa.Column("owner", Words(), nullable=False),
        sa.Column("who", Words(), nullable=False),
        sa.Column("home", Words(), nullable=False),
        sa.Column("process", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("since", sa.Float(), nullable=False),
        sa.Column("lease", sa.Float(), nullable=False),
        sa.Column("retry", sa.Float(), nullable=False),
        sa.Column("finished", Words(), nullable=False),
        sa.Column("trouble", Words(), nullable=False),
        sa.PrimaryKeyConstraint("task", "series", "window_start", name=op.f("pk_claims")),
    )
    op.create_table(
        "pauses",
        sa.Column("series", Words(), nullable=False),
        sa.Column("reason", Words(), nullable=False),
        sa.Column("who", Words(), nullable=False),
        sa.Column("at", Words(), nullable=False),
        sa.PrimaryKeyConstraint("series", name=op.f("pk_pauses")),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", Words(), nullable=False),
        sa.Column("event", Words(), nullable=False),
        sa.Column("series", Words(), nullable=False),
        sa.Column("title", Words(), nullable=False),
        sa.Column("text", Prose(), nullable=False),
        sa.Column("at", Words(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried", Words(), nullable=False),
        sa.Column("told", Tree(), nullable=False),
        sa.Column("settled", Words(), nullable=False),
        sa.Column("given_up", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("key", name=op.f("uq_notices_key")),
    )
    op.add_column("runs", sa.Column("owner", Words(), nullable=False, server_default=""))
    op.add_column("runs", sa.Column("accounted", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE runs SET accounted = (1 = 1) WHERE id IN (SELECT run FROM fates)")

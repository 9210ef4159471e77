"""How sources are doing: a log of visits, whether people know of a trouble, and which hosts are to be left alone."""

import sqlalchemy as sa
from alembic import op

from pipeline.store.values import Words

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Makes the log of visits and the list of hosts; a source that failed three times before it was told of already."""
    op.create_table(
        "visits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", Words(), nullable=False),
        sa.Column("at", Words(), nullable=False),
        sa.Column("outcome", Words(), nullable=False),
        sa.Column("because", Words(), nullable=False),
        sa.Column("leads", sa.Integer(), nullable=False),
        sa.Column("fresh", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits")),
    )
    op.create_index(op.f("ix_visits_source"), "visits", ["source", "at"], unique=False)
    op.create_index(op.f("ix_visits_at"), "visits", ["at"], unique=False)
    op.create_table(
        "hosts",
        sa.Column("host", Words(), nullable=False),
        sa.Column("shut_until", Words(), nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_hosts")),
    )
    op.add_column("sources", sa.Column("told", Words(), nullable=False, server_default=""))
    op.execute("UPDATE sources SET told = 'failed' WHERE failures >= 3")

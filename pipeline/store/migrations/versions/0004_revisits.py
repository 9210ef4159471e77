"""What the pages of printed articles look like when they are asked for again."""

import sqlalchemy as sa
from alembic import op

from pipeline.store.values import Prose, Words

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Makes the table of revisits."""
    op.create_table(
        "revisits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("url", Words(), nullable=False),
        sa.Column("at", Words(), nullable=False),
        sa.Column("told", Prose(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revisits")),
    )
    op.create_index("ix_revisits_url", "revisits", ["url"], postgresql_using="hash")

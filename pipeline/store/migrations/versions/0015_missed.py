"""What editors say, after an issue is out, of stories that it does not carry."""

import sqlalchemy as sa
from alembic import op

from pipeline.store.values import Words

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "missed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issue", sa.Integer(), nullable=False),
        sa.Column("article", Words(), nullable=False),
        sa.Column("title", Words(), nullable=False),
        sa.Column("missed", sa.Boolean(), nullable=False),
        sa.Column("reason", Words(), nullable=False),
        sa.Column("who", Words(), nullable=False),
        sa.Column("at", Words(), nullable=False),
        sa.ForeignKeyConstraint(["issue"], ["issues.id"], name=op.f("fk_missed_issue")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_missed")),
    )
    op.create_index(op.f("ix_missed_issue"), "missed", ["issue"])

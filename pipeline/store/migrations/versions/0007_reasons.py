"""Why a lead was rejected as something to sort by, and what was decided about the articles of earlier issues."""

import sqlalchemy as sa
from alembic import op

from pipeline.store.values import Tree, Words

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Makes room; what issues that are out decided is remembered by the next run."""
    op.add_column("fates", sa.Column("ground", Words(), nullable=False, server_default=""))
    op.add_column("fates", sa.Column("score", sa.Float(), nullable=True))
    op.create_table(
        "precedents",
        sa.Column("issue", sa.Integer(), nullable=False),
        sa.Column("handle", Words(), nullable=False),
        sa.Column("title", Words(), nullable=False),
        sa.Column("words", Tree(), nullable=False),
        sa.Column("included", sa.Boolean(), nullable=False),
        sa.Column("reason", Words(), nullable=False),
        sa.ForeignKeyConstraint(["issue"], ["issues.id"], name=op.f("fk_precedents_issue")),
        sa.PrimaryKeyConstraint("issue", "handle", name=op.f("pk_precedents")),
    )

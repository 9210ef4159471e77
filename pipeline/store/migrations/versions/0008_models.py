"""What was learned from editors' decisions: every model with its figures, and which one is in use."""

import sqlalchemy as sa
from alembic import op

from pipeline.store.values import Prose, Tree, Words

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Makes the table; without a row the models that ship are in use."""
    op.create_table(
        "models",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("made", Words(), nullable=False),
        sa.Column("who", Words(), nullable=False),
        sa.Column("decisions", sa.Integer(), nullable=False),
        sa.Column("content", Prose(), nullable=False),
        sa.Column("sha256", Words(), nullable=False),
        sa.Column("figures", Tree(), nullable=False),
        sa.Column("refused", Prose(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_models")),
    )
    op.create_index(op.f("ix_models_kind"), "models", ["kind"], unique=False)

"""What is told together: how to get to it, who will not take it; and signs of life.

What was posted before says how to get to it in its text.
"""

import sqlalchemy as sa
from alembic import op

from pipeline.store.values import Tree, Words

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Adds the columns, and the table of signs."""
    for name in ("tone", "words", "page", "command", "trouble"):
        op.add_column("notices", sa.Column(name, Words(), nullable=False, server_default=""))
    op.add_column("notices", sa.Column("refused", Tree(), nullable=False, server_default="[]"))
    op.create_table(
        "signs",
        sa.Column("name", Words(), nullable=False),
        sa.Column("at", Words(), nullable=False),
        sa.Column("told", Words(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_signs")),
    )

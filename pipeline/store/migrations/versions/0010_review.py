"""How far a draft is on its way to an issue, and what was put out anew."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Adds the columns; until now whatever stood when an issue was released is what is out."""
    op.add_column("issues", sa.Column("released", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("issues", sa.Column("withdrawn", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE issues SET released = revision WHERE state = 'released'")

"""What an article has beside its first page: its pictures, and the pages it goes on on."""

import sqlalchemy as sa
from alembic import op

from pipeline.store.values import Words

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Makes the tables of pictures and of further pages."""
    op.create_table(
        "pictures",
        sa.Column("id", Words(), nullable=False),
        sa.Column("url", Words(), nullable=False),
        sa.Column("original", Words(), nullable=False),
        sa.Column("blob", Words(), nullable=False),
        sa.Column("media_type", Words(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("aside", sa.Boolean(), nullable=False),
        sa.Column("trouble", Words(), nullable=False),
        sa.Column("first_asked", Words(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried", Words(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pictures")),
    )
    op.create_table(
        "parts",
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("url", Words(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=True),
        sa.Column("trouble", Words(), nullable=False),
        sa.Column("first_asked", Words(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried", Words(), nullable=False),
        sa.ForeignKeyConstraint(["page"], ["pages.id"], name=op.f("fk_parts_page")),
        sa.ForeignKeyConstraint(["part"], ["pages.id"], name=op.f("fk_parts_part")),
        sa.PrimaryKeyConstraint("page", "position", name=op.f("pk_parts")),
    )

"""What the store may forget: which blobs lost their last row, and the ways back from what goes to what named it."""

import sqlalchemy as sa
from alembic import op

from pipeline.store.values import Words

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Makes the table and the indexes; without these every page that goes would have all leads looked through."""
    op.create_table(
        "dropped",
        sa.Column("blob", Words(), nullable=False),
        sa.Column("at", Words(), nullable=False),
        sa.PrimaryKeyConstraint("blob", name=op.f("pk_dropped")),
    )
    op.create_index(op.f("ix_leads_page"), "leads", ["page"])
    op.create_index(op.f("ix_parts_part"), "parts", ["part"])
    op.create_index(op.f("ix_pages_blob"), "pages", ["blob"])
    op.create_index(op.f("ix_pictures_original"), "pictures", ["original"])
    op.create_index(op.f("ix_pictures_blob"), "pictures", ["blob"])

"""By which address a page or a lead is looked up: the one it has, beside the one that was asked for."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Makes the indexes; without these all leads and pages are looked through for each item whose page is asked for."""
    if op.get_bind().dialect.name == "sqlite":
        op.create_index(op.f("ix_leads_url"), "leads", ["url"])  # PostgreSQL has it since 0001
    op.create_index(op.f("ix_pages_url"), "pages", ["url"], postgresql_using="hash")

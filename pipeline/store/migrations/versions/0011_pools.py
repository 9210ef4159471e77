"""The candidates of drafts kept once, whatever is decided about them."""

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Makes the tables."""

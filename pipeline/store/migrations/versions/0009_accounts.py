"""Who may use the review page, and what they did there."""

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Makes the tables."""

"""How far a draft is on its way to an issue, and what was put out anew."""

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Makes the tables."""

"""The words of issues that are out, so that they are found."""

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Makes the tables."""

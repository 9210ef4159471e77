"""The words of issues that are out, so that they are found.

Its tables begin empty: the items come in when the desk is opened.
"""

import sqlalchemy as sa
from alembic import op

from pipeline.store.values import Prose, Words

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Makes the tables: what is shown, and by which terms it is found."""
    op.create_table(
        "entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issue", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", Prose(), nullable=False),
        sa.Column("outlet", Words(), nullable=False),
        sa.Column("date", Words(), nullable=False),
        sa.Column("url", Words(), nullable=False),
        sa.Column("head", Prose(), nullable=False),
        sa.Column("folded", Prose(), nullable=False),
        sa.Column("text", Prose(), nullable=False),
        sa.ForeignKeyConstraint(["issue"], ["issues.id"], name=op.f("fk_entries_issue")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
        sa.UniqueConstraint("issue", "revision", "position", name=op.f("uq_entries_issue_revision_position")),
        sqlite_autoincrement=True,
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute("CREATE TABLE grams (entry integer PRIMARY KEY, terms tsvector NOT NULL)")
        # without a list of what is yet to be put into the index: every question would have to read it
        op.execute("CREATE INDEX ix_grams_terms ON grams USING gin (terms) WITH (fastupdate = off)")
        # not packed: phrases are looked for in thousands of texts, and unpacking these took twice the time
        op.execute("ALTER TABLE entries ALTER COLUMN folded SET STORAGE EXTERNAL")
    else:
        # terms are parted by blanks and taken as they are; neither their places nor the texts are kept twice
        op.execute(
            "CREATE VIRTUAL TABLE grams USING fts5(terms, content='', detail=none, columnsize=0, tokenize='ascii')"
        )

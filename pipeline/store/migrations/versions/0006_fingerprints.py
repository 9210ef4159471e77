"""The index of documents: fingerprints of articles and printed items, what finds them, how articles belong together.

Its tables begin empty: articles come in with the next run over their window, printed items when the desk is opened.
"""

import sqlalchemy as sa
from alembic import op

from pipeline.store.values import Prose, Words

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "fingerprints",
        sa.Column("doc", sa.Integer(), nullable=False),
        sa.Column("article", Words(), nullable=True),
        sa.Column("issue", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("urls", Words(), nullable=False),
        sa.Column("text", sa.BigInteger(), nullable=True),
        sa.Column("bands", Words(), nullable=False),
        sa.Column("title", Prose(), nullable=False),
        sa.Column("words", Prose(), nullable=False),
        sa.Column("head", Prose(), nullable=False),
        sa.Column("stamp", Words(), nullable=False),
        sa.ForeignKeyConstraint(["issue"], ["issues.id"], name=op.f("fk_fingerprints_issue")),
        sa.PrimaryKeyConstraint("doc", name=op.f("pk_fingerprints")),
        sa.UniqueConstraint("article", name=op.f("uq_fingerprints_article")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_fingerprints_issue"), "fingerprints", ["issue"], unique=False)
    op.create_table(
        "keys",
        sa.Column("kind", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("key", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("doc", sa.Integer(), nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("kind", "key", "doc", name=op.f("pk_keys")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "words",
        sa.Column("kind", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("word", Words(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("doc", sa.Integer(), nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("kind", "word", "day", "doc", name=op.f("pk_words")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "edges",
        sa.Column("a", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("b", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("relation", Words(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("because", Prose(), nullable=False),
        sa.PrimaryKeyConstraint("a", "b", name=op.f("pk_edges")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_edges_b"), "edges", ["b"], unique=False)
    op.create_table(
        "remembered",
        sa.Column("issue", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("basis", Words(), nullable=False),
        sa.ForeignKeyConstraint(["issue"], ["issues.id"], name=op.f("fk_remembered_issue")),
        sa.PrimaryKeyConstraint("issue", name=op.f("pk_remembered")),
    )

"""Who may use the review page, and what they did there."""

import sqlalchemy as sa
from alembic import op

from pipeline.store.values import Prose, Tree, Words

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Makes the tables; the first start of the page says how the first account is made."""
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("login", Words(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("role", Words(), nullable=False),
        sa.Column("series", Tree(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("password", Words(), nullable=False),
        sa.Column("shortcuts", sa.Boolean(), nullable=False),
        sa.Column("word", Words(), nullable=False),
        sa.Column("created", Words(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("login", name=op.f("uq_accounts_login")),
        sa.UniqueConstraint("name", name=op.f("uq_accounts_name")),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", Words(), nullable=False),
        sa.Column("account", sa.Integer(), nullable=False),
        sa.Column("created", Words(), nullable=False),
        sa.Column("seen", Words(), nullable=False),
        sa.Column("agent", Words(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=op.f("fk_sessions_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("digest", name=op.f("uq_sessions_digest")),
    )
    op.create_index(op.f("ix_sessions_account"), "sessions", ["account"], unique=False)
    op.create_table(
        "links",
        sa.Column("digest", Words(), nullable=False),
        sa.Column("purpose", Words(), nullable=False),
        sa.Column("account", sa.Integer(), nullable=True),
        sa.Column("expires", Words(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=op.f("fk_links_account")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_links")),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", Words(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("account", sa.Integer(), nullable=False),
        sa.Column("role", Words(), nullable=False),
        sa.Column("created", Words(), nullable=False),
        sa.Column("used", Words(), nullable=False),
        sa.Column("revoked", Words(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=op.f("fk_tokens_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_tokens_digest")),
    )
    op.create_index(op.f("ix_tokens_account"), "tokens", ["account"], unique=False)
    op.create_table(
        "failures",
        sa.Column("key", Words(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("last", Words(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_failures")),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", Words(), nullable=False),
        sa.Column("who", Words(), nullable=False),
        sa.Column("act", Words(), nullable=False),
        sa.Column("target", Words(), nullable=False),
        sa.Column("detail", Prose(), nullable=False),
        sa.Column("previous", Words(), nullable=False),
        sa.Column("hash", Words(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_who"), "audit", ["who"], unique=False)

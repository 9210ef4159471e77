"""The first schema: sources, leads, pages, articles, issues and their revisions, releases, runs and fates."""

import sqlalchemy as sa
from alembic import op

from pipeline.store.values import Prose, Tree, Words

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Makes every table."""
    on_server = op.get_context().dialect.name == "postgresql"
    op.create_table(
        "articles",
        sa.Column("id", Words(), nullable=False),
        sa.Column("url", Words(), nullable=False),
        sa.Column("date", Words(), nullable=True),
        sa.Column("content", Prose(), nullable=False),
        sa.Column("sha256", Words(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_articles")),
    )
    op.create_index(op.f("ix_articles_date"), "articles", ["date"], unique=False)
    # by hash: an entry of PostgreSQL's ordered indexes holds 2,704 bytes, an address has up to 8,192 characters
    op.create_index(op.f("ix_articles_url"), "articles", ["url"], unique=False, postgresql_using="hash")
    op.create_table(
        "issues",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("series", Words(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("window_start", Words(), nullable=False),
        sa.Column("window_end", Words(), nullable=False),
        sa.Column("state", Words(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issues")),
        sa.UniqueConstraint("series", "number", name=op.f("uq_issues_series_number")),
        sa.UniqueConstraint("series", "window_start", name=op.f("uq_issues_series_window_start")),
    )
    op.create_table(
        "pages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("asked_url", Words(), nullable=False),
        sa.Column("url", Words(), nullable=False),
        sa.Column("blob", Words(), nullable=False),
        sa.Column("fetched", Words(), nullable=False),
        sa.Column("content_type", Words(), nullable=False),
        sa.Column("charset", Words(), nullable=False),
        sa.Column("warnings", Tree(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pages")),
    )
    op.create_index(op.f("ix_pages_asked_url"), "pages", ["asked_url"], unique=False, postgresql_using="hash")
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("series", Words(), nullable=False),
        sa.Column("window_start", Words(), nullable=False),
        sa.Column("window_end", Words(), nullable=False),
        sa.Column("engine", Words(), nullable=False),
        sa.Column("started", Words(), nullable=False),
        sa.Column("finished", Words(), nullable=True),
        sa.Column("outcome", Words(), nullable=False),
        sa.Column("silent", Tree(), nullable=False),
        sa.Column("seconds", Tree(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_table(
        "skips",
        sa.Column("series", Words(), nullable=False),
        sa.Column("window_start", Words(), nullable=False),
        sa.Column("reason", Words(), nullable=False),
        sa.Column("who", Words(), nullable=False),
        sa.Column("at", Words(), nullable=False),
        sa.PrimaryKeyConstraint("series", "window_start", name=op.f("pk_skips")),
    )
    op.create_table(
        "sources",
        sa.Column("id", Words(), nullable=False),
        sa.Column("etag", Words(), nullable=False),
        sa.Column("modified", Words(), nullable=False),
        sa.Column("of", Words(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("asked", Words(), nullable=False),
        sa.Column("trouble", Words(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sources")),
    )
    op.create_table(
        "leads",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", Words(), nullable=False),
        sa.Column("url", Words(), nullable=False),
        sa.Column("title", Words(), nullable=False),
        sa.Column("published", Words(), nullable=False),
        sa.Column("outlet", Words(), nullable=False),
        sa.Column("path", Words(), nullable=False),
        sa.Column("first_seen", Words(), nullable=False),
        sa.Column("last_seen", Words(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("article", Words(), nullable=True),
        sa.Column("fate", Words(), nullable=True),
        sa.Column("because", Words(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried", Words(), nullable=False),
        sa.ForeignKeyConstraint(["article"], ["articles.id"], name=op.f("fk_leads_article")),
        sa.ForeignKeyConstraint(["page"], ["pages.id"], name=op.f("fk_leads_page")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leads")),
        *(() if on_server else [sa.UniqueConstraint("source", "url", name=op.f("uq_leads_source_url"))]),
    )
    if on_server:
        op.create_index("uq_leads_source_url", "leads", ["source", sa.text("md5(url)")], unique=True)
        op.create_index("ix_leads_url", "leads", ["url"], postgresql_using="hash")
    op.create_index(op.f("ix_leads_article"), "leads", ["article"], unique=False)
    op.create_index(op.f("ix_leads_first_seen"), "leads", ["first_seen"], unique=False)
    op.create_table(
        "releases",
        sa.Column("issue", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content", Prose(), nullable=False),
        sa.Column("sha256", Words(), nullable=False),
        sa.Column("files", Tree(), nullable=False),
        sa.ForeignKeyConstraint(["issue"], ["issues.id"], name=op.f("fk_releases_issue")),
        sa.PrimaryKeyConstraint("issue", "revision", name=op.f("pk_releases")),
    )
    op.create_table(
        "revisions",
        sa.Column("issue", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("decision", Prose(), nullable=False),
        sa.Column("draft", Prose(), nullable=False),
        sa.Column("sha256", Words(), nullable=False),
        sa.ForeignKeyConstraint(["issue"], ["issues.id"], name=op.f("fk_revisions_issue")),
        sa.PrimaryKeyConstraint("issue", "revision", name=op.f("pk_revisions")),
    )
    op.create_table(
        "fates",
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("lead", sa.Integer(), nullable=False),
        sa.Column("fate", Words(), nullable=False),
        sa.Column("because", Words(), nullable=False),
        sa.Column("article", Words(), nullable=False),
        sa.Column("decides", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["lead"], ["leads.id"], name=op.f("fk_fates_lead")),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name=op.f("fk_fates_run")),
        sa.PrimaryKeyConstraint("run", "lead", name=op.f("pk_fates")),
    )

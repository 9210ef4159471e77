"""The tables as they are now; migrations/versions says how they came to be.

Times are ISO 8601 text in UTC and days ISO text, because SQLite's own date type forgets the zone.
"""

from __future__ import annotations

import sqlalchemy as sa

METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

SOURCES = sa.Table(
    "sources",
    METADATA,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("etag", sa.String, nullable=False),
    sa.Column("modified", sa.String, nullable=False),
    sa.Column("of", sa.String, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("asked", sa.String, nullable=False),
    sa.Column("trouble", sa.String, nullable=False),
)

PAGES = sa.Table(
    "pages",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("asked_url", sa.String, nullable=False, index=True),
    sa.Column("url", sa.String, nullable=False),
    sa.Column("blob", sa.String, nullable=False),
    sa.Column("fetched", sa.String, nullable=False),
    sa.Column("content_type", sa.String, nullable=False),
    sa.Column("charset", sa.String, nullable=False),
    sa.Column("warnings", sa.JSON, nullable=False),
)

ARTICLES = sa.Table(
    "articles",
    METADATA,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("url", sa.String, nullable=False, index=True),
    sa.Column("date", sa.String, index=True),
    sa.Column("content", sa.Text, nullable=False),
    # quick_check misses most flipped bits; this does not
    sa.Column("sha256", sa.String, nullable=False),
)

LEADS = sa.Table(
    "leads",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("source", sa.String, nullable=False),
    sa.Column("url", sa.String, nullable=False),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("published", sa.String, nullable=False),
    sa.Column("outlet", sa.String, nullable=False),
    sa.Column("path", sa.String, nullable=False),
    sa.Column("first_seen", sa.String, nullable=False, index=True),
    sa.Column("last_seen", sa.String, nullable=False),
    sa.Column("page", sa.Integer, sa.ForeignKey("pages.id")),
    sa.Column("article", sa.String, sa.ForeignKey("articles.id"), index=True),
    # why there is no article: a fate and its reason
    sa.Column("fate", sa.String),
    sa.Column("because", sa.String, nullable=False),
    # how often it was asked for in vain, and when last
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("tried", sa.String, nullable=False),
    sa.UniqueConstraint("source", "url"),
)

ISSUES = sa.Table(
    "issues",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("series", sa.String, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("window_start", sa.String, nullable=False),
    sa.Column("window_end", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.UniqueConstraint("series", "number"),
    sa.UniqueConstraint("series", "window_start"),
)

SKIPS = sa.Table(
    "skips",
    METADATA,
    sa.Column("series", sa.String, primary_key=True),
    sa.Column("window_start", sa.String, primary_key=True),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("who", sa.String, nullable=False),
    sa.Column("at", sa.String, nullable=False),
)

REVISIONS = sa.Table(
    "revisions",
    METADATA,
    sa.Column("issue", sa.Integer, sa.ForeignKey("issues.id"), primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("draft", sa.Text, nullable=False),
    sa.Column("sha256", sa.String, nullable=False),
)

RELEASES = sa.Table(
    "releases",
    METADATA,
    sa.Column("issue", sa.Integer, sa.ForeignKey("issues.id"), primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("sha256", sa.String, nullable=False),
    # name → blob, beside the content, so that start-up need not read every issue
    sa.Column("files", sa.JSON, nullable=False),
)

RUNS = sa.Table(
    "runs",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("series", sa.String, nullable=False),
    sa.Column("window_start", sa.String, nullable=False),
    sa.Column("window_end", sa.String, nullable=False),
    sa.Column("engine", sa.String, nullable=False),
    sa.Column("started", sa.String, nullable=False),
    sa.Column("finished", sa.String),
    sa.Column("outcome", sa.String, nullable=False),
    # the claim it worked under; empty when it keeps nothing
    sa.Column("owner", sa.String, nullable=False, server_default=""),
    # set in the transaction that keeps the fates, which may be none
    sa.Column("accounted", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("silent", sa.JSON, nullable=False),
    sa.Column("seconds", sa.JSON, nullable=False),
)

FATES = sa.Table(
    "fates",
    METADATA,
    sa.Column("run", sa.Integer, sa.ForeignKey("runs.id"), primary_key=True),
    sa.Column("lead", sa.Integer, sa.ForeignKey("leads.id"), primary_key=True),
    sa.Column("fate", sa.String, nullable=False),
    sa.Column("because", sa.String, nullable=False),
    sa.Column("article", sa.String, nullable=False),
    sa.Column("decides", sa.Boolean, nullable=False),
)

CLAIMS = sa.Table(
    "claims",
    METADATA,
    # what is claimed: the making of one window's draft, or a round of collecting (series and window empty)
    sa.Column("task", sa.String, primary_key=True),
    sa.Column("series", sa.String, primary_key=True),
    sa.Column("window_start", sa.String, primary_key=True),
    sa.Column("state", sa.String, nullable=False),
    # the fence: whoever finishes must still be the owner
    sa.Column("owner", sa.String, nullable=False),
    sa.Column("who", sa.String, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    # Unix seconds by the database's own clock
    sa.Column("since", sa.Float, nullable=False),
    sa.Column("lease", sa.Float, nullable=False),
    sa.Column("retry", sa.Float, nullable=False),
    # by the desk's clock, as windows are; empty until it is done
    sa.Column("finished", sa.String, nullable=False),
    sa.Column("trouble", sa.String, nullable=False),
)

PAUSES = sa.Table(
    "pauses",
    METADATA,
    sa.Column("series", sa.String, primary_key=True),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("who", sa.String, nullable=False),
    sa.Column("at", sa.String, nullable=False),
)

NOTICES = sa.Table(
    "notices",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    # what happened, once: a second telling of it is no second row
    sa.Column("key", sa.String, nullable=False, unique=True),
    sa.Column("event", sa.String, nullable=False),
    sa.Column("series", sa.String, nullable=False),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("at", sa.String, nullable=False),
    # how often somebody set out to tell it, and when last
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("tried", sa.String, nullable=False),
    # who has it already, by masked address, so that one target that is down costs the others nothing
    sa.Column("told", sa.JSON, nullable=False),
    # when it was sent or given up; empty while it waits
    sa.Column("settled", sa.String, nullable=False),
    sa.Column("given_up", sa.Boolean, nullable=False),
)

"""The tables as they are now; migrations/versions says how they came to be.

Times are ISO 8601 text in UTC and days ISO text, because SQLite's own date type forgets the zone.
"""

from __future__ import annotations

import sqlalchemy as sa

from pipeline.store.values import Prose, Tree, Words

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
    sa.Column("id", Words, primary_key=True),
    sa.Column("etag", Words, nullable=False),
    sa.Column("modified", Words, nullable=False),
    sa.Column("of", Words, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("asked", Words, nullable=False),
    sa.Column("trouble", Words, nullable=False),
    # of which trouble people were told; empty once it is over
    sa.Column("told", Words, nullable=False, server_default=""),
)

PAGES = sa.Table(
    "pages",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("asked_url", Words, nullable=False),
    sa.Column("url", Words, nullable=False),
    sa.Column("blob", Words, nullable=False, index=True),
    sa.Column("fetched", Words, nullable=False),
    sa.Column("content_type", Words, nullable=False),
    sa.Column("charset", Words, nullable=False),
    sa.Column("warnings", Tree, nullable=False),
    # by hash: an entry of PostgreSQL's ordered indexes holds 2,704 bytes, an address has up to 8,192 characters
    sa.Index("ix_pages_asked_url", "asked_url", postgresql_using="hash"),
    sa.Index("ix_pages_url", "url", postgresql_using="hash"),
)

ARTICLES = sa.Table(
    "articles",
    METADATA,
    sa.Column("id", Words, primary_key=True),
    sa.Column("url", Words, nullable=False),
    sa.Column("date", Words, index=True),
    sa.Column("content", Prose, nullable=False),
    # quick_check misses most flipped bits; this does not
    sa.Column("sha256", Words, nullable=False),
    sa.Index("ix_articles_url", "url", postgresql_using="hash"),
)

LEADS = sa.Table(
    "leads",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("source", Words, nullable=False),
    sa.Column("url", Words, nullable=False),
    sa.Column("title", Words, nullable=False),
    sa.Column("published", Words, nullable=False),
    sa.Column("outlet", Words, nullable=False),
    sa.Column("path", Words, nullable=False),
    sa.Column("first_seen", Words, nullable=False, index=True),
    sa.Column("last_seen", Words, nullable=False),
    sa.Column("page", sa.Integer, sa.ForeignKey("pages.id"), index=True),
    sa.Column("article", Words, sa.ForeignKey("articles.id"), index=True),
    # why there is no article: a fate and its reason
    sa.Column("fate", Words),
    sa.Column("because", Words, nullable=False),
    # how often it was asked for in vain, and when last
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("tried", Words, nullable=False),
    # on PostgreSQL a unique index over source and md5(url) (see 0001)
    sa.UniqueConstraint("source", "url"),
    sa.Index("ix_leads_url", "url", postgresql_using="hash"),
)

ISSUES = sa.Table(
    "issues",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("series", Words, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("window_start", Words, nullable=False),
    sa.Column("window_end", Words, nullable=False),
    sa.Column("state", Words, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    # the revision that was put out last, 0 while none was: a correction goes on from it and is not out yet
    sa.Column("released", sa.Integer, nullable=False, server_default="0"),
    # whether that one was withdrawn
    sa.Column("withdrawn", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.UniqueConstraint("series", "number"),
    sa.UniqueConstraint("series", "window_start"),
)

SKIPS = sa.Table(
    "skips",
    METADATA,
    sa.Column("series", Words, primary_key=True),
    sa.Column("window_start", Words, primary_key=True),
    sa.Column("reason", Words, nullable=False),
    sa.Column("who", Words, nullable=False),
    sa.Column("at", Words, nullable=False),
)

REVISIONS = sa.Table(
    "revisions",
    METADATA,
    sa.Column("issue", sa.Integer, sa.ForeignKey("issues.id"), primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    sa.Column("decision", Prose, nullable=False),
    # without its candidates, whose pool it names
    sa.Column("draft", Prose, nullable=False),
    sa.Column("sha256", Words, nullable=False),
)

RELEASES = sa.Table(
    "releases",
    METADATA,
    sa.Column("issue", sa.Integer, sa.ForeignKey("issues.id"), primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    sa.Column("content", Prose, nullable=False),
    sa.Column("sha256", Words, nullable=False),
    # name → blob, beside the content, so that start-up need not read every issue; empty for an imported issue
    sa.Column("files", Tree, nullable=False),
)

RUNS = sa.Table(
    "runs",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("series", Words, nullable=False),
    sa.Column("window_start", Words, nullable=False),
    sa.Column("window_end", Words, nullable=False),
    sa.Column("engine", Words, nullable=False),
    sa.Column("started", Words, nullable=False),
    sa.Column("finished", Words),
    sa.Column("outcome", Words, nullable=False),
    # the claim it worked under; empty when it keeps nothing
    sa.Column("owner", Words, nullable=False, server_default=""),
    # set in the transaction that keeps the fates, which may be none
    sa.Column("accounted", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("silent", Tree, nullable=False),
    sa.Column("seconds", Tree, nullable=False),
)

FATES = sa.Table(
    "fates",
    METADATA,
    sa.Column("run", sa.Integer, sa.ForeignKey("runs.id"), primary_key=True),
    sa.Column("lead", sa.Integer, sa.ForeignKey("leads.id"), primary_key=True),
    sa.Column("fate", Words, nullable=False),
    sa.Column("because", Words, nullable=False),
    sa.Column("article", Words, nullable=False),
    sa.Column("decides", sa.Boolean, nullable=False),
    # among which its like the lead is found, and how well its article was rated; runs before 0007 kept neither
    sa.Column("ground", Words, nullable=False, server_default=""),
    sa.Column("score", sa.Float),
)

CLAIMS = sa.Table(
    "claims",
    METADATA,
    # what is claimed: the making of one window's draft, or a round of collecting (series and window empty)
    sa.Column("task", Words, primary_key=True),
    sa.Column("series", Words, primary_key=True),
    sa.Column("window_start", Words, primary_key=True),
    sa.Column("state", Words, nullable=False),
    # the fence: whoever finishes must still be the owner
    sa.Column("owner", Words, nullable=False),
    sa.Column("who", Words, nullable=False),
    # which process, and among which ones its number counts: whether it lives can only be told there
    sa.Column("home", Words, nullable=False),
    sa.Column("process", sa.Integer, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    # Unix seconds by the database's own clock
    sa.Column("since", sa.Float, nullable=False),
    sa.Column("lease", sa.Float, nullable=False),
    sa.Column("retry", sa.Float, nullable=False),
    # by the desk's clock, as windows are; empty until it is done
    sa.Column("finished", Words, nullable=False),
    sa.Column("trouble", Words, nullable=False),
)

PAUSES = sa.Table(
    "pauses",
    METADATA,
    sa.Column("series", Words, primary_key=True),
    sa.Column("reason", Words, nullable=False),
    sa.Column("who", Words, nullable=False),
    sa.Column("at", Words, nullable=False),
)

NOTICES = sa.Table(
    "notices",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    # what happened, once: a second telling of it is no second row
    sa.Column("key", Words, nullable=False, unique=True),
    sa.Column("event", Words, nullable=False),
    sa.Column("series", Words, nullable=False),
    sa.Column("title", Words, nullable=False),
    sa.Column("text", Prose, nullable=False),
    sa.Column("at", Words, nullable=False),
    # how often somebody set out to tell it, and when last
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("tried", Words, nullable=False),
    # who has it already, by masked address, so that one target that is down costs the others nothing
    sa.Column("told", Tree, nullable=False),
    # when it was sent or given up; empty while it waits
    sa.Column("settled", Words, nullable=False),
    sa.Column("given_up", sa.Boolean, nullable=False),
    # how it is meant and how to get to it; empty for one posted before these were kept
    sa.Column("tone", Words, nullable=False, server_default=""),
    sa.Column("words", Words, nullable=False, server_default=""),
    sa.Column("page", Words, nullable=False, server_default=""),
    sa.Column("command", Words, nullable=False, server_default=""),
    # why it was not taken when it was last sent
    sa.Column("trouble", Words, nullable=False, server_default=""),
    # who will not take it however often it is sent, by masked address
    sa.Column("refused", Tree, nullable=False, server_default="[]"),
)

REVISITS = sa.Table(
    "revisits",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("url", Words, nullable=False),
    sa.Column("at", Words, nullable=False),
    # what is different from the stored article; empty when nothing is
    sa.Column("told", Prose, nullable=False),
    sa.Index("ix_revisits_url", "url", postgresql_using="hash"),
)

VISITS = sa.Table(
    "visits",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("source", Words, nullable=False),
    sa.Column("at", Words, nullable=False, index=True),
    sa.Column("outcome", Words, nullable=False),
    sa.Column("because", Words, nullable=False),
    sa.Column("leads", sa.Integer, nullable=False),
    # those not known before
    sa.Column("fresh", sa.Integer, nullable=False),
    sa.Column("pages", sa.Integer, nullable=False),
    sa.Column("failed", sa.Integer, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Index("ix_visits_source", "source", "at"),
)

HOSTS = sa.Table(
    "hosts",
    METADATA,
    sa.Column("host", Words, primary_key=True),
    # until when it asked to be left alone
    sa.Column("shut_until", Words, nullable=False),
)

PICTURES = sa.Table(
    "pictures",
    METADATA,
    # digest of the address, which itself may be too long for a unique index of PostgreSQL
    sa.Column("id", Words, primary_key=True),
    sa.Column("url", Words, nullable=False),
    # what came, and what is printed of it, by blob; empty while there is none
    sa.Column("original", Words, nullable=False, index=True),
    sa.Column("blob", Words, nullable=False, index=True),
    sa.Column("media_type", Words, nullable=False),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    # an icon or a tracker: no picture of the article's, and none that is missing
    sa.Column("aside", sa.Boolean, nullable=False),
    sa.Column("trouble", Words, nullable=False),
    sa.Column("first_asked", Words, nullable=False),
    # how often it was asked for in vain, and when last
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("tried", Words, nullable=False),
)

PARTS = sa.Table(
    "parts",
    METADATA,
    # the page an article begins on, and the place of this one: 0 for a version of the whole on one page, 1 for the
    # document that holds the text, else from 2
    sa.Column("page", sa.Integer, sa.ForeignKey("pages.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("url", Words, nullable=False),
    # empty while it could not be had
    sa.Column("part", sa.Integer, sa.ForeignKey("pages.id"), index=True),
    sa.Column("trouble", Words, nullable=False),
    sa.Column("first_asked", Words, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("tried", Words, nullable=False),
)

FINGERPRINTS = sa.Table(
    "fingerprints",
    METADATA,
    # never given out again: that the highest one is still the highest tells that nobody added one
    sa.Column("doc", sa.Integer, primary_key=True),
    # an article, or else an item of an issue that is out
    sa.Column("article", Words, unique=True),
    sa.Column("issue", sa.Integer, sa.ForeignKey("issues.id"), index=True),
    sa.Column("position", sa.Integer, nullable=False),
    # as an ordinal; 0 when it is not known
    sa.Column("day", sa.Integer, nullable=False),
    # 64-bit keys, packed and in base64
    sa.Column("urls", Words, nullable=False),
    sa.Column("text", sa.BigInteger),
    sa.Column("bands", Words, nullable=False),
    # words parted by blanks; those of the lead without those of the title
    sa.Column("title", Prose, nullable=False),
    sa.Column("words", Prose, nullable=False),
    sa.Column("head", Prose, nullable=False),
    sa.Column("stamp", Words, nullable=False),
    sqlite_autoincrement=True,
)

KEYS = sa.Table(
    "keys",
    METADATA,
    # 0 for articles, 1 for printed items: each is found apart from the other
    sa.Column("kind", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("key", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("doc", sa.Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

WORDS = sa.Table(
    "words",
    METADATA,
    sa.Column("kind", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("word", Words, primary_key=True),
    # before the document, so that the days around one are one range
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("doc", sa.Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

EDGES = sa.Table(
    "edges",
    METADATA,
    sa.Column("a", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("b", sa.Integer, primary_key=True, autoincrement=False, index=True),
    sa.Column("relation", Words, nullable=False),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("because", Prose, nullable=False),
    sqlite_with_rowid=False,
)

REMEMBERED = sa.Table(
    "remembered",
    METADATA,
    # whose items are among the fingerprints, as which revision has them, resting on what
    sa.Column("issue", sa.Integer, sa.ForeignKey("issues.id"), primary_key=True, autoincrement=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("basis", Words, nullable=False),
)

PRECEDENTS = sa.Table(
    "precedents",
    METADATA,
    # what was decided about the articles of an issue that is out, in the transaction that put it out
    sa.Column("issue", sa.Integer, sa.ForeignKey("issues.id"), primary_key=True),
    sa.Column("handle", Words, primary_key=True),
    sa.Column("title", Words, nullable=False),
    # of title and lead, each once
    sa.Column("words", Tree, nullable=False),
    sa.Column("included", sa.Boolean, nullable=False),
    sa.Column("reason", Words, nullable=False),
)

MISSED = sa.Table(
    "missed",
    METADATA,
    # what was said afterwards of stories that an issue does not carry; of several about one article the last counts
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("issue", sa.Integer, sa.ForeignKey("issues.id"), nullable=False, index=True),
    # which may be forgotten; its title stays
    sa.Column("article", Words, nullable=False),
    sa.Column("title", Words, nullable=False),
    sa.Column("missed", sa.Boolean, nullable=False),
    sa.Column("reason", Words, nullable=False),
    sa.Column("who", Words, nullable=False),
    sa.Column("at", Words, nullable=False),
)

MODELS = sa.Table(
    "models",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", Words, nullable=False, index=True),
    sa.Column("made", Words, nullable=False),
    sa.Column("who", Words, nullable=False),
    # from how many decisions it was learned
    sa.Column("decisions", sa.Integer, nullable=False),
    sa.Column("content", Prose, nullable=False),
    sa.Column("sha256", Words, nullable=False),
    # name → the old model's figure and its own
    sa.Column("figures", Tree, nullable=False),
    # why it was never used; empty for one that passed
    sa.Column("refused", Prose, nullable=False),
    # at most one of a kind; with none the shipped model is in use
    sa.Column("active", sa.Boolean, nullable=False),
)

ACCOUNTS = sa.Table(
    "accounts",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("login", Words, nullable=False, unique=True),
    # two of one name could not be told apart in what they signed
    sa.Column("name", Words, nullable=False, unique=True),
    sa.Column("role", Words, nullable=False),
    sa.Column("series", Tree, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    # argon2; empty until a one-time link sets one
    sa.Column("password", Words, nullable=False),
    sa.Column("shortcuts", sa.Boolean, nullable=False),
    # what forms carry
    sa.Column("word", Words, nullable=False),
    sa.Column("created", Words, nullable=False),
)

# of what lets somebody in only the SHA-256 is kept: whoever reads the database cannot sign in with it

SESSIONS = sa.Table(
    "sessions",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("digest", Words, nullable=False, unique=True),
    sa.Column("account", sa.Integer, sa.ForeignKey("accounts.id"), nullable=False, index=True),
    sa.Column("created", Words, nullable=False),
    sa.Column("seen", Words, nullable=False),
    sa.Column("agent", Words, nullable=False),
)

LINKS = sa.Table(
    "links",
    METADATA,
    sa.Column("digest", Words, primary_key=True),
    sa.Column("purpose", Words, nullable=False),
    # none for the first administrator's
    sa.Column("account", sa.Integer, sa.ForeignKey("accounts.id")),
    sa.Column("expires", Words, nullable=False),
)

TOKENS = sa.Table(
    "tokens",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("digest", Words, nullable=False, unique=True),
    sa.Column("name", Words, nullable=False),
    sa.Column("account", sa.Integer, sa.ForeignKey("accounts.id"), nullable=False, index=True),
    sa.Column("role", Words, nullable=False),
    sa.Column("created", Words, nullable=False),
    sa.Column("used", Words, nullable=False),
    sa.Column("revoked", Words, nullable=False),
)

FAILURES = sa.Table(
    "failures",
    METADATA,
    # a login at an address, an address, or a login: as a digest, for somebody may have typed the password there
    sa.Column("key", Words, primary_key=True),
    sa.Column("times", sa.Integer, nullable=False),
    sa.Column("last", Words, nullable=False),
)

AUDIT = sa.Table(
    "audit",
    METADATA,
    # without gaps
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", Words, nullable=False),
    sa.Column("who", Words, nullable=False, index=True),
    sa.Column("act", Words, nullable=False),
    sa.Column("target", Words, nullable=False),
    sa.Column("detail", Prose, nullable=False),
    # the hash of the row before, and of all that stands in this one
    sa.Column("previous", Words, nullable=False),
    sa.Column("hash", Words, nullable=False),
)

ENTRIES = sa.Table(
    "entries",
    METADATA,
    # never given out again: the terms of one that is gone lead nowhere. Which terms lead to which entry stands in
    # `grams`, which each kind of database has in its own way (see 0012)
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("issue", sa.Integer, sa.ForeignKey("issues.id"), nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    # what is short comes first: reading a row ends where the last column lies that is asked for
    sa.Column("title", Prose, nullable=False),
    sa.Column("outlet", Words, nullable=False),
    sa.Column("date", Words, nullable=False),
    sa.Column("url", Words, nullable=False),
    # as searches see them: the title; title, outlet, date and text
    sa.Column("head", Prose, nullable=False),
    sa.Column("folded", Prose, nullable=False),
    sa.Column("text", Prose, nullable=False),
    sa.UniqueConstraint("issue", "revision", "position"),
    sqlite_autoincrement=True,
)

CANDIDATES = sa.Table(
    "candidates",
    METADATA,
    # of the content
    sa.Column("sha256", Words, primary_key=True),
    sa.Column("content", Prose, nullable=False),
)

POOLS = sa.Table(
    "pools",
    METADATA,
    # over the digests of its candidates
    sa.Column("sha256", Words, primary_key=True),
    # their digests in the draft's order, one a line
    sa.Column("candidates", Prose, nullable=False),
)

DROPPED = sa.Table(
    "dropped",
    METADATA,
    # which lost a row, or was first seen without one, and when: somebody may still come to name it
    sa.Column("blob", Words, primary_key=True),
    sa.Column("at", Words, nullable=False),
)

SIGNS = sa.Table(
    "signs",
    METADATA,
    # of what: the clock, the log
    sa.Column("name", Words, primary_key=True),
    sa.Column("at", Words, nullable=False),
    sa.Column("told", Words, nullable=False),
)

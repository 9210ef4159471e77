"""What the store may forget, and how: of what is left every issue can be read, proven and made again.

Kept for ever: issues with all their revisions and releases, the candidates of every draft with their texts, what was
said of missed stories and their articles, what was learned, the audit log, and the fate of every lead in the last run
over each window. Leads stay as well: without them what a source still lists would be news.

Forgotten is what only a run needs, once it is old: pages and articles that the last run over each window passed over,
with their fingerprints, pictures that no candidate shows, the fates of runs that a later one of the same window
repeats, and notices that everybody has. Each transaction is small, leaves everything as it should be, and does
nothing a second time: whoever is killed half-way has done half of it, and two may do it at once.

A blob goes when it is a day old, no row names it, and none did when somebody looked a day ago. In that day whoever
read a row that has just gone, a run or an editor, has kept what he made of it, and whoever is putting a blob has
committed its row; a blob that is put again is made young, in a writer's turn, so that one who takes it away either sees
that or is done before (see `blobs`). The look of the day before is what no clock brings about that was set ahead: by
its age alone what is being put this very moment would go.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from pipeline.model import Fate, Weight
from pipeline.store.blobs import Blobs, Shelved
from pipeline.store.database import Database
from pipeline.store.fingerprints import drop_articles
from pipeline.store.leads import portions
from pipeline.store.schema import (
    ARTICLES,
    AUDIT,
    CANDIDATES,
    DROPPED,
    FATES,
    HOSTS,
    LEADS,
    MISSED,
    NOTICES,
    PAGES,
    PARTS,
    PICTURES,
    RELEASES,
    REVISIONS,
    RUNS,
    VISITS,
)
from pipeline.store.values import utc

ORPHANED = dt.timedelta(days=1)
"""How long a blob is left alone, and one that was seen to have no row, or has just lost it."""
QUIET = dt.timedelta(days=31)
"""How much of a stretch without a sign of life counts as time that went by.

A desk that makes one draft a month gives one as often. One whose clock was set years ahead gives none in those years:
without this bound it would forget everything in one round.
"""
_PASSED_OVER = (
    Fate.OUT_OF_SCOPE,
    Fate.OUT_OF_WINDOW,
    Fate.NOT_AN_ARTICLE,
    Fate.UNREADABLE,
    Fate.UNREACHABLE,
    Fate.DEFERRED,
)
"""What no draft has among its candidates."""
_AT_ONCE = 200  # rows in one transaction: an editor who saves meanwhile waits for some milliseconds
_BLOBS_AT_ONCE = 20  # the same from afar, where each takes two questions
_DIGEST = re.compile("[0-9a-f]{64}")
_TEXTS: Sequence[tuple[sa.Column[Any], Sequence[sa.Column[Any]]]] = (
    (RELEASES.c.content, (RELEASES.c.issue, RELEASES.c.revision)),
    (REVISIONS.c.decision, (REVISIONS.c.issue, REVISIONS.c.revision)),
    (REVISIONS.c.draft, (REVISIONS.c.issue, REVISIONS.c.revision)),
    (CANDIDATES.c.content, (CANDIDATES.c.sha256,)),
    (AUDIT.c.detail, (AUDIT.c.id,)),
)
"""Where blobs are named inside texts, and the primary keys of these."""
_GONE = "已过保留期限，原文不再保存"


@dataclass(frozen=True, slots=True)
class Limits:
    """Before which moments what is forgotten; `None` for what never is."""

    pages: dt.datetime | None
    runs: dt.datetime | None
    notices: dt.datetime | None
    orphans: dt.datetime
    """Before which a blob must have been put, and have lost its row or been seen without one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What may be forgotten, as it was at a moment."""

    leads: Sequence[int] = ()
    """Those that lose their page and article; they stay themselves."""
    articles: Sequence[str] = ()
    pages: Sequence[int] = ()
    pictures: Sequence[str] = ()
    fates: Mapping[int, int] = field(default_factory=dict)
    """Run → the later one that repeats it."""
    notices: Sequence[int] = ()
    hosts: Sequence[str] = ()
    blobs: Sequence[Shelved] = ()
    later: Sequence[Shelved] = ()
    """Blobs without a row that none was known of a day ago, or once the rest is forgotten: they go a day after."""


class Forgetting:
    """Looks for what may go, and lets it go."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs

    # looking ------------------------------------------------------------------------------------

    def plan(self, limits: Limits, needed: Collection[str] = ()) -> Plan:
        """What may go now; what leads to one of the addresses in `needed` stays."""
        named = _named(self._database)
        found = self._old(limits.pages, frozenset(needed)) if limits.pages else Plan()
        pictures = self._old_pictures(limits.pages, named) if limits.pages else ()
        with self._database.read() as connection:
            fates = _repeated(connection, limits.runs) if limits.runs else {}
            notices = _told(connection, limits.notices) if limits.notices else ()
            over = sa.select(HOSTS.c.host).where(HOSTS.c.shut_until < utc(limits.orphans))
            hosts = tuple(connection.execute(over).scalars())
            known = _dropped(connection, limits.orphans)
        rows, going = self._blobs_in_rows(set(found.pages), set(pictures))
        now, later = list[Shelved](), list[Shelved]()
        for one in self._blobs.all():
            if one.name in named or one.name in rows:
                continue
            if one.name in going:
                later.append(one)
            elif one.when < limits.orphans:
                (now if one.name in known else later).append(one)
        return replace(
            found, pictures=pictures, fates=fates, notices=notices, hosts=hosts, blobs=tuple(now), later=tuple(later)
        )

    def _old(self, before: dt.datetime, needed: frozenset[str]) -> Plan:
        """The leads, articles and pages that are old and that the last run over each window passed over."""
        moment, day = utc(before), before.date().isoformat()
        accounted, wanted = set[int](), set[int]()
        for row in each(self._database, (FATES.c.lead, FATES.c.fate), FATES.c.run, FATES.c.lead):
            (accounted if row.fate in _PASSED_OVER else wanted).add(row.lead)
        old_pages = {row.id for row in each(self._database, (PAGES.c.fetched,), PAGES.c.id) if row.fetched < moment}
        said = {row.article for row in each(self._database, (MISSED.c.article,), MISSED.c.id)}
        old_articles = {
            row.id
            for row in each(self._database, (ARTICLES.c.date, ARTICLES.c.url), ARTICLES.c.id)
            if (row.date or "") < day and row.url not in needed and row.id not in said
        }
        going, kept = list[_Tied](), list[_Tied]()
        for row in each(self._database, (*_TIED, LEADS.c.url, LEADS.c.first_seen, LEADS.c.fate), LEADS.c.id):
            old = (
                row.first_seen < moment
                and (row.page is None or row.page in old_pages)
                and (row.article in old_articles if row.article else row.fate is not None)
            )
            passed_over = row.id in accounted and row.id not in wanted and row.url not in needed
            (going if old and passed_over else kept).append(_Tied(row.id, row.article, row.page))
        articles, pages = set[str](), set[int]()
        while kept:  # whatever shares an article or a page with what stays, stays as well
            articles |= {one.article for one in kept if one.article}
            pages |= {one.page for one in kept if one.page}
            kept = [one for one in going if one.article in articles or one.page in pages]
            going = [one for one in going if not (one.article in articles or one.page in pages)]
        for row in each(self._database, (PARTS.c.part,), PARTS.c.page, PARTS.c.position):
            pages |= {row.part} if row.page in pages and row.part else set()
        return Plan(
            leads=tuple(one.lead for one in going if one.article or one.page),
            # those too that no lead has any more, because its page was read otherwise since
            articles=tuple(sorted(old_articles - articles)),
            pages=tuple(sorted(old_pages - pages)),
        )

    def _old_pictures(self, before: dt.datetime, named: Collection[str]) -> tuple[str, ...]:
        """The pictures that were first asked for long ago and that no candidate shows."""
        columns = PICTURES.c.blob, PICTURES.c.original, PICTURES.c.first_asked
        return tuple(
            row.id
            for row in each(self._database, columns, PICTURES.c.id)
            if row.first_asked < utc(before) and row.blob not in named and row.original not in named
        )

    def _blobs_in_rows(self, pages: set[int], pictures: set[str]) -> tuple[set[str], set[str]]:
        """The blobs that pages and pictures name, and those that only some which are to go name."""
        rows, going = set[str](), set[str]()
        for page in each(self._database, (PAGES.c.blob,), PAGES.c.id):
            (going if page.id in pages else rows).add(page.blob)
        for row in each(self._database, (PICTURES.c.original, PICTURES.c.blob), PICTURES.c.id):
            (going if row.id in pictures else rows).update((row.original, row.blob))
        return rows, going - rows

    def ago(self, days: int, now: dt.datetime) -> dt.datetime:
        """The moment some days ago, of each stretch in which the desk was not at work only `QUIET` counted."""
        left, at = dt.timedelta(days=days), now
        for day in self._at_work():
            sign = dt.datetime.combine(day, dt.time(), dt.UTC)
            if sign >= at:
                continue  # from when the clock was ahead, or of today
            if min(at - sign, QUIET) >= left:
                break
            left -= min(at - sign, QUIET)
            at = sign
        return at - left

    def _at_work(self) -> list[dt.date]:
        """The days on which something was done, whoever did it, the last one first."""
        marks = (RUNS.c.started, VISITS.c.at, AUDIT.c.at)
        days = sa.union(*(sa.select(sa.func.substr(mark, 1, 10)) for mark in marks))
        with self._database.read() as connection:
            return sorted(map(dt.date.fromisoformat, connection.execute(days).scalars()), reverse=True)

    # letting go ---------------------------------------------------------------------------------

    def forget(self, plan: Plan, limits: Limits, now: dt.datetime) -> Iterator[tuple[str, int]]:
        """Lets everything in a plan go, a small transaction at a time; gives kinds, with how many or how many bytes.

        What came to be needed since the plan was made stays.
        """
        if limits.pages:
            before = utc(limits.pages)
            for leads in portions(plan.leads, _AT_ONCE):
                yield "leads", self._untie(leads, before)
            for articles in portions(plan.articles, _AT_ONCE):
                yield "articles", self._forget_articles(articles)
            for pages in portions(plan.pages, _AT_ONCE):
                yield "pages", self._forget_pages(pages, before, now)
            for pictures in portions(plan.pictures, _AT_ONCE):
                yield "pictures", self._forget_pictures(pictures, now)
        for run, later in plan.fates.items():
            yield "fates", self._forget_fates(run, later)
        for notices in portions(plan.notices, _AT_ONCE):
            yield "notices", self._delete(NOTICES, NOTICES.c.id.in_(notices) & (NOTICES.c.settled != ""))
        for hosts in portions(plan.hosts, _AT_ONCE):
            over = HOSTS.c.host.in_(hosts) & (HOSTS.c.shut_until < utc(limits.orphans))
            yield "hosts", self._delete(HOSTS, over)
        for blobs in portions(plan.blobs, _BLOBS_AT_ONCE):
            yield "bytes", self._forget_blobs([one.name for one in blobs], limits.orphans)
        yield "bytes", self._blobs.tidy(limits.orphans)
        self._delete(DROPPED, DROPPED.c.at < utc(limits.orphans))
        for blobs in portions(plan.later, _AT_ONCE):
            self._note_bare([one.name for one in blobs], now)

    def spare(self) -> int:
        """How many bytes of the database are free, and filled before it grows."""
        with self._database.read() as connection:
            return spare(connection)

    def _untie(self, leads: Sequence[int], before: str) -> int:
        """Takes page and article from leads that were passed over; why they were is kept with the run."""
        young = sa.select(PAGES.c.id).where(PAGES.c.id == LEADS.c.page, PAGES.c.fetched >= before)
        old = LEADS.c.id.in_(leads) & (LEADS.c.first_seen < before) & ~young.exists()
        with self._database.write() as connection:
            read = old & LEADS.c.article.is_not(None)
            connection.execute(
                sa.update(LEADS).where(read).values(article=None, fate=Fate.OUT_OF_WINDOW.value, because=_GONE)
            )
            # one without a fate is yet to be read again
            settled = old & LEADS.c.fate.is_not(None)
            return connection.execute(sa.update(LEADS).where(settled).values(page=None)).rowcount

    def _forget_articles(self, articles: Sequence[str]) -> int:
        unread = ARTICLES.c.id.not_in(sa.select(LEADS.c.article).where(LEADS.c.article.in_(articles)))
        with self._database.write() as connection:
            gone = list(
                connection.execute(sa.select(ARTICLES.c.id).where(ARTICLES.c.id.in_(articles) & unread)).scalars()
            )
            drop_articles(connection, gone)
            connection.execute(sa.delete(ARTICLES).where(ARTICLES.c.id.in_(gone)))
        return len(gone)

    def _forget_pages(self, pages: Sequence[int], before: str, now: dt.datetime) -> int:
        """Takes pages away that no lead has, those that their articles went on on with them."""
        with self._database.write() as connection:
            free = _loose(connection, pages, before)
            connection.execute(sa.delete(PARTS).where(PARTS.c.page.in_(free)))
            # one that another article goes on on stays for that
            held = set(connection.execute(sa.select(PARTS.c.part).where(PARTS.c.part.in_(free))).scalars())
            gone = [one for one in free if one not in held]
            names = connection.execute(sa.select(PAGES.c.blob).where(PAGES.c.id.in_(gone))).scalars()
            _note_dropped(connection, set(names), now)
            connection.execute(sa.delete(PAGES).where(PAGES.c.id.in_(gone)))
        return len(gone)

    def _forget_pictures(self, pictures: Sequence[str], now: dt.datetime) -> int:
        here = PICTURES.c.id.in_(pictures)
        with self._database.write() as connection:
            rows = connection.execute(sa.select(PICTURES.c.original, PICTURES.c.blob).where(here)).all()
            _note_dropped(connection, {name for row in rows for name in row if name}, now)
            return connection.execute(sa.delete(PICTURES).where(here)).rowcount

    def _forget_fates(self, run: int, later: int) -> int:
        """Forgets of a run what a later one over the same window says too; the run with it, once that is all."""
        again = sa.select(FATES.c.lead).where(FATES.c.run == later)
        with self._database.write() as connection:
            query = sa.delete(FATES).where((FATES.c.run == run) & FATES.c.lead.in_(again))
            gone = connection.execute(query).rowcount
            rest = sa.select(FATES.c.run).where(FATES.c.run == run).limit(1)
            if connection.execute(rest).first() is None:
                gone += connection.execute(sa.delete(RUNS).where(RUNS.c.id == run)).rowcount
            return int(gone > 0)

    def _forget_blobs(self, names: Sequence[str], before: dt.datetime) -> int:
        """Takes blobs away in the turn of those who write: what is put meanwhile is young, or is put afterwards."""
        with self._database.write() as connection:
            known = _dropped(connection, before) - _with_rows(connection, names)
            gone = [name for name in names if name in known]
            freed = sum(self._blobs.remove(name, before) for name in gone)
            connection.execute(sa.delete(DROPPED).where(DROPPED.c.blob.in_(gone)))
        return freed

    def _note_bare(self, names: Sequence[str], now: dt.datetime) -> None:
        """Notes which blobs have no row, for the look after the next day; what was noted before stays as it was.

        A note from the future, of a clock that was ahead then, is made anew: else its blob would lie until then.
        """
        noted = sa.select(DROPPED.c.blob).where(DROPPED.c.blob.in_(names) & (DROPPED.c.at <= utc(now)))
        with self._database.write() as connection:
            known = set(connection.execute(noted).scalars())
            _note_dropped(connection, set(names) - known - _with_rows(connection, names), now)

    def _delete(self, table: sa.Table, where: sa.ColumnElement[bool]) -> int:
        with self._database.write() as connection:
            return connection.execute(sa.delete(table).where(where)).rowcount


# ------------------------------------------------------------------------------------------ what is needed


_TIED = (LEADS.c.article, LEADS.c.page)


@dataclass(frozen=True, slots=True)
class _Tied:
    """A lead with what it is tied to."""

    lead: int
    article: str | None
    page: int | None


def _told(connection: sa.Connection, before: dt.datetime) -> tuple[int, ...]:
    """The notices that were sent or given up before a moment."""
    told = sa.select(NOTICES.c.id).where((NOTICES.c.settled != "") & (NOTICES.c.settled < utc(before)))
    return tuple(connection.execute(told).scalars())


def _repeated(connection: sa.Connection, before: dt.datetime) -> dict[int, int]:
    """The old runs that a later one over the same window repeats, and those that never accounted for anything."""
    last: dict[tuple[str, str], int] = {}
    columns = RUNS.c.id, RUNS.c.series, RUNS.c.window_start, RUNS.c.accounted, RUNS.c.finished, RUNS.c.started
    rows = connection.execute(sa.select(*columns).order_by(RUNS.c.id)).all()
    for row in rows:
        if row.accounted:
            last[row.series, row.window_start] = row.id
    found = {}
    for row in rows:
        later = last.get((row.series, row.window_start), row.id)
        if (row.finished or row.started) < utc(before) and (later > row.id or not row.accounted):
            found[row.id] = later
    return found


def _loose(connection: sa.Connection, pages: Sequence[int], before: str) -> list[int]:
    """Those of some pages that are old and that no lead has."""
    held = sa.select(LEADS.c.page).where(LEADS.c.page.in_(pages))
    query = sa.select(PAGES.c.id).where(PAGES.c.id.in_(pages) & (PAGES.c.fetched < before) & PAGES.c.id.not_in(held))
    return list(connection.execute(query).scalars())


# ------------------------------------------------------------------------------------------------- blobs


def _named(database: Database) -> set[str]:
    """Everything inside texts that looks like the name of a blob; some of it is the digest of something else."""
    found: set[str] = set()
    for column, keys in _TEXTS:
        for row in each(database, (column.label("text"),), *keys, at_once=200):
            found.update(_DIGEST.findall(row.text))
    return found


def _with_rows(connection: sa.Connection, names: Sequence[str]) -> set[str]:
    """Those of some blobs that a page or a picture names."""
    found: set[str] = set()
    for column in (PAGES.c.blob, PICTURES.c.original, PICTURES.c.blob):
        found |= set(connection.execute(sa.select(column).where(column.in_(names))).scalars())
    return found


def _dropped(connection: sa.Connection, before: dt.datetime) -> set[str]:
    """The blobs that lost a row before a moment, or were seen without one."""
    return set(connection.execute(sa.select(DROPPED.c.blob).where(DROPPED.c.at < utc(before))).scalars())


def _note_dropped(connection: sa.Connection, names: Collection[str], now: dt.datetime) -> None:
    connection.execute(sa.delete(DROPPED).where(DROPPED.c.blob.in_(sorted(names))))
    if names:
        connection.execute(sa.insert(DROPPED), [{"blob": name, "at": utc(now)} for name in sorted(names)])


# ------------------------------------------------------------------------------------------------ growth


_KINDS: Mapping[str, Sequence[str]] = {
    "线索": ("leads", "sources", "visits", "hosts"),
    "页面目录": ("pages", "parts", "pictures", "revisits", "dropped"),
    "文章": ("articles",),
    "查重索引": ("fingerprints", "keys", "words", "edges", "remembered"),
    "运行记录": ("runs", "fates", "claims"),
    "草稿与修订": ("revisions", "candidates", "pools"),
    "期刊": ("issues", "releases", "precedents", "skips"),
    "检索": ("entries", "grams"),
    "通知": ("notices",),
    "审计与账号": ("audit", "accounts", "sessions", "links", "tokens", "failures"),
}
"""What an operator calls it → its tables."""


def weights(database: Database, blobs: Blobs) -> list[Weight]:
    """How much of what there is, the database first; what no table of ours is, is left out."""
    with database.read() as connection:
        bytes_of = _table_bytes(connection)
        found = []
        for kind, tables in _KINDS.items():
            there = [name for name in tables if name in bytes_of]
            counts = (sa.select(sa.func.count()).select_from(sa.table(name)) for name in there)
            rows = sum(connection.execute(query).scalar_one() for query in counts)
            found.append(Weight(f"数据库：{kind}", rows, sum(_of(bytes_of, name) for name in there)))
        found.append(Weight("数据库：空闲，先用它再变大", 0, spare(connection)))
    named = _named(database)
    pages = {row.blob for row in each(database, (PAGES.c.blob,), PAGES.c.id)}
    pictures = list(each(database, (PICTURES.c.blob, PICTURES.c.original), PICTURES.c.id))
    printed, originals = {row.blob for row in pictures}, {row.original for row in pictures}
    heaps: dict[str, list[int]] = {
        kind: [] for kind in ("页面", "配图", "配图原图", "期刊、模板与交回的文件", "无人引用")
    }
    for one in blobs.all():
        kind = (
            "页面" if one.name in pages
            else "配图" if one.name in printed
            else "配图原图" if one.name in originals
            else "期刊、模板与交回的文件" if one.name in named
            else "无人引用"
        )  # fmt: skip
        heaps[kind].append(one.size)
    return [*found, *(Weight(f"文件库：{kind}", len(sizes), sum(sizes)) for kind, sizes in heaps.items())]


def spare(connection: sa.Connection) -> int:
    """How many bytes of the database's file are free and filled first; of PostgreSQL only the server knows."""
    if connection.dialect.name == "postgresql":
        return 0
    pages = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
    return int(pages) * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())


def _table_bytes(connection: sa.Connection) -> dict[str, int]:
    """How large each table is with its indexes, by name."""
    if connection.dialect.name == "postgresql":
        query = """SELECT relname, pg_total_relation_size(oid) FROM pg_class
                   WHERE relkind = 'r' AND relnamespace = to_regnamespace(current_schema())"""
        return {name: int(size) for name, size in connection.exec_driver_sql(query)}
    query = """SELECT master.tbl_name, sum(stat.pgsize) FROM dbstat('main', 1) AS stat
               JOIN sqlite_master AS master ON master.name = stat.name GROUP BY master.tbl_name"""
    return {name: int(size) for name, size in connection.exec_driver_sql(query)}


def _of(bytes_of: Mapping[str, int], table: str) -> int:
    """A table's bytes; those of the tables that SQLite keeps a full-text index in with them."""
    return sum(size for name, size in bytes_of.items() if name == table or name.startswith(f"{table}_"))


def each(
    database: Database, columns: Sequence[sa.ColumnElement[Any]], *keys: sa.Column[Any], at_once: int = 5_000
) -> Iterator[sa.Row[Any]]:
    """Some columns and the primary key of every row of a table, by key.

    A look for each part: one that lasts would keep everybody from writing, where readers and writers of SQLite wait
    for each other.
    """
    last: tuple[Any, ...] | None = None
    while True:
        query = sa.select(*keys, *columns).order_by(*keys).limit(at_once)
        if last is not None:
            query = query.where(sa.tuple_(*keys) > sa.tuple_(*(sa.literal(one) for one in last)))
        with database.read() as connection:
            rows = connection.execute(query).all()
        yield from rows
        if len(rows) < at_once:
            return
        last = tuple(rows[-1][: len(keys)])

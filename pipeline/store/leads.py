"""Leads, pages and articles: everything that was seen, and what it turned out to be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

import sqlalchemy as sa
from pydantic import TypeAdapter

from pipeline.errors import BlobLost, StoreError
from pipeline.model import BEIJING, PASTED, Article, Fate, Lead, Page, Rejection, Visit, Window, digest
from pipeline.store.blobs import Blobs
from pipeline.store.database import Database
from pipeline.store.schema import ARTICLES, FATES, LEADS, PAGES, PARTS, RUNS, SOURCES
from pipeline.store.values import kept, utc, written
from pipeline.store.visits import log

_ARTICLE = TypeAdapter(Article)
_T = TypeVar("_T")
TRY_FOR = dt.timedelta(days=14)
"""How long what could not be fetched is asked for again."""
_SOME = 10  # pages that tell whether the blobs are those of this database
_AT_ONCE = 2  # tries without a pause between them: whoever runs the desk by hand twice expects a second try


@dataclass(frozen=True, slots=True)
class Stored:
    """A lead as the store keeps it."""

    id: int
    lead: Lead
    first_seen: dt.datetime
    page: int | None
    article: str | None
    rejection: Rejection | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What is remembered of a source between two visits."""

    etag: str = ""
    modified: str = ""
    of: str = ""
    """Digest of the source's configuration when it was asked."""
    failures: int = 0
    trouble: str = ""
    """Why the last visit failed; empty when it did not."""
    when: str = ""
    """The moment of the last visit."""


class Leads:
    """What sources gave, what was fetched for it, what was read in it."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs

    # sources ------------------------------------------------------------------------------------

    def asked(self, source: str) -> Asked:
        """What is remembered of a source; nothing, for a new one."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(SOURCES).where(SOURCES.c.id == source)).first()
        return Asked(row.etag, row.modified, row.of, row.failures, row.trouble, row.asked) if row else Asked()

    def remember(self, source: str, asked: Asked, visit: Visit) -> None:
        """Keeps what a visit to a source taught, and the visit itself."""
        values = {
            "etag": asked.etag,
            "modified": asked.modified,
            "of": asked.of,
            "failures": asked.failures,
            "trouble": asked.trouble,
            "asked": utc(visit.when),
        }
        with self._database.write() as connection:
            if not connection.execute(sa.update(SOURCES).where(SOURCES.c.id == source).values(values)).rowcount:
                connection.execute(sa.insert(SOURCES).values(id=source, **values))
            log(connection, visit)

    # leads --------------------------------------------------------------------------------------

    def add(self, leads: Iterable[Lead], now: dt.datetime) -> list[Stored]:
        """Keeps leads, each once for its source and address, and returns them as kept."""
        stamp = utc(now)
        given = [(kept(lead.source), kept(lead.url), lead) for lead in leads]
        by_source: dict[str, dict[str, Lead]] = {}
        for source, url, lead in given:
            by_source.setdefault(source, {})[url] = lead
        found: dict[tuple[str, str], Stored] = {}
        with self._database.write() as connection:
            # in a few statements for all of them: one by one, they took a third of a visit's work on the store
            for source, wanted in by_source.items():
                for some in portions(list(wanted)):  # in the order of the source, which names the newest first
                    here = sa.select(LEADS).where((LEADS.c.source == source) & LEADS.c.url.in_(some))
                    known = {row.url for row in connection.execute(here)}
                    values = [_said(wanted[url], url, stamp) for url in some]
                    if old := [one for one in values if one["at"] in known]:
                        connection.execute(_SEEN_AGAIN, [{"of": source, **one} for one in old])
                    if new := [one for one in values if one["at"] not in known]:
                        first = {"source": source, "first_seen": stamp, "because": "", "tries": 0, "tried": ""}
                        connection.execute(sa.insert(LEADS), [{**one, **first, "url": one["at"]} for one in new])
                    found.update(((row.source, row.url), _stored(row)) for row in connection.execute(here))
        return [found[source, url] for source, url, _ in given]

    def get(self, ids: Sequence[int]) -> list[Stored]:
        """The leads with these ids, in that order."""
        found: dict[int, Stored] = {}
        with self._database.read() as connection:
            for part in portions(ids):
                rows = connection.execute(sa.select(LEADS).where(LEADS.c.id.in_(part)))
                found.update((row.id, _stored(row)) for row in rows)
        return [found[one] for one in ids]

    def at(self, url: str) -> list[Stored]:
        """The leads to an address, or to an article that gives this as its own: those that were read, oldest first.

        Of what was pasted also by the mark that is its path: the page at the address it names may have been read too.
        """
        pasted = url.startswith(PASTED)
        own = LEADS.c.article.in_(sa.select(ARTICLES.c.id).where(ARTICLES.c.url == url))
        query = (
            sa.select(LEADS)
            .where(LEADS.c.path == url if pasted else (LEADS.c.url == url) | own)
            .order_by(LEADS.c.article.is_(None), LEADS.c.id)
        )
        with self._database.read() as connection:
            return [_stored(row) for row in connection.execute(query)]

    def addresses(self, articles: Iterable[str]) -> dict[str, list[str]]:
        """For each article the addresses of the leads to it, oldest first."""
        found: dict[str, list[str]] = {one: [] for one in articles}
        with self._database.read() as connection:
            for part in portions(sorted(found)):
                query = sa.select(LEADS.c.article, LEADS.c.url).where(LEADS.c.article.in_(part)).order_by(LEADS.c.id)
                for row in connection.execute(query):
                    found[row.article].append(row.url)
        return found

    def due(self, source: str, now: dt.datetime) -> list[Stored]:
        """The leads of a source whose page is to be fetched at `now`, oldest first.

        Those that have none yet, and, for two weeks, those whose page was a wall or a list, which may have been
        a passing trouble. What failed is asked for again at ever longer intervals, up to once a day.
        """
        query = (
            sa.select(LEADS)
            .where(LEADS.c.source == source)
            .where(LEADS.c.first_seen >= utc(now - TRY_FOR))
            .where(LEADS.c.page.is_(None) | (LEADS.c.fate == Fate.NOT_AN_ARTICLE.value))
            .order_by(LEADS.c.id)
        )
        with self._database.read() as connection:
            return [_stored(row) for row in connection.execute(query) if is_due(row.tries, row.tried, now)]

    def missed(self, lead: int, because: str, now: dt.datetime) -> None:
        """Keeps that a lead's page could not be fetched; what it was before, if anything, stays."""
        with self._database.write() as connection:
            here = LEADS.c.id == lead
            connection.execute(sa.update(LEADS).where(here).values(tries=LEADS.c.tries + 1, tried=utc(now)))
            connection.execute(
                sa.update(LEADS)
                .where(here & LEADS.c.page.is_(None))
                .values(fate=Fate.UNREACHABLE.value, because=because)
            )

    def unread(self) -> list[int]:
        """The leads that have a page but no verdict yet, or one that was put off, oldest first."""
        query = (
            sa.select(LEADS.c.id)
            .where(LEADS.c.page.is_not(None) & LEADS.c.article.is_(None))
            .where(LEADS.c.fate.is_(None) | (LEADS.c.fate == Fate.DEFERRED.value))
            .order_by(LEADS.c.id)
        )
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def of_window(self, series: str, window: Window, margin: int) -> list[Stored]:
        """Every lead that a run over a window has to account for, oldest first.

        Those whose article is dated within `margin` days of the window, those first seen while it was open,
        those that an earlier run of it accounted for, and those that no run of the series accounted for yet.
        """
        opened = utc(dt.datetime.combine(window.start, dt.time(), BEIJING))
        closed = utc(dt.datetime.combine(window.end + dt.timedelta(days=1), dt.time(), BEIJING))
        near = (ARTICLES.c.date >= (window.start - dt.timedelta(days=margin)).isoformat()) & (
            ARTICLES.c.date <= (window.end + dt.timedelta(days=margin)).isoformat()
        )
        while_open = (LEADS.c.first_seen >= opened) & (LEADS.c.first_seen < closed)
        accounted = sa.select(FATES.c.lead).join(RUNS, FATES.c.run == RUNS.c.id).where(RUNS.c.series == series)
        before = LEADS.c.id.in_(accounted.where(RUNS.c.window_start == window.start.isoformat()))
        never = LEADS.c.id.not_in(accounted)
        query = (
            sa.select(LEADS)
            .select_from(LEADS.outerjoin(ARTICLES, LEADS.c.article == ARTICLES.c.id))
            .where(near | while_open | before | never)
            .order_by(LEADS.c.id)
        )
        with self._database.read() as connection:
            return [_stored(row) for row in connection.execute(query)]

    def late(self, run: int, window: Window) -> list[int]:
        """The leads to articles dated in a window that a run over it did not account for, oldest first.

        They were seen, fetched or read since.
        """
        accounted = (FATES.c.run == run) & (FATES.c.lead == LEADS.c.id) & (FATES.c.article == LEADS.c.article)
        inside = (ARTICLES.c.date >= window.start.isoformat()) & (ARTICLES.c.date <= window.end.isoformat())
        query = (
            sa.select(LEADS.c.id)
            .join(ARTICLES, LEADS.c.article == ARTICLES.c.id)
            .where(inside & ~sa.exists().where(accounted))
            .order_by(LEADS.c.id)
        )
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    # pages --------------------------------------------------------------------------------------

    def some_blobs(self) -> list[str]:
        """The blobs of the newest pages, a few; none where none was ever kept."""
        query = sa.select(PAGES.c.blob).order_by(PAGES.c.id.desc()).limit(_SOME)
        with self._database.read() as connection:
            return list(dict.fromkeys(connection.execute(query).scalars()))

    def pages_of(self, urls: Iterable[str]) -> dict[str, int]:
        """The newest pages fetched for some addresses, whoever asked for them."""
        asked = {url: kept(url) for url in urls}
        found: dict[str, int] = {}
        with self._database.read() as connection:
            for some in portions(sorted(set(asked.values()))):
                query = _PAGES_OF.where(PAGES.c.asked_url.in_(some))
                found.update(connection.execute(query).tuples().all())
        return {url: found[as_kept] for url, as_kept in asked.items() if as_kept in found}

    def add_page(self, lead: int, asked_url: str, page: Page) -> int:
        """Keeps the bytes of a page and ties them to a lead."""
        (number,) = self.add_pages([(lead, asked_url, page)])
        return number

    def add_pages(self, pages: Sequence[tuple[int, str, Page]]) -> list[int]:
        """Keeps the bytes of pages, each with the address that was asked for, and ties them to their leads."""
        blobs = self._blobs.put_all([page.body for _, _, page in pages])
        rows = [_page_row(asked_url, page, blob) for (_, asked_url, page), blob in zip(pages, blobs, strict=True)]
        with self._database.write() as connection:
            numbers = list(connection.execute(_KEEP_PAGES, rows).scalars()) if rows else []
            _tie(connection, [(lead, number) for (lead, _, _), number in zip(pages, numbers, strict=True)])
        return numbers

    def add_part(self, asked_url: str, page: Page) -> int:
        """Keeps the bytes of a page that belongs to the article on another one, and to no lead."""
        row = _page_row(asked_url, page, self._blobs.put(page.body))
        with self._database.write() as connection:
            number: int = connection.execute(_KEEP_PAGES, [row]).scalar_one()
            return number

    def on_page(self, page: int) -> list[int]:
        """The leads whose page this is, oldest first."""
        with self._database.read() as connection:
            return list(
                connection.execute(sa.select(LEADS.c.id).where(LEADS.c.page == page).order_by(LEADS.c.id)).scalars()
            )

    def use_page(self, lead: int, page: int) -> None:
        """Ties a page that is already here to one more lead."""
        with self._database.write() as connection:
            _tie(connection, [(lead, page)])

    def page(self, number: int) -> Page:
        """A page with its bytes."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(PAGES).where(PAGES.c.id == number)).one()
        return _page(row, self._blobs.get(row.blob))

    def pages(self, numbers: Sequence[int]) -> dict[int, Page | BlobLost]:
        """Pages with their bytes, or what is wrong with these: from afar two hundred come as fast as ten."""
        rows: dict[int, sa.Row[Any]] = {}
        with self._database.read() as connection:
            for part in portions(sorted(set(numbers))):
                found = connection.execute(sa.select(PAGES).where(PAGES.c.id.in_(part)))
                rows.update((row.id, row) for row in found)
        bodies = self._blobs.each([row.blob for row in rows.values()])
        return {
            number: body if isinstance(body, BlobLost) else _page(row, body)
            for (number, row), (_, body) in zip(rows.items(), bodies, strict=True)
        }

    # articles -----------------------------------------------------------------------------------

    def settle(
        self,
        outcomes: Sequence[tuple[int, Article | Rejection]],
        now: dt.datetime,
        read: Mapping[int, Set[int]] = MappingProxyType({}),
    ) -> None:
        """Keeps what leads turned out to be.

        `read` tells for a lead which pages were read for it. Where somebody else has fetched others meanwhile, nothing
        is kept: it would stand for pages that nobody reads any more, and whoever fetched these reads them.
        """
        stamp = utc(now)
        with self._database.write() as connection:
            here = _pages_here(connection, list(read))
            outcomes = [(lead, one) for lead, one in outcomes if lead not in read or read[lead] == here[lead]]
            articles = {lead: one for lead, one in outcomes if isinstance(one, Article)}
            refused = [(lead, one) for lead, one in outcomes if isinstance(one, Rejection)]
            ids = _keep_articles(connection, list(articles.values()))
            if became := [{"which": lead, "article": key} for lead, key in zip(articles, ids, strict=True)]:
                connection.execute(_READ, became)
            if refused:
                said = [
                    {"which": lead, "fate": one.fate.value, "because": one.because, "tried": stamp}
                    for lead, one in refused
                ]
                connection.execute(_REFUSED, said)

    def dates(self, ids: Iterable[str]) -> dict[str, dt.date | None]:
        """The days of the articles with these ids."""
        found: dict[str, dt.date | None] = {}
        with self._database.read() as connection:
            for part in portions(sorted(set(ids))):
                for row in connection.execute(sa.select(ARTICLES.c.id, ARTICLES.c.date).where(ARTICLES.c.id.in_(part))):
                    found[row.id] = dt.date.fromisoformat(row.date) if row.date else None
        return found

    def articles(self, ids: Iterable[str]) -> dict[str, Article]:
        """The articles with these ids; raises `StoreError` when one is damaged."""
        found: dict[str, Article] = {}
        with self._database.read() as connection:
            for part in portions(sorted(set(ids))):
                for row in connection.execute(sa.select(ARTICLES).where(ARTICLES.c.id.in_(part))):
                    found[row.id] = _ARTICLE.validate_json(whole(row.content, row.sha256, f"article {row.id}"))
        return found


_SEEN_AGAIN = (
    sa.update(LEADS)
    .where((LEADS.c.source == sa.bindparam("of")) & (LEADS.c.url == sa.bindparam("at")))
    .values({name: sa.bindparam(name) for name in ("title", "published", "outlet", "path", "last_seen")})
)
# Made once, as SQLAlchemy takes longer to look at a statement than SQLite to carry it out: of a run of 500 articles
# these took 0.7 s of 8 when each was made anew for each page.
_PAGES_OF = sa.select(PAGES.c.asked_url, sa.func.max(PAGES.c.id)).group_by(PAGES.c.asked_url)
_KEEP_PAGES = sa.insert(PAGES).returning(PAGES.c.id, sort_by_parameter_order=True)
_TIE = (
    sa.update(LEADS)
    .where(LEADS.c.id == sa.bindparam("which"))
    .values(page=sa.bindparam("page"), article=None, fate=None, because="")
)
_READ = (
    sa.update(LEADS)
    .where(LEADS.c.id == sa.bindparam("which"))
    .values(article=sa.bindparam("article"), fate=None, because="")
)
_REFUSED = (
    sa.update(LEADS)
    .where(LEADS.c.id == sa.bindparam("which"))
    .values(article=None, tries=LEADS.c.tries + 1, **{one: sa.bindparam(one) for one in ("fate", "because", "tried")})
)
_KEEP_ARTICLES = sa.insert(ARTICLES)
_REPLACE_ARTICLES = (
    sa.update(ARTICLES)
    .where(ARTICLES.c.id == sa.bindparam("which"))
    .values({one: sa.bindparam(one) for one in ("url", "date", "content", "sha256")})
)


def _said(lead: Lead, url: str, stamp: str) -> dict[str, Any]:
    """What is kept of a lead each time its source gives it."""
    return {
        "at": url,
        "title": lead.title,
        "published": lead.published,
        "outlet": lead.outlet,
        "path": lead.path,
        "last_seen": stamp,
    }


def whole(content: str, sha256: str, what: str) -> str:
    """`content`, if it is still what was written; raises `StoreError` if not."""
    if digest(content) != sha256:
        raise StoreError(f"{what} is damaged in the database.", "Restore the last backup.")
    return content


def _keep_articles(connection: sa.Connection, articles: Sequence[Article]) -> list[str]:
    """Keeps articles, the last where several are the same one; returns the identities they have as they are kept."""
    ids: list[str] = []
    rows: dict[str, dict[str, Any]] = {}
    for given in articles:
        content = written(_ARTICLE, given)
        article = _ARTICLE.validate_json(content)
        ids.append(article.id)
        rows[article.id] = {
            "url": article.url,
            "date": article.date and article.date.isoformat(),
            "content": content,
            "sha256": digest(content),
        }
    here: set[str] = set()
    for some in portions(sorted(rows)):
        here.update(connection.execute(sa.select(ARTICLES.c.id).where(ARTICLES.c.id.in_(some))).scalars())
    if old := [{"which": key, **row} for key, row in rows.items() if key in here]:
        connection.execute(_REPLACE_ARTICLES, old)
    if new := [{"id": key, **row} for key, row in rows.items() if key not in here]:
        connection.execute(_KEEP_ARTICLES, new)
    return ids


def _page_row(asked_url: str, page: Page, blob: str) -> dict[str, Any]:
    return {
        "asked_url": asked_url,
        "url": page.url,
        "blob": blob,
        "fetched": utc(page.fetched),
        "content_type": page.content_type,
        "charset": page.charset,
        "warnings": list(page.warnings),
    }


def _page(row: sa.Row[Any], body: bytes) -> Page:
    return Page(
        url=row.url,
        body=body,
        fetched=dt.datetime.fromisoformat(row.fetched),
        content_type=row.content_type,
        charset=row.charset,
        warnings=tuple(row.warnings),
    )


def _pages_here(connection: sa.Connection, leads: Sequence[int]) -> dict[int, set[int]]:
    """The pages of leads, and those on which their articles go on, as far as these have come."""
    found: dict[int, set[int]] = {one: set() for one in leads}
    come = LEADS.outerjoin(PARTS, (PARTS.c.page == LEADS.c.page) & PARTS.c.part.is_not(None))
    query = sa.select(LEADS.c.id, LEADS.c.page, PARTS.c.part).select_from(come)
    for some in portions(leads):
        for lead, *pages in connection.execute(query.where(LEADS.c.id.in_(some))):
            found[lead].update(page for page in pages if page is not None)
    return found


def _tie(connection: sa.Connection, tied: Sequence[tuple[int, int]]) -> None:
    if tied:
        connection.execute(_TIE, [{"which": lead, "page": page} for lead, page in tied])


def _stored(row: sa.Row[tuple[object, ...]]) -> Stored:
    return Stored(
        id=row.id,
        lead=Lead(
            source=row.source,
            url=row.url,
            title=row.title,
            published=row.published,
            outlet=row.outlet,
            path=row.path,
        ),
        first_seen=dt.datetime.fromisoformat(row.first_seen),
        page=row.page,
        article=row.article,
        rejection=Rejection(Fate(row.fate), row.because) if row.fate else None,
    )


def is_due(tries: int, tried: str, now: dt.datetime) -> bool:
    """Whether what was asked for `tries` times in vain, last at `tried`, may be asked for again."""
    if tries < _AT_ONCE:
        return True
    pause = dt.timedelta(hours=min(2 ** (tries - _AT_ONCE), 24))
    return now >= dt.datetime.fromisoformat(tried) + pause


def portions(ids: Sequence[_T], size: int = 500) -> Iterable[Sequence[_T]]:
    """Portions small enough for one statement."""
    return (ids[start : start + size] for start in range(0, len(ids), size))

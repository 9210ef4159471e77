"""Leads, pages and articles: everything that was seen, and what it turned out to be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from pydantic import TypeAdapter

from pipeline.errors import StoreError
from pipeline.model import BEIJING, PASTED, Article, Fate, Lead, Page, Rejection, Visit, Window, digest
from pipeline.store.blobs import Blobs
from pipeline.store.database import Database
from pipeline.store.schema import ARTICLES, FATES, LEADS, PAGES, RUNS, SOURCES
from pipeline.store.values import utc, written
from pipeline.store.visits import log

_ARTICLE = TypeAdapter(Article)
_T = TypeVar("_T")
TRY_FOR = dt.timedelta(days=14)
"""How long what could not be fetched is asked for again."""
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
        kept: list[Stored] = []
        with self._database.write() as connection:
            for lead in leads:
                here = (LEADS.c.source == lead.source) & (LEADS.c.url == lead.url)
                values = {
                    "title": lead.title,
                    "published": lead.published,
                    "outlet": lead.outlet,
                    "path": lead.path,
                    "last_seen": stamp,
                }
                if not connection.execute(sa.update(LEADS).where(here).values(values)).rowcount:
                    connection.execute(
                        sa.insert(LEADS).values(
                            source=lead.source, url=lead.url, first_seen=stamp, because="", tries=0, tried="", **values
                        )
                    )
                kept.append(_stored(connection.execute(sa.select(LEADS).where(here)).one()))
        return kept

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
        query = (
            sa.select(LEADS)
            .outerjoin(ARTICLES, LEADS.c.article == ARTICLES.c.id)
            .where(LEADS.c.path == url if pasted else (LEADS.c.url == url) | (ARTICLES.c.url == url))
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
        """The leads that have a page but no verdict yet, oldest first."""
        query = (
            sa.select(LEADS.c.id)
            .where(LEADS.c.page.is_not(None) & LEADS.c.article.is_(None) & LEADS.c.fate.is_(None))
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

    # pages --------------------------------------------------------------------------------------

    def any_page(self) -> bool:
        """Whether a page was ever kept."""
        with self._database.read() as connection:
            return connection.execute(sa.select(PAGES.c.id).limit(1)).first() is not None

    def page_of(self, url: str) -> int | None:
        """The page fetched for an address, whoever asked for it."""
        query = sa.select(PAGES.c.id).where(PAGES.c.asked_url == url).order_by(PAGES.c.id.desc()).limit(1)
        with self._database.read() as connection:
            return connection.execute(query).scalar_one_or_none()

    def add_page(self, lead: int, asked_url: str, page: Page) -> int:
        """Keeps the bytes of a page and ties them to a lead."""
        blob = self._blobs.put(page.body)
        with self._database.write() as connection:
            number = _keep_page(connection, asked_url, page, blob)
            _tie(connection, lead, number)
        return number

    def add_part(self, asked_url: str, page: Page) -> int:
        """Keeps the bytes of a page that belongs to the article on another one, and to no lead."""
        blob = self._blobs.put(page.body)
        with self._database.write() as connection:
            return _keep_page(connection, asked_url, page, blob)

    def on_page(self, page: int) -> list[int]:
        """The leads whose page this is, oldest first."""
        with self._database.read() as connection:
            return list(
                connection.execute(sa.select(LEADS.c.id).where(LEADS.c.page == page).order_by(LEADS.c.id)).scalars()
            )

    def use_page(self, lead: int, page: int) -> None:
        """Ties a page that is already here to one more lead."""
        with self._database.write() as connection:
            _tie(connection, lead, page)

    def page(self, number: int) -> Page:
        """A page with its bytes."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(PAGES).where(PAGES.c.id == number)).one()
        return Page(
            url=row.url,
            body=self._blobs.get(row.blob),
            fetched=dt.datetime.fromisoformat(row.fetched),
            content_type=row.content_type,
            charset=row.charset,
            warnings=tuple(row.warnings),
        )

    # articles -----------------------------------------------------------------------------------

    def settle(self, outcomes: Sequence[tuple[int, Article | Rejection]], now: dt.datetime) -> None:
        """Keeps what leads turned out to be."""
        stamp = utc(now)
        with self._database.write() as connection:
            for lead, outcome in outcomes:
                values: dict[str, Any]
                if isinstance(outcome, Rejection):
                    values = {
                        "article": None,
                        "fate": outcome.fate.value,
                        "because": outcome.because,
                        "tries": LEADS.c.tries + 1,
                        "tried": stamp,
                    }
                else:
                    values = {"article": _keep_article(connection, outcome), "fate": None, "because": ""}
                connection.execute(sa.update(LEADS).where(LEADS.c.id == lead).values(values))

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


def whole(content: str, sha256: str, what: str) -> str:
    """`content`, if it is still what was written; raises `StoreError` if not."""
    if digest(content) != sha256:
        raise StoreError(f"{what} is damaged in the database.", "Restore the last backup.")
    return content


def _keep_article(connection: sa.Connection, article: Article) -> str:
    """Keeps an article and returns the identity it has as it is kept."""
    content = written(_ARTICLE, article)
    article = _ARTICLE.validate_json(content)
    values = {
        "url": article.url,
        "date": article.date and article.date.isoformat(),
        "content": content,
        "sha256": digest(content),
    }
    if not connection.execute(sa.update(ARTICLES).where(ARTICLES.c.id == article.id).values(values)).rowcount:
        connection.execute(sa.insert(ARTICLES).values(id=article.id, **values))
    return article.id


def _keep_page(connection: sa.Connection, asked_url: str, page: Page, blob: str) -> int:
    result = connection.execute(
        sa.insert(PAGES).values(
            asked_url=asked_url,
            url=page.url,
            blob=blob,
            fetched=utc(page.fetched),
            content_type=page.content_type,
            charset=page.charset,
            warnings=list(page.warnings),
        )
    )
    return int(result.inserted_primary_key[0])  # type: ignore[index]  # one insert has one key


def _tie(connection: sa.Connection, lead: int, page: int) -> None:
    connection.execute(
        sa.update(LEADS).where(LEADS.c.id == lead).values(page=page, article=None, fate=None, because="")
    )


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

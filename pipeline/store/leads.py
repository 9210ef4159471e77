"""Leads, pages and articles: everything that was seen, and what it turned out to be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import sqlalchemy as sa
from pydantic import TypeAdapter

from pipeline.errors import StoreError
from pipeline.model import Article, Fate, Lead, Page, Rejection, Window, digest
from pipeline.store.blobs import Blobs
from pipeline.store.database import Database
from pipeline.store.schema import ARTICLES, LEADS, PAGES, SOURCES

_ARTICLE = TypeAdapter(Article)
_T = TypeVar("_T")


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
        return Asked(row.etag, row.modified, row.of, row.failures, row.trouble) if row else Asked()

    def remember(self, source: str, asked: Asked, now: dt.datetime) -> None:
        """Keeps what a visit to a source taught."""
        values = {
            "etag": asked.etag,
            "modified": asked.modified,
            "of": asked.of,
            "failures": asked.failures,
            "trouble": asked.trouble,
            "asked": now.astimezone(dt.UTC).isoformat(),
        }
        with self._database.write() as connection:
            if not connection.execute(sa.update(SOURCES).where(SOURCES.c.id == source).values(values)).rowcount:
                connection.execute(sa.insert(SOURCES).values(id=source, **values))

    # leads --------------------------------------------------------------------------------------

    def add(self, leads: Iterable[Lead], now: dt.datetime) -> list[Stored]:
        """Keeps leads, each once for its source and address, and returns them as kept."""
        stamp = now.astimezone(dt.UTC).isoformat()
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
                            source=lead.source, url=lead.url, first_seen=stamp, because="", **values
                        )
                    )
                kept.append(_stored(connection.execute(sa.select(LEADS).where(here)).one()))
        return kept

    def get(self, ids: Sequence[int]) -> list[Stored]:
        """The leads with these ids, in that order."""
        found: dict[int, Stored] = {}
        with self._database.read() as connection:
            for part in _parts(ids):
                rows = connection.execute(sa.select(LEADS).where(LEADS.c.id.in_(part)))
                found.update((row.id, _stored(row)) for row in rows)
        return [found[one] for one in ids]

    def at(self, url: str) -> list[Stored]:
        """The leads to an address, oldest first."""
        query = sa.select(LEADS).where((LEADS.c.url == url) & LEADS.c.article.is_not(None)).order_by(LEADS.c.id)
        with self._database.read() as connection:
            return [_stored(row) for row in connection.execute(query)]

    def waiting(self, source: str, since: dt.datetime) -> list[Stored]:
        """The leads of a source whose page is not here yet, first seen `since` then or later, oldest first."""
        query = (
            sa.select(LEADS)
            .where((LEADS.c.source == source) & LEADS.c.page.is_(None))
            .where(LEADS.c.first_seen >= since.astimezone(dt.UTC).isoformat())
            .order_by(LEADS.c.id)
        )
        with self._database.read() as connection:
            return [_stored(row) for row in connection.execute(query)]

    def unread(self, ids: Sequence[int], *, again: bool = False) -> list[int]:
        """Those of `ids` that have a page but no verdict yet; with `again`, all that have a page."""
        return [
            stored.id
            for stored in self.get(ids)
            if stored.page is not None and (again or (stored.article is None and stored.rejection is None))
        ]

    def of_window(self, window: Window, seen_until: dt.datetime, margin: int) -> list[Stored]:
        """Every lead the window has to account for.

        Those whose article is dated within `margin` days of the window, and those first seen from the
        window's first day until `seen_until`.
        """
        first = dt.datetime.combine(window.start, dt.time(), dt.UTC).isoformat()
        near = (ARTICLES.c.date >= (window.start - dt.timedelta(days=margin)).isoformat()) & (
            ARTICLES.c.date <= (window.end + dt.timedelta(days=margin)).isoformat()
        )
        seen = (LEADS.c.first_seen >= first) & (LEADS.c.first_seen <= seen_until.astimezone(dt.UTC).isoformat())
        query = (
            sa.select(LEADS)
            .select_from(LEADS.outerjoin(ARTICLES, LEADS.c.article == ARTICLES.c.id))
            .where(near | seen)
            .order_by(LEADS.c.id)
        )
        with self._database.read() as connection:
            return [_stored(row) for row in connection.execute(query)]

    def all_ids(self) -> list[int]:
        """Every lead, oldest first."""
        with self._database.read() as connection:
            return list(connection.execute(sa.select(LEADS.c.id).order_by(LEADS.c.id)).scalars())

    # pages --------------------------------------------------------------------------------------

    def page_of(self, url: str) -> int | None:
        """The page fetched for an address, whoever asked for it."""
        query = sa.select(PAGES.c.id).where(PAGES.c.asked_url == url).order_by(PAGES.c.id.desc()).limit(1)
        with self._database.read() as connection:
            return connection.execute(query).scalar_one_or_none()

    def add_page(self, lead: int, asked_url: str, page: Page) -> int:
        """Keeps the bytes of a page and ties them to a lead."""
        blob = self._blobs.put(page.body)
        with self._database.write() as connection:
            result = connection.execute(
                sa.insert(PAGES).values(
                    asked_url=asked_url,
                    url=page.url,
                    blob=blob,
                    fetched=page.fetched.astimezone(dt.UTC).isoformat(),
                    content_type=page.content_type,
                    charset=page.charset,
                    warnings=list(page.warnings),
                )
            )
            number = int(result.inserted_primary_key[0])  # type: ignore[index]  # one insert has one key
            _tie(connection, lead, number)
        return number

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

    def settle(self, outcomes: Sequence[tuple[int, Article | Rejection]]) -> None:
        """Keeps what leads turned out to be."""
        with self._database.write() as connection:
            for lead, outcome in outcomes:
                if isinstance(outcome, Rejection):
                    values = {"article": None, "fate": outcome.fate.value, "because": outcome.because}
                else:
                    values = {"article": outcome.id, "fate": None, "because": ""}
                    _keep_article(connection, outcome)
                connection.execute(sa.update(LEADS).where(LEADS.c.id == lead).values(values))

    def articles(self, ids: Iterable[str]) -> dict[str, Article]:
        """The articles with these ids; raises `StoreError` when one is damaged."""
        found: dict[str, Article] = {}
        with self._database.read() as connection:
            for part in _parts(sorted(set(ids))):
                for row in connection.execute(sa.select(ARTICLES).where(ARTICLES.c.id.in_(part))):
                    found[row.id] = _ARTICLE.validate_json(whole(row.content, row.sha256, f"article {row.id}"))
        return found


def whole(content: str, sha256: str, what: str) -> str:
    """`content`, if it is still what was written; raises `StoreError` if not."""
    if digest(content) != sha256:
        raise StoreError(f"{what} is damaged in the database.", "Restore the last backup.")
    return content


def _keep_article(connection: sa.Connection, article: Article) -> None:
    content = _ARTICLE.dump_json(article).decode()
    values = {"date": article.date and article.date.isoformat(), "content": content, "sha256": digest(content)}
    if not connection.execute(sa.update(ARTICLES).where(ARTICLES.c.id == article.id).values(values)).rowcount:
        connection.execute(sa.insert(ARTICLES).values(id=article.id, **values))


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


def _parts(ids: Sequence[_T], size: int = 500) -> Iterable[Sequence[_T]]:
    """Portions small enough for one statement."""
    return (ids[start : start + size] for start in range(0, len(ids), size))

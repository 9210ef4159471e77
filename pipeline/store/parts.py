"""The further pages of articles: where they are, and which have come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from pipeline.store.database import Database
from pipeline.store.leads import TRY_FOR, is_due, portions
from pipeline.store.schema import LEADS, PARTS
from pipeline.store.values import utc

ENTIRE = 0
"""The position of a version of the whole article on one page; the other pages count from 2."""
ATTACHED = 1
"""The position of the document that holds the article's text."""


@dataclass(frozen=True, slots=True)
class Part:
    """A further page of an article, come or expected."""

    page: int
    """The page the article begins on."""
    position: int
    url: str
    part: int | None
    """The page that came; `None` while it could not be had."""


class Parts:
    """Which pages belong to which article."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def expect(self, page: int, position: int, url: str, now: dt.datetime) -> None:
        """Keeps that an article goes on at `url`; what is known of this position stays."""
        here = (PARTS.c.page == page) & (PARTS.c.position == position)
        with self._database.write() as connection:
            if not connection.execute(sa.select(PARTS.c.page).where(here)).first():
                connection.execute(
                    sa.insert(PARTS).values(
                        page=page, position=position, url=url, trouble="", first_asked=utc(now), tries=0, tried=""
                    )
                )

    def of(self, pages: Sequence[int]) -> dict[int, list[Part]]:
        """The further pages of articles, by the page these begin on, in order."""
        found: dict[int, list[Part]] = {}
        with self._database.read() as connection:
            for some in portions(pages):
                query = sa.select(PARTS).where(PARTS.c.page.in_(some)).order_by(PARTS.c.page, PARTS.c.position)
                for row in connection.execute(query):
                    found.setdefault(row.page, []).append(Part(row.page, row.position, row.url, row.part))
        return found

    def due(self, now: dt.datetime) -> list[Part]:
        """The pages to be fetched at `now`, those of one article in order.

        What failed is asked for again at ever longer intervals, for two weeks; nothing more of an article whose
        whole came on one page.
        """
        since = utc(now - TRY_FOR)
        entire = sa.select(PARTS.c.page).where((PARTS.c.position == ENTIRE) & PARTS.c.part.is_not(None))
        query = (
            sa.select(PARTS)
            .where(PARTS.c.part.is_(None) & (PARTS.c.first_asked >= since) & PARTS.c.page.not_in(entire))
            .order_by(PARTS.c.page, PARTS.c.position)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [Part(row.page, row.position, row.url, None) for row in rows if is_due(row.tries, row.tried, now)]

    def came(self, came: Sequence[tuple[Part, int]]) -> None:
        """Ties pages that came to the articles they belong to, whose leads have to be read again.

        Both at once: an article whose pages are here and that nobody reads again would stay without them.
        """
        with self._database.write() as connection:
            for part, page in came:
                connection.execute(sa.update(PARTS).where(_here(part)).values(part=page, trouble=""))
                connection.execute(sa.update(LEADS).where(LEADS.c.page == part.page).values(article=None, fate=None))

    def missed(self, part: Part, because: str, now: dt.datetime) -> None:
        """Keeps that a page could not be had, and why."""
        values = {"trouble": because, "tries": PARTS.c.tries + 1, "tried": utc(now)}
        with self._database.write() as connection:
            connection.execute(sa.update(PARTS).where(_here(part)).values(values))


def _here(part: Part) -> sa.ColumnElement[bool]:
    return (PARTS.c.page == part.page) & (PARTS.c.position == part.position)

"""Revisits: what the pages of articles looked like when they were asked for again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import sqlalchemy as sa

from pipeline.model import Revisit
from pipeline.store.database import Database
from pipeline.store.schema import PAGES, REVISITS
from pipeline.store.values import utc


class Revisits:
    """The last look at each address."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, revisit: Revisit) -> None:
        """Keeps a look in the place of the one before."""
        with self._database.write() as connection:
            connection.execute(sa.delete(REVISITS).where(REVISITS.c.url == revisit.url))
            connection.execute(sa.insert(REVISITS).values(url=revisit.url, at=utc(revisit.when), told=revisit.told))

    def of(self, urls: Iterable[str]) -> dict[str, Revisit]:
        """The last look at each of these addresses that was looked at."""
        found: dict[str, Revisit] = {}
        with self._database.read() as connection:
            for url in set(urls):  # one by one: PostgreSQL's indexes by hash know no lists, and an issue is short
                row = connection.execute(sa.select(REVISITS).where(REVISITS.c.url == url)).first()
                if row is not None:
                    found[url] = Revisit(url, dt.datetime.fromisoformat(row.at), row.told)
        return found

    def newest(self) -> tuple[int, str]:
        """How many addresses were looked at, and when the last of them was: another one whenever a look is kept."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(sa.func.count(), sa.func.max(REVISITS.c.at)).select_from(REVISITS)).one()
            return row[0], row[1] or ""

    def seen(self, url: str) -> dt.datetime | None:
        """When the page at an address was last had or looked at; `None` for one that never was."""
        fetched = sa.select(sa.func.max(PAGES.c.fetched)).where((PAGES.c.asked_url == url) | (PAGES.c.url == url))
        with self._database.read() as connection:
            moments = [
                connection.execute(fetched).scalar(),
                connection.execute(sa.select(REVISITS.c.at).where(REVISITS.c.url == url)).scalar(),
            ]
        return max((dt.datetime.fromisoformat(moment) for moment in moments if moment), default=None)

"""Pictures of articles: which were asked for, what came, what is printed of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from pipeline.errors import BlobLost
from pipeline.model import Developed, Picture, digest
from pipeline.store.blobs import Blobs
from pipeline.store.database import Database
from pipeline.store.leads import TRY_FOR, is_due, portions
from pipeline.store.schema import PICTURES
from pipeline.store.values import utc


class Pictures:
    """Every picture by its address: fetched once, developed once."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs

    def of(self, urls: Iterable[str]) -> dict[str, Picture]:
        """What is known of the pictures at these addresses (address → picture)."""
        found: dict[str, Picture] = {}
        with self._database.read() as connection:
            for some in portions(sorted({digest(url) for url in urls})):
                for row in connection.execute(sa.select(PICTURES).where(PICTURES.c.id.in_(some))):
                    found[row.url] = Picture(row.url, row.blob, row.aside, row.trouble)
        return found

    def due(self, urls: Sequence[str], now: dt.datetime) -> list[str]:
        """Those of these addresses that are to be fetched at `now`, in their order.

        What failed is asked for again at ever longer intervals, up to once a day, for two weeks.
        """
        settled: set[str] = set()
        with self._database.read() as connection:
            for some in portions(sorted({digest(url) for url in urls})):
                for row in connection.execute(sa.select(PICTURES).where(PICTURES.c.id.in_(some))):
                    old = dt.datetime.fromisoformat(row.first_asked) < now - TRY_FOR
                    waiting = row.original and not row.trouble
                    if row.blob or row.aside or waiting or old or not is_due(row.tries, row.tried, now):
                        settled.add(row.url)
        return [url for url in dict.fromkeys(urls) if url not in settled]

    def size(self, url: str) -> int:
        """How many bytes came for an address; 0 while none did, or when they were lost since."""
        with self._database.read() as connection:
            query = sa.select(PICTURES.c.original).where(PICTURES.c.id == digest(url))
            original = connection.execute(query).scalar_one_or_none()
        try:
            return self._blobs.size(original) if original else 0
        except BlobLost:
            return 0

    def came(self, url: str, data: bytes, now: dt.datetime) -> None:
        """Keeps the bytes that came for an address, to be developed."""
        self._note(url, now, original=self._blobs.put(data), trouble="", tried=utc(now))

    def missed(self, url: str, because: str, now: dt.datetime) -> None:
        """Keeps that a picture could not be had, and why."""
        self._note(url, now, trouble=because, tries=PICTURES.c.tries + 1, tried=utc(now))

    def waiting(self) -> list[str]:
        """The addresses whose bytes are here and not developed yet."""
        query = (
            sa.select(PICTURES.c.url)
            .where((PICTURES.c.original != "") & (PICTURES.c.blob == "") & (PICTURES.c.trouble == ""))
            .where(PICTURES.c.aside.is_(False))
            .order_by(PICTURES.c.id)
        )
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def original(self, url: str) -> bytes:
        """The bytes that came for an address; raises `BlobLost` when they are missing or damaged."""
        with self._database.read() as connection:
            query = sa.select(PICTURES.c.original).where(PICTURES.c.id == digest(url))
            return self._blobs.get(connection.execute(query).scalar_one())

    def developed(self, url: str, made: Developed, now: dt.datetime) -> None:
        """Keeps what is printed of a picture; nothing of an icon."""
        self._note(
            url,
            now,
            blob=self._blobs.put(made.data) if made.data else "",
            media_type=made.media_type,
            width=made.width,
            height=made.height,
            aside=not made.data,
        )

    def _note(self, url: str, now: dt.datetime, **values: object) -> None:
        here = PICTURES.c.id == digest(url)
        with self._database.write() as connection:
            if not connection.execute(sa.select(PICTURES.c.id).where(here)).first():
                connection.execute(sa.insert(PICTURES).values(id=digest(url), url=url, first_asked=utc(now), **_NEW))
            connection.execute(sa.update(PICTURES).where(here).values(**values))


_NEW: Mapping[str, object] = {
    "original": "",
    "blob": "",
    "media_type": "",
    "width": 0,
    "height": 0,
    "aside": False,
    "trouble": "",
    "tries": 0,
    "tried": "",
}

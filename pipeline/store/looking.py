"""A database looked at from outside: never made, never migrated, never written.

For whoever wants to know what is wrong with one: the stores that read work on it as on the real one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import sqlalchemy as sa

from pipeline.errors import StoreError
from pipeline.store.database import Database, kind, version, versions
from pipeline.store.schema import LEADS, NOTICES, PAGES, PICTURES, RUNS, SOURCES


class Looking(Database):
    """A database that is only read; raises `StoreError` when it cannot be reached or is not ours."""

    def __init__(self, where: Path | str) -> None:
        if isinstance(where, Path) and not where.is_file():
            raise StoreError(f"{where} is no file.")
        self._kind = kind(where, look=True)
        try:
            with self.read() as connection:
                self.empty = not self._kind.tables(connection)
                """Whether it is yet to be filled by the first run."""
        except BaseException:
            self.close()
            raise

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A consistent view."""
        try:
            with super().read() as connection:
                yield connection
        except UnicodeDecodeError as error:
            raise StoreError(f"{self.place} is damaged: text in it is no text.") from error

    def write(self) -> NoReturn:
        """Nothing is written by looking."""
        raise StoreError(f"{self.place} is opened read-only.")

    def described(self) -> dict[str, str]:
        """What it is, and whether it is at the schema this release speaks of."""
        with self.read() as connection:
            schema = None if self.empty else version(connection)
            return {
                **self._kind.described(connection),
                "schema": schema or "",
                "wanted": versions()[-1],
                "known": "yes" if schema is None or schema in versions() else "no",
            }

    def size(self) -> int:
        """How many bytes it takes."""
        with self.read() as connection:
            return self._kind.size(connection)

    def newest(self) -> str:
        """The latest moment that stands in it, ISO 8601 in UTC; empty for a new one."""
        columns = (RUNS.c.started, RUNS.c.finished, SOURCES.c.asked, PAGES.c.fetched, LEADS.c.last_seen, NOTICES.c.at)
        with self.read() as connection:
            moments = [connection.execute(sa.select(sa.func.max(column))).scalar() for column in columns]
        return max((str(one) for one in moments if one), default="")

    def blobs(self) -> set[str]:
        """The names of every blob that something in it needs."""
        with self.read() as connection:
            found = set(connection.execute(sa.select(PAGES.c.blob).distinct()).scalars())
            if PICTURES.name in self._kind.tables(connection):  # else an earlier schema
                for column in (PICTURES.c.original, PICTURES.c.blob):
                    found |= set(connection.execute(sa.select(column).where(column != "").distinct()).scalars())
            return found

"""A database looked at from outside: never made, never migrated, never written.

For whoever wants to know what is wrong with one: the stores that read work on it as on the real one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import sqlalchemy as sa
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from pipeline.errors import StoreError
from pipeline.store import database as own
from pipeline.store.database import Database
from pipeline.store.schema import LEADS, NOTICES, PAGES, RUNS, SOURCES


class Looking(Database):
    """An SQLite database opened read-only; raises `StoreError` when it is not there or not ours."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise StoreError(f"{path} is no file.")
        # as_uri quotes what a path may hold: spaces, Chinese, question marks
        uri = path.resolve().as_uri() + "?mode=ro"
        self._looking = sa.create_engine("sqlite://", creator=lambda: sqlite3.connect(uri, uri=True, timeout=5))
        try:
            with self.read() as connection:
                if connection.execute(sa.text("PRAGMA application_id")).scalar_one() != own.APPLICATION_ID:
                    raise StoreError(f"{path} is not a bulletin desk's database.")
        except BaseException:
            self.close()
            raise

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A consistent view."""
        try:
            with self._looking.connect() as connection:
                yield connection
        except sa.exc.DatabaseError as error:
            raise StoreError(f"{self.path}: {error.orig}.") from error
        except UnicodeDecodeError as error:
            raise StoreError(f"{self.path} is damaged: text in it is no text.") from error

    def write(self) -> NoReturn:
        """Nothing is written by looking."""
        raise StoreError(f"{self.path} is opened read-only.")

    def close(self) -> None:
        """Gives every connection back."""
        self._looking.dispose()

    def described(self) -> dict[str, str]:
        """What it is: its kind, versions, journal, and whether it is at the schema this release speaks of."""
        with self.read() as connection:
            schema = MigrationContext.configure(connection).get_current_revision()
        config = AlembicConfig()
        config.set_main_option("script_location", str(Path(own.__file__).parent / "migrations"))
        script = ScriptDirectory.from_config(config)
        known = {one.revision for one in script.walk_revisions()}
        return {
            "kind": "SQLite",
            "version": sqlite3.sqlite_version,
            # as the desk opens it: TRUNCATE does not stand in the file
            "journal": "WAL" if sqlite3.sqlite_version_info >= own._SAFE_WAL else "TRUNCATE",
            "schema": schema or "",
            "wanted": script.get_current_head() or "",
            "known": "yes" if schema is None or schema in known else "no",
        }

    def damage(self) -> list[str]:
        """What SQLite's quick check finds, at most ten lines; empty when it finds nothing."""
        with self.read() as connection:
            found = [str(one) for one in connection.execute(sa.text("PRAGMA quick_check(10)")).scalars()]
        return [] if found == ["ok"] else found

    def newest(self) -> str:
        """The latest moment that stands in it, ISO 8601 in UTC; empty for a new one."""
        columns = (RUNS.c.started, RUNS.c.finished, SOURCES.c.asked, PAGES.c.fetched, LEADS.c.last_seen, NOTICES.c.at)
        with self.read() as connection:
            moments = [connection.execute(sa.select(sa.func.max(column))).scalar() for column in columns]
        return max((str(one) for one in moments if one), default="")

    def blobs(self) -> set[str]:
        """The names of every blob that something in it needs."""
        with self.read() as connection:
            return set(connection.execute(sa.select(PAGES.c.blob).distinct()).scalars())

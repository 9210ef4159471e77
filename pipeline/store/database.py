"""One database: how it is opened, what it promises, who may write when.

SQLite runs with `synchronous=FULL` and every write transaction IMMEDIATE (a deferred one that reads and
then writes fails at once under contention, whatever the timeout). WAL only from 3.51.3, because releases
from 3.7.0 to 3.51.2 can corrupt the file on a WAL reset.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from pipeline.errors import Busy, StoreError

APPLICATION_ID = 0x42554C4C  # "BULL": tells our file from any other SQLite file
_WAIT_SECONDS = 30
_SAFE_WAL = (3, 51, 3)


class Database:
    """An opened, migrated database."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{path.parent}: {error.strerror}.", "Choose another `data` folder.") from None
        self._engine = sa.create_engine(
            sa.URL.create("sqlite", database=str(path)), connect_args={"timeout": _WAIT_SECONDS}
        )
        sa.event.listen(self._engine, "connect", _prepare)
        sa.event.listen(self._engine, "begin", _begin)
        try:
            self._claim()
            self._migrate()
        except sa.exc.DatabaseError as error:
            self._engine.dispose()
            raise self._understood(error) from error
        except BaseException:
            self._engine.dispose()
            raise

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A consistent view."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except sa.exc.DatabaseError as error:
            raise self._understood(error) from error

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction, all of it or nothing; waits its turn for 30 s, then raises `Busy`."""
        try:
            with self._engine.execution_options(immediate=True).begin() as connection:
                yield connection
        except sa.exc.IntegrityError:
            raise
        except sa.exc.DatabaseError as error:
            raise self._understood(error) from error

    def close(self) -> None:
        """Gives every connection back."""
        self._engine.dispose()

    def _claim(self) -> None:
        """Marks a new file as ours and refuses one that is somebody else's."""
        with self.write() as connection:
            owner = connection.execute(sa.text("PRAGMA application_id")).scalar_one()
            if owner == APPLICATION_ID:
                return
            if connection.execute(sa.text("SELECT count(*) FROM sqlite_master")).scalar_one():
                raise StoreError(
                    f"{self.path} is not a bulletin desk's database.", "Name another `data` folder in settings.yaml."
                )
            connection.execute(sa.text(f"PRAGMA application_id = {APPLICATION_ID}"))

    def _migrate(self) -> None:
        config = AlembicConfig()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        script = ScriptDirectory.from_config(config)
        with self.read() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
        if current == script.get_current_head():
            return
        if current is not None and current not in {revision.revision for revision in script.walk_revisions()}:
            raise StoreError(
                f"{self.path} was written by a newer release (schema {current}).",
                "Install that release or a later one.",
            )
        with self.write() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def _understood(self, error: sa.exc.DatabaseError) -> StoreError:
        cause = str(error.orig)
        if "locked" in cause or "busy" in cause:
            return Busy(
                f"The database {self.path} has been in use by another process for {_WAIT_SECONDS} s.",
                "Wait for it to finish, then try again; nothing was changed.",
            )
        if "not a database" in cause or "malformed" in cause:
            return StoreError(f"{self.path} is damaged: {cause}.", "Restore the last backup.")
        return StoreError(f"{self.path}: {cause}.", "Check the disk and the folder's permissions.")


def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # the driver would otherwise begin DEFERRED by itself
    journal = "WAL" if sqlite3.sqlite_version_info >= _SAFE_WAL else "TRUNCATE"
    for pragma in (f"journal_mode = {journal}", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

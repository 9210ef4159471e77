"""SQLite: one file in the data folder.

`synchronous=FULL`, and every write transaction IMMEDIATE (a deferred one that reads and then writes fails at once
under contention, whatever the timeout). WAL only from 3.51.3, because releases from 3.7.0 to 3.51.2 can corrupt the
file on a WAL reset.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from pipeline.errors import Busy, StoreError

APPLICATION_ID = 0x42554C4C  # "BULL": tells our file from any other SQLite file
_WAIT_SECONDS = 30
_SAFE_WAL = (3, 51, 3)
_CACHE_KIB = 65_536
_PROCESSES = Path("/proc")


class Sqlite:
    """The database in a file."""

    clock = sa.literal_column("((julianday('now') - 2440587.5) * 86400.0)", sa.Float())

    def __init__(self, path: Path, *, look: bool = False) -> None:
        self.place = str(path)
        self._path = path
        self._look = look
        self._file: tuple[int, int] | None = None
        self._engine = sa.create_engine(
            "sqlite://", creator=self._connected, poolclass=sa.QueuePool, hide_parameters=True
        )
        sa.event.listen(self._engine, "connect", _prepare_to_look if look else _prepare)

    def is_there(self) -> bool:
        """Whether there is anything that could be read."""
        return self._path.is_file() and self._path.stat().st_size > 0

    def begun(self, *, write: bool) -> sa.Connection:
        """A connection with an open transaction; a writing one keeps other writers out."""
        self._same_file()
        connection = self._engine.connect()
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
            self._same_file()
        except BaseException:
            connection.close()
            raise
        return connection

    def tables(self, connection: sa.Connection) -> set[str]:
        """The names of our tables; raises `StoreError` when the file is somebody else's."""
        owner = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
        names = set(connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars())
        if names and owner != APPLICATION_ID:
            raise StoreError(
                f"{self.place} is not a bulletin desk's database.", "Name another `data` folder in settings.yaml."
            )
        return names

    def claim(self, connection: sa.Connection) -> None:
        """Marks an empty file as ours."""
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")

    def before_upgrade(self, connection: sa.Connection, revision: str) -> None:
        """Copies the file to `desk-before-<revision>.db`, which the open write transaction keeps still."""
        copy = self._path.with_name(f"{self._path.stem}-before-{revision}{self._path.suffix}")
        part = copy.with_name(f".{copy.name}.part")
        try:
            part.unlink(missing_ok=True)
            with (
                closing(sqlite3.connect(self._uri("ro"), uri=True)) as source,
                closing(sqlite3.connect(part)) as target,
            ):
                source.backup(target)
            for path, becomes in ((part, copy), (copy.parent, None)):
                handle = os.open(path, os.O_RDONLY)
                try:
                    os.fsync(handle)
                finally:
                    os.close(handle)
                if becomes:
                    path.replace(becomes)
        except (sqlite3.Error, OSError) as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise StoreError(
                f"{copy}: the copy that is kept before an upgrade could not be written ({error}).",
                f"Make room for {self._path.stat().st_size} bytes there; the database was not changed.",
            ) from error

    def understood(self, error: sa.exc.DBAPIError) -> StoreError:
        """What a failure means."""
        cause = str(error.orig)
        if "locked" in cause or "busy" in cause:
            held = "、".join(map(str, holders(self._path)))
            by = f"（进程 {held}）" if held else ""
            return Busy(
                f"数据库被占用{by}：{self.place}，等了 {_WAIT_SECONDS} 秒。", "请等它做完再试，没有改动任何内容。"
            )
        if "not a database" in cause or "malformed" in cause:
            return StoreError(f"{self.place} is damaged: {cause}.", "Restore the last backup.")
        if "no such module" in cause:
            return StoreError(
                f"{self.place}: this Python's SQLite has no full-text search ({cause}).",
                "Use a Python whose SQLite is built with FTS5, or a PostgreSQL database.",
            )
        return StoreError(f"{self.place}: {cause}.", "Check the disk and the folder's permissions.")

    def fill(self, connection: sa.Connection, table: sa.Table, rows: Sequence[Sequence[object]]) -> None:
        """Puts many rows into a table, fast; every text in them is kept text."""
        if rows:
            statement = str(sa.insert(table).compile(dialect=connection.dialect))
            connection.exec_driver_sql(statement, [tuple(row) for row in rows])

    def among(self, column: sa.Column[Any], values: Sequence[object]) -> sa.ColumnElement[bool]:
        """Whether a column has one of many values: one parameter, however many they are."""
        each = sa.func.json_each(json.dumps(values)).table_valued("value")
        return column.in_(sa.select(each.c.value))

    def learn(self, connection: sa.Connection, entries: Sequence[tuple[int, Sequence[str]]]) -> None:
        """Keeps the terms that lead to entries of the search, by the entries' ids."""
        rows = [(entry, " ".join(terms)) for entry, terms in entries]
        connection.exec_driver_sql("INSERT INTO grams (rowid, terms) VALUES (?, ?)", rows)

    def having(self, column: sa.Column[Any], terms: Sequence[str], beginnings: Sequence[str]) -> sa.ColumnElement[bool]:
        """Whether the entry with this id has all of some terms, and of each of `beginnings` one that begins so."""
        wanted = " AND ".join([*(f'"{one}"' for one in terms), *(f'"{one}" *' for one in beginnings)])
        found = sa.text("SELECT rowid FROM grams WHERE grams MATCH :wanted").bindparams(wanted=wanted)
        return column.in_(found)

    def described(self, connection: sa.Connection) -> Mapping[str, str]:
        """What an operator may want to know."""
        return {
            "kind": "SQLite",
            "version": sqlite3.sqlite_version,
            "place": self.place,
            "journal": _journal(),
        }

    def damage(self, connection: sa.Connection) -> list[str]:
        """What a quick check finds, at most ten lines; it misses flipped bits, which the digests find."""
        found = [str(one) for one in connection.exec_driver_sql("PRAGMA quick_check(10)").scalars()]
        return [] if found == ["ok"] else found

    def close(self) -> None:
        """Gives every connection back."""
        self._engine.dispose()

    def _connected(self) -> sqlite3.Connection:
        if self._file is None and not self._look:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreError(f"{self._path.parent}: {error.strerror}.", "Choose another `data` folder.") from None
        # once it was there it is never made again: an empty one in its place would give every number out again
        uri = self._uri("ro" if self._look else "rwc" if self._file is None else "rw")
        return sqlite3.connect(uri, uri=True, timeout=_WAIT_SECONDS, check_same_thread=False)

    def _uri(self, mode: str) -> str:
        return f"{self._path.absolute().as_uri()}?mode={mode}"

    def _same_file(self) -> None:
        """Raises `StoreError` when the file was deleted or replaced since it was opened."""
        try:
            status = self._path.stat()
            here = (status.st_dev, status.st_ino)
        except OSError:
            here = None
        if self._file is None:
            self._file = here
        elif here != self._file:
            raise StoreError(
                f"{self.place} was deleted or replaced while it was in use.",
                "Nothing was written. Put the file back, or restore the last backup, and start again.",
            )


def holders(path: Path) -> list[int]:
    """The other processes that hold a file open, as far as this one may see them."""
    held = []
    try:
        wanted = path.stat()
        names = [one.name for one in _PROCESSES.iterdir()]
    except OSError:
        return []  # no Linux, no /proc
    for name in names:
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            for handle in (_PROCESSES / name / "fd").iterdir():
                status = handle.stat()
                if (status.st_dev, status.st_ino) == (wanted.st_dev, wanted.st_ino):
                    held.append(int(name))
                    break
        except OSError:
            continue  # somebody else's process, or one that has just ended
    return sorted(held)


def _journal() -> str:
    return "WAL" if sqlite3.sqlite_version_info >= _SAFE_WAL else "TRUNCATE"


def _prepare_to_look(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # the driver would otherwise begin DEFERRED by itself


def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
    _prepare_to_look(connection, _record)
    for pragma in (
        f"journal_mode = {_journal()}",
        "synchronous = FULL",
        "foreign_keys = ON",
        # 500 new articles touch 60 MB of index; the default of 2 MB spills half-way, and every spill waits for the disk
        f"cache_size = -{_CACHE_KIB}",
    ):
        connection.execute(f"PRAGMA {pragma}")

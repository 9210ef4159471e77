"""SQLite: one file in the data folder.

`synchronous=FULL`, and every write transaction IMMEDIATE (a deferred one that reads and then writes fails at once
under contention, whatever the timeout). WAL only from 3.51.3, because releases from 3.7.0 to 3.51.2 can corrupt the
file on a WAL reset.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from pipeline.errors import Busy, StoreError
from pipeline.store.blobs import make_folder

APPLICATION_ID = 0x42554C4C  # "BULL": tells our file from any other SQLite file
_WAIT_SECONDS = 30
_SAFE_WAL = (3, 51, 3)
_CACHE_KIB = 65_536
_ROOM_MIB = 200  # what a transaction may write: its pages, as many in the journal, and the file's growth
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
            _settle(part)
            part.replace(copy)
            _settle(copy.parent)
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
        if any(mark in cause for mark in ("not a database", "malformed", "Could not decode")):
            return StoreError(f"{self.place} is damaged: {cause}.", "Restore the last backup.")
        if "no such module" in cause:
            return StoreError(
                f"{self.place}: this Python's SQLite has no full-text search ({cause}).",
                "Use a Python whose SQLite is built with FTS5, or a PostgreSQL database.",
            )
        if "is full" in cause:
            return StoreError(
                f"{self.place}: the disk is full.",
                f"Make room for {_ROOM_MIB} MiB there and start again; nothing was changed, nothing needs repair.",
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

    def damage(self, connection: sa.Connection, *, thorough: bool = False) -> list[str]:
        """What a check finds, at most ten lines; it misses flipped bits, which the digests find."""
        check = "integrity_check" if thorough else "quick_check"
        found = [str(one) for one in connection.exec_driver_sql(f"PRAGMA {check}(10)").scalars()]
        found = [] if found == ["ok"] else found
        if thorough and not found:
            lost = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            found = [f"row {row[1]} of {row[0]} refers to one of {row[2]} that is not there" for row in lost[:10]]
        return found

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """A connection to a copy: a reader of the file itself would keep writers waiting for as long as it reads."""
        self._same_file()
        with _beside(self._path, "snapshot") as copy:
            with (
                closing(sqlite3.connect(self._uri("ro"), uri=True, timeout=_WAIT_SECONDS)) as source,
                closing(sqlite3.connect(copy)) as target,
            ):
                try:
                    source.backup(target)
                except sqlite3.Error as error:
                    raise self.understood(sa.exc.OperationalError("backup", None, error)) from error
            looked_at = Sqlite(copy, look=True)
            try:
                with looked_at.begun(write=False) as connection:
                    yield connection
            finally:
                looked_at.close()

    @contextmanager
    def replaced(self, stamp: str) -> Iterator[sa.Connection]:
        """A connection to a new file, which is put in the place of the old one in one step."""
        if held := holders(self._path):
            raise Busy(
                f"数据库正在使用（进程 {'、'.join(map(str, held))}）：{self.place}。",
                "请先停止它们（bulletin serve），再试；没有改动任何内容。",
            )
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with _beside(self._path, "restored") as made:
            new = Sqlite(made)
            try:
                with new.begun(write=True) as connection:
                    new.claim(connection)
                    yield connection
                    connection.commit()
            finally:
                new.close()
            _settle(made)
            if self._path.exists():
                with suppress(sqlite3.Error), closing(sqlite3.connect(self._uri("rw"), uri=True)) as old:
                    old.execute("BEGIN EXCLUSIVE")  # what a kill left half done is taken back, if it can be
                # what was not yet written back of the old one belongs to it, and to no other file of this name
                for ending in ("-journal", "-wal", "-shm"):
                    with suppress(FileNotFoundError):
                        self._path.with_name(self._path.name + ending).rename(Path(self.aside(stamp) + ending))
                try:
                    os.link(self._path, self.aside(stamp))  # so that there is no moment without a database
                except OSError:
                    self._path.rename(self.aside(stamp))
            made.replace(self._path)
            _settle(self._path.parent)

    def aside(self, stamp: str) -> str:
        """Where `replaced` keeps the file that was there."""
        return str(self._path.with_name(f"{self._path.stem}-replaced-{stamp}{self._path.suffix}"))

    def counters(self, connection: sa.Connection) -> Mapping[str, int]:
        """The last number that was given out for a row, by table, where numbers are never given out again."""
        there = "SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_sequence'"
        if not connection.exec_driver_sql(there).scalar():
            return {}
        rows = connection.exec_driver_sql("SELECT name, seq FROM sqlite_sequence").all()
        return {str(name): int(number) for name, number in rows}

    def count_on(self, connection: sa.Connection, last: Mapping[str, int]) -> None:
        """Goes on from these numbers; a table of which none are kept goes on from its highest by itself."""
        for name in self._counting(connection) & last.keys():
            connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
            connection.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (name, last[name]))

    @staticmethod
    def _counting(connection: sa.Connection) -> set[str]:
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'"
        return set(connection.exec_driver_sql(query).scalars())

    def size(self, connection: sa.Connection) -> int:
        """How many bytes it takes."""
        pages, each = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("page_count", "page_size")
        )
        return int(pages) * int(each)

    def close(self) -> None:
        """Gives every connection back."""
        self._engine.dispose()

    def _connected(self) -> sqlite3.Connection:
        if self._file is None and not self._look:
            try:
                make_folder(self._path.parent)
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


@contextmanager
def _beside(path: Path, what: str) -> Iterator[Path]:
    """A name for a file beside another one, which is gone afterwards unless it was given another name."""
    part = path.with_name(f".{path.stem}-{what}-{os.getpid()}.part")
    try:
        part.unlink(missing_ok=True)
        yield part
    finally:
        for ending in ("", "-journal", "-wal", "-shm"):
            part.with_name(part.name + ending).unlink(missing_ok=True)


def _settle(path: Path) -> None:
    """Waits until a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


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

"""One database, SQLite or PostgreSQL: how it is opened, what it promises, who may write when.

Reading sees one moment. Writing is one transaction, all of it or nothing, and one writer at a time: what a writing
transaction has read stays true until it ends. What the two kinds do differently stands in `sqlite` and `postgresql`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa

from pipeline.errors import StoreError
from pipeline.model import Phrase
from pipeline.store.postgresql import Postgresql
from pipeline.store.sqlite import Sqlite

if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig


class Kind(Protocol):
    """What differs from database to database; more than three methods, because a database is no small thing."""

    @property
    def place(self) -> str:
        """Where it is, without a password."""

    @property
    def clock(self) -> sa.ColumnElement[float]:
        """Its own time of day in Unix seconds, for use inside statements."""

    def is_there(self) -> bool:
        """Whether there is anything that could be read."""

    def begun(self, *, write: bool) -> sa.Connection:
        """A connection with an open transaction; a writing one keeps other writers out."""

    def tables(self, connection: sa.Connection) -> set[str]:
        """The names of our tables; raises `StoreError` when they are somebody else's."""

    def claim(self, connection: sa.Connection) -> None:
        """Makes an empty place ours."""

    def before_upgrade(self, connection: sa.Connection, revision: str) -> None:
        """Whatever is to be done first when an older schema is brought to `revision`."""

    def understood(self, error: sa.exc.DBAPIError) -> StoreError:
        """What a failure means."""

    def fill(self, connection: sa.Connection, table: sa.Table, rows: Sequence[Sequence[object]]) -> None:
        """Puts many rows into a table, fast; every text in them is kept text."""

    def among(self, column: sa.Column[Any], values: Sequence[object]) -> sa.ColumnElement[bool]:
        """Whether a column has one of many values: one parameter, however many they are."""

    def learn(self, connection: sa.Connection, entries: Sequence[tuple[int, Sequence[str]]]) -> None:
        """Keeps the terms that lead to entries of the search, by the entries' ids."""

    def having(self, column: sa.Column[Any], terms: Sequence[str], beginnings: Sequence[str]) -> sa.ColumnElement[bool]:
        """Whether the entry with this id has all of some terms, and of each of `beginnings` one that begins so."""

    def described(self, connection: sa.Connection) -> Mapping[str, str]:
        """What an operator may want to know."""

    def damage(self, connection: sa.Connection, *, thorough: bool = False) -> list[str]:
        """What is broken in it, as far as a quick look can tell, or one at all of it."""

    def snapshot(self) -> AbstractContextManager[sa.Connection]:
        """A connection that sees one moment, however long it is looked at, and keeps no writer waiting for that."""

    def replaced(self, stamp: str) -> AbstractContextManager[sa.Connection]:
        """A connection to an empty place of ours, which takes the place of what is there when the block ends well.

        What was there is kept beside it, under a name with `stamp`. Raises `Busy` while others use it.
        """

    def aside(self, stamp: str) -> str:
        """Where `replaced` keeps what was there."""

    def counters(self, connection: sa.Connection) -> Mapping[str, int]:
        """The last number that was given out for a row, by table, where numbers are never given out again."""

    def count_on(self, connection: sa.Connection, last: Mapping[str, int]) -> None:
        """Goes on from these numbers, or from the highest that is there."""

    def size(self, connection: sa.Connection) -> int:
        """How many bytes it takes."""

    def close(self) -> None:
        """Gives every connection back."""


_KINDS: Mapping[str, Callable[[str], Kind]] = {"postgresql": Postgresql, "postgres": Postgresql}
"""Scheme of an address → the kind of database behind it."""


class Database:
    """An opened, migrated database: a file, or an address such as `postgresql://user@host/name`.

    With `fresh=False` an empty one is refused before anything is made. One of an earlier schema is upgraded, once
    `saving` has saved what is there.
    """

    def __init__(self, where: Path | str, *, fresh: bool = True, saving: Callable[[], None] | None = None) -> None:
        self._kind = kind(where)
        try:
            self._migrate(fresh, saving)
        except BaseException:
            self._kind.close()
            raise

    @property
    def place(self) -> str:
        """Where it is, without a password."""
        return self._kind.place

    @property
    def clock(self) -> sa.ColumnElement[float]:
        """The database's own time of day in Unix seconds, for use inside statements."""
        return self._kind.clock

    def seconds(self, connection: sa.Connection) -> float:
        """The database's own time of day in Unix seconds: the same for every machine that asks it."""
        return float(connection.execute(sa.select(self.clock)).scalar_one())

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A consistent view."""
        with self._transaction(write=False) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction, all of it or nothing; waits its turn for 30 s, then raises `Busy`."""
        with self._transaction(write=True) as connection:
            yield connection

    def fill(self, connection: sa.Connection, table: sa.Table, rows: Sequence[Sequence[object]]) -> None:
        """Puts many rows into a table, a value for each of its columns; every text in them is kept text."""
        self._kind.fill(connection, table, rows)

    def among(self, column: sa.Column[Any], values: Sequence[object]) -> sa.ColumnElement[bool]:
        """Whether a column has one of many values, numbers or kept text: one parameter, however many they are.

        A list of 5,000 parameters took a quarter of the time of looking for copies, to write and to read it.
        """
        return self._kind.among(column, values)

    def learn(self, connection: sa.Connection, entries: Sequence[tuple[int, Sequence[str]]]) -> None:
        """Keeps the terms (see `grams`) that lead to entries of the search, by the entries' ids."""
        self._kind.learn(connection, entries)

    def having(self, column: sa.Column[Any], phrases: Sequence[Phrase]) -> sa.ColumnElement[bool] | None:
        """Whether the entry with this id has every term of some phrases; `None` where these have none."""
        terms = sorted({term for one in phrases for term in one.terms})
        beginnings = sorted({one.begins for one in phrases if one.begins})
        return self._kind.having(column, terms, beginnings) if terms or beginnings else None

    def described(self) -> Mapping[str, str]:
        """What an operator may want to know: kind, version, place, journal, schema."""
        with self.read() as connection:
            return {**self._kind.described(connection), "schema": str(version(connection))}

    def damage(self, *, thorough: bool = False) -> list[str]:
        """What is broken in it, as far as a quick look can tell, or one at all of it; empty when nothing is."""
        with self.read() as connection:
            return self._kind.damage(connection, thorough=thorough)

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """A consistent view for as long as it takes, which keeps no writer waiting."""
        try:
            with self._kind.snapshot() as connection:
                yield connection
        except sa.exc.DBAPIError as error:
            raise self._kind.understood(error) from error

    def counters(self, connection: sa.Connection) -> Mapping[str, int]:
        """The last number that was given out for a row, by table, where numbers are never given out again."""
        return self._kind.counters(connection)

    def close(self) -> None:
        """Gives every connection back."""
        self._kind.close()

    @contextmanager
    def _transaction(self, *, write: bool) -> Iterator[sa.Connection]:
        try:
            with self._kind.begun(write=write) as connection:  # closing it takes back what was not committed
                yield connection
                connection.commit()
        except sa.exc.IntegrityError:
            raise
        except sa.exc.DBAPIError as error:
            raise self._kind.understood(error) from error

    def _migrate(self, fresh: bool, saving: Callable[[], None] | None) -> None:
        head = versions()[-1]
        if not fresh and not self._kind.is_there():
            raise self._lost()
        with self.read() as connection:
            current = self._current(connection)
        if current == head:
            return
        if current is None and not fresh:
            raise self._lost()
        if current and saving:
            saving()  # not in the transaction: copying a hundred thousand pages takes longer than the server allows
        with self.write() as connection:
            current = self._current(connection)  # somebody else may have been here in the meantime
            if current == head:
                return
            if current is None:
                self._kind.claim(connection)
            else:
                self._kind.before_upgrade(connection, head)
            upgrade(connection, head)

    def _current(self, connection: sa.Connection) -> str | None:
        """The version of the schema; `None` where there is none yet."""
        if not (names := self._kind.tables(connection)):
            return None
        current = version(connection) if _VERSION.name in names else None
        if current not in versions():
            raise StoreError(
                f"{self.place} was written by a newer release (schema {current}).",
                "Install that release or a later one.",
            )
        return current

    def _lost(self) -> StoreError:
        return StoreError(
            f"{self.place} holds no bulletin desk, though its files are here.",
            "Restore the last backup (`bulletin db restore`). If you changed `database` in settings.yaml to move the "
            "desk: change it back, `bulletin db backup`, change it again, and restore that backup.",
        )


_MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION = sa.table("alembic_version", sa.column("version_num"))


@cache
def versions() -> tuple[str, ...]:
    """Every version of the schema, oldest first, as the names of their files begin.

    alembic knows it too, but takes 0.3 s to import and reads all of them at every opening; most have nothing to do.
    """
    return tuple(sorted(path.name.partition("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*_*.py")))


def version(connection: sa.Connection) -> str | None:
    """The version of the schema in a database of ours; `None` when it does not say."""
    found: str | None = connection.execute(sa.select(_VERSION.c.version_num)).scalar()
    return found


def migrations() -> AlembicConfig:
    """Where the versions of the schema lie."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config


def upgrade(connection: sa.Connection, revision: str) -> None:
    """Brings the schema to a version, as a part of the transaction that is open."""
    from alembic import command

    config = migrations()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def kind(where: Path | str, *, look: bool = False) -> Kind:
    """The kind of database that is there; one that is only looked at is never made."""
    if isinstance(where, Path):
        return Sqlite(where, look=look)
    scheme, mark, _ = where.partition("://")
    if not mark or scheme not in _KINDS:
        raise StoreError(
            "`database` is not an address that can be understood.", "Write postgresql://user@host:5432/name."
        )
    return _KINDS[scheme](where)

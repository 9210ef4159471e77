"""PostgreSQL: a schema of our own, `bulletin`, in a database that others may use too.

A writing transaction takes one advisory lock first, so there is one writer at a time, as on SQLite: the store reads
and then writes, and what it read stays true. A reading one sees one moment (REPEATABLE READ, READ ONLY).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from pipeline.errors import Busy, CutOff, StoreError
from pipeline.store.values import Words

SCHEMA = "bulletin"
OURS = frozenset({"alembic_version", "issues", "leads"})
"""Tables that every version of the schema has: tells our schema from any other of that name."""
LOCK = (0x42554C4C, 1)
"""The advisory lock of the writer: "BULL"."""
_WAIT_SECONDS = 30
_AWAY_SECONDS = 30  # a restart of the server takes seconds; a run waits it out between two transactions
_CONNECT_SECONDS = 10
_SETTINGS = {
    "search_path": SCHEMA,
    "TimeZone": "UTC",
    "synchronous_commit": "on",  # "released" is said only of what a power cut does not undo
    "statement_timeout": "300s",
    "idle_in_transaction_session_timeout": "300s",  # a stopped process must not keep the others out for ever
}
_PASSING = ("starting up", "shutting down", "not yet accepting", "in recovery mode", "too many", "remaining connection")
"""What a server says that is there and cannot be spoken to yet."""
_OTHERS = """SELECT pid, coalesce(client_hostname, host(client_addr), '本机') FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'bulletin-desk' AND pid <> pg_backend_pid()"""
"""Who else works with this database."""
_PARAMETERS = {
    "application_name": "bulletin-desk",
    "client_encoding": "utf8",
    "connect_timeout": _CONNECT_SECONDS,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}


class Postgresql:
    """The database on a server."""

    clock = sa.literal_column("CAST(extract(epoch FROM clock_timestamp()) AS double precision)", sa.Float())

    def __init__(self, url: str) -> None:
        parsed = _parsed(url)
        self.place = _place(parsed)
        self._database = parsed.database
        self._user = parsed.username
        self._met = False
        given = {key: value for key, value in _PARAMETERS.items() if key not in parsed.query}
        try:
            self._engine = sa.create_engine(parsed, connect_args=given, pool_pre_ping=True, hide_parameters=True)
        except ImportError:
            raise StoreError(
                f"{self.place} needs the PostgreSQL driver.", "Install it: pip install 'bulletin-desk[postgresql]'."
            ) from None
        # first of all: what the dialect learns about the connection depends on the search path
        sa.event.listen(self._engine, "connect", _prepare, insert=True)

    def is_there(self) -> bool:
        """Whether there is anything that could be read; the server will say."""
        return True

    def begun(self, *, write: bool) -> sa.Connection:
        """A connection with an open transaction; a writing one keeps other writers out.

        A server that went away, is only starting or has no place left is waited for: nothing has been done yet.
        """
        begun = time.monotonic()
        while True:
            try:
                connection = self._begun(write)
            except (sa.exc.OperationalError, sa.exc.InterfaceError) as error:
                passing = any(mark in str(error.orig) for mark in _PASSING)
                may_come_back = passing or (self._met and not _code(error))
                if not may_come_back or time.monotonic() >= begun + _AWAY_SECONDS:
                    raise
                time.sleep(0.3)
            else:
                self._met = True
                return connection

    def _begun(self, write: bool) -> sa.Connection:
        connection = self._engine.connect()
        try:
            if write:
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{int(_WAIT_SECONDS * 1000)}ms'")
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s, %s)", LOCK)
            else:
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        except BaseException:
            connection.close()
            raise
        return connection

    def tables(self, connection: sa.Connection) -> set[str]:
        """The names of our tables; raises `StoreError` when the schema is somebody else's."""
        query = """SELECT relname FROM pg_class
                   WHERE relnamespace = to_regnamespace(%s) AND relkind IN ('r', 'p', 'v', 'm', 'f')"""
        names = set(connection.exec_driver_sql(query, (SCHEMA,)).scalars())
        if names and not names >= OURS:
            raise StoreError(
                f"{self.place}: the schema {SCHEMA!r} there is not a bulletin desk's.",
                "Name another database in settings.yaml.",
            )
        return names

    def claim(self, connection: sa.Connection) -> None:
        """Makes our schema, unless an administrator made it for us."""
        encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
        if encoding != "UTF8":
            raise StoreError(
                f"{self.place}: the database's encoding is {encoding}, which cannot hold every character.",
                "Make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.",
            )
        if connection.exec_driver_sql("SELECT to_regnamespace(%s)", (SCHEMA,)).scalar_one() is None:
            connection.exec_driver_sql(f"CREATE SCHEMA {SCHEMA}")

    def before_upgrade(self, connection: sa.Connection, revision: str) -> None:
        """Copies are the server's own affair (pg_dump); the upgrade may take its time."""
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")

    def understood(self, error: sa.exc.DBAPIError) -> StoreError:
        """What a failure means."""
        said = str(error.orig).strip()
        first = (said.splitlines() or ["?"])[0].rstrip(".")
        code = _code(error)
        if code == "55P03":
            return Busy(
                f"数据库被占用{self._holder()}：{self.place}，等了 {_WAIT_SECONDS} 秒。",
                "请等它做完再试，没有改动任何内容。",
            )
        if code == "42501":
            return StoreError(
                f"{self.place}: {first}.",
                f"Let the role make its schema (GRANT CREATE ON DATABASE {self._database} TO "
                f"{self._user or '…'}), or connect as the role that made it.",
            )
        if code in ("53100", "53200"):
            return StoreError(f"{self.place}: the server has no room left ({first}).", "Make room there and try again.")
        if code == "25006":
            return StoreError(f"{self.place} only lets itself be read ({first}).", "Name the primary server.")
        if code == "57014":
            return StoreError(
                f"{self.place}: a statement took longer than {_SETTINGS['statement_timeout']} and was stopped.",
                "Nothing of it was kept. See what else keeps the server busy, and start again.",
            )
        if error.connection_invalidated or (self._met and not code):
            return CutOff(
                f"{self.place}: the connection was lost ({first}).",
                "What was being written is there whole or not at all; start again when the server is back.",
            )
        if code:
            return StoreError(f"{self.place}: {first} ({code}).", "See the server's log.")
        return _refused(self.place, said)

    def fill(self, connection: sa.Connection, table: sa.Table, rows: Sequence[Sequence[object]]) -> None:
        """Puts many rows into a table, fast; every text in them is kept text."""
        driver: Any = connection.connection.driver_connection
        quote = connection.dialect.identifier_preparer.quote
        columns = ", ".join(quote(one.name) for one in table.columns)
        copying = f"COPY {SCHEMA}.{table.name} ({columns}) FROM STDIN"
        failures: Any = connection.dialect.loaded_dbapi
        try:
            with driver.cursor() as cursor, cursor.copy(copying) as copy:
                for row in rows:
                    copy.write_row(row)
        except failures.Error as error:  # nobody else translates what the driver itself is asked for
            raise sa.exc.DBAPIError(copying, None, error, connection_invalidated=driver.closed) from error

    def among(self, column: sa.Column[Any], values: Sequence[object]) -> sa.ColumnElement[bool]:
        """Whether a column has one of many values: one parameter, however many they are."""
        plain = sa.Text() if isinstance(column.type, Words) else column.type
        return column == sa.any_(sa.literal(list(values), sa.ARRAY(plain)))

    def learn(self, connection: sa.Connection, entries: Sequence[tuple[int, Sequence[str]]]) -> None:
        """Keeps the terms that lead to entries of the search, by the entries' ids."""
        rows = [(entry, list(terms)) for entry, terms in entries]
        connection.exec_driver_sql("INSERT INTO grams (entry, terms) VALUES (%s, array_to_tsvector(%s))", rows)

    def having(self, column: sa.Column[Any], terms: Sequence[str], beginnings: Sequence[str]) -> sa.ColumnElement[bool]:
        """Whether the entry with this id has all of some terms, and of each of `beginnings` one that begins so."""
        wanted = " & ".join([*(f"'{one}'" for one in terms), *(f"'{one}':*" for one in beginnings)])
        # as an array it is found first of all; the planner would rather look for phrases in every text
        found = sa.text("(ARRAY(SELECT entry FROM grams WHERE terms @@ CAST(:wanted AS tsquery)))")
        return column == sa.any_(found.bindparams(wanted=wanted))

    def described(self, connection: sa.Connection) -> Mapping[str, str]:
        """What an operator may want to know."""
        fsync = connection.exec_driver_sql("SHOW fsync").scalar_one()
        version = connection.exec_driver_sql("SHOW server_version").scalar_one()
        return {
            "kind": "PostgreSQL",
            "version": str(version),
            "place": self.place,
            "journal": f"synchronous_commit=on, fsync={fsync}",
        }

    def damage(self, connection: sa.Connection, *, thorough: bool = False) -> list[str]:
        """What reading every row finds; for a quick look a server looks after its own files."""
        if thorough:
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            for name in sorted(self.tables(connection)):
                # what is written beside the rows is read too, and a page that its checksum does not fit is an error
                row = sa.cast(sa.literal_column("one"), sa.Text)
                connection.execute(sa.select(sa.func.sum(sa.func.length(row))).select_from(sa.table(name).alias("one")))
        return []

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """A connection whose one transaction may last: readers keep nobody waiting here."""
        with self.begun(write=False) as connection:
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
            yield connection

    @contextmanager
    def replaced(self, stamp: str) -> Iterator[sa.Connection]:
        """A connection to a new schema of our name; the old one is given another in the same transaction."""
        with self.begun(write=True) as connection:
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
            if others := connection.exec_driver_sql(_OTHERS).all():
                told = "、".join(f"进程 {pid}，主机 {host}" for pid, host in others)
                raise Busy(
                    f"数据库正在使用（{told}）：{self.place}。",
                    "请先停止它们（bulletin serve），再试；没有改动任何内容。",
                )
            if self.tables(connection):
                connection.exec_driver_sql(f'ALTER SCHEMA {SCHEMA} RENAME TO "{self._set_aside(stamp)}"')
            self.claim(connection)
            yield connection
            connection.commit()

    def aside(self, stamp: str) -> str:
        """The schema in which `replaced` keeps what was there."""
        return f"{self.place}: schema {self._set_aside(stamp)}"

    @staticmethod
    def _set_aside(stamp: str) -> str:
        return f"{SCHEMA}-replaced-{stamp}"

    def counters(self, connection: sa.Connection) -> Mapping[str, int]:
        """The last number that was given out for a row, by table."""
        return {table: last for table, _, _, last in self._sequences(connection)}

    def count_on(self, connection: sa.Connection, last: Mapping[str, int]) -> None:
        """Goes on from these numbers, or from the highest that is there."""
        for table, column, sequence, _ in self._sequences(connection):
            query = sa.select(sa.func.max(sa.column(column, sa.Integer))).select_from(sa.table(table))
            if number := max(connection.execute(query).scalar() or 0, last.get(table, 0)):
                connection.exec_driver_sql("SELECT setval(%s, %s)", (sequence, number))

    @staticmethod
    def _sequences(connection: sa.Connection) -> list[tuple[str, str, str, int]]:
        """Table, column and name of everything that counts, and the last number it gave."""
        query = """SELECT found.*, coalesce(pg_sequence_last_value(found.sequence::regclass), 0) FROM (
                     SELECT table_name, column_name,
                            pg_get_serial_sequence(quote_ident(table_schema) || '.' || quote_ident(table_name),
                                                   column_name) AS sequence
                     FROM information_schema.columns WHERE table_schema = %s AND column_default LIKE 'nextval(%%'
                   ) found WHERE found.sequence IS NOT NULL"""
        found = connection.exec_driver_sql(query, (SCHEMA,))
        return [(str(row[0]), str(row[1]), str(row[2]), int(row[3])) for row in found]

    def size(self, connection: sa.Connection) -> int:
        """How many bytes its tables take, with what finds their rows."""
        query = "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relnamespace = to_regnamespace(%s)"
        return int(connection.exec_driver_sql(f"{query} AND relkind = 'r'", (SCHEMA,)).scalar() or 0)

    def close(self) -> None:
        """Gives every connection back."""
        self._engine.dispose()

    def _holder(self) -> str:
        """Who writes at the moment; empty when that cannot be told."""
        query = """SELECT a.pid, coalesce(a.client_hostname, host(a.client_addr), '本机'), a.usename,
                          a.application_name
                   FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                   WHERE l.locktype = 'advisory' AND l.granted AND l.classid = %s AND l.objid = %s
                     AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
        try:
            with self._engine.connect() as connection:
                found = connection.exec_driver_sql(query, LOCK).first()
        except sa.exc.SQLAlchemyError:
            return ""
        return f"（进程 {found[0]}，主机 {found[1]}，用户 {found[2]}，程序 {found[3]}）" if found else ""


def _parsed(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
        parsed.port  # noqa: B018 - read here, so that a port that is no number is said below
    except (sa.exc.ArgumentError, ValueError):
        # the text may hold a password
        raise StoreError(
            "`database` is not an address that can be understood.", "Write postgresql://user@host:5432/name."
        ) from None
    if "@" in (parsed.host or ""):
        raise StoreError("`database`: there is an @ too many.", "In a password, write @ as %40, : as %3A and / as %2F.")
    if not parsed.database:
        raise StoreError(f"{_place(parsed)} names no database.", "Write postgresql://user@host:5432/name.")
    return parsed.set(drivername="postgresql+psycopg")


def _place(url: sa.URL) -> str:
    """The address without the password and without what else it says."""
    elsewhere = url.query.get("host", "")
    host = elsewhere if isinstance(elsewhere, str) else ",".join(elsewhere)
    bare = sa.URL.create("postgresql", url.username, None, url.host, url.port, url.database)
    return bare.render_as_string() + (f" ({host})" if host else "")


def _prepare(connection: Any, _record: Any) -> None:
    connection.autocommit = True
    connection.execute("; ".join(f"SET {name} = '{value}'" for name, value in _SETTINGS.items()))
    connection.autocommit = False


def _code(error: sa.exc.DBAPIError) -> str:
    """The server's own code for what went wrong; empty when the server said nothing or is going down."""
    code = getattr(error.orig, "sqlstate", None) or ""
    return "" if code.startswith(("57P", "08")) else code


def _refused(place: str, said: str) -> StoreError:
    """A connection that did not come about; libpq gives no code for it, only the server's words."""
    first = next((line.strip() for line in said.splitlines() if line.strip()), "?").rstrip(".")
    if "could not write" in said or "No space left" in said:  # what it notes for a new connection it has no room for
        return StoreError(f"{place}: the server has no room left ({first}).", "Make room there and try again.")
    for mark, fix in (
        ("password", "Put the password into ~/.pgpass or PGPASSWORD, and check the user's name."),
        ("authentication failed", "Check the user's name, and what the server's pg_hba.conf lets in."),
        ("pg_hba.conf", "Let this machine and user in, in the server's pg_hba.conf."),
        ("does not exist", "Make it: CREATE ROLE … LOGIN; CREATE DATABASE … OWNER … ENCODING 'UTF8'."),
        ("too many", "Wait, or raise the server's max_connections."),
        ("starting up", "Try again in a moment."),
        ("FATAL", "See the server's log."),
        ("致命", "See the server's log."),  # a server that speaks Chinese
    ):
        if mark in said:
            return StoreError(f"{place}: the server refused the connection ({first}).", fix)
    return StoreError(
        f"{place}: the server cannot be reached ({first}).", "Is it running, and are host, port and name right?"
    )

"""A throw-away PostgreSQL server for tests and drills: made in a folder of its own, on a socket, gone afterwards."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg

from pipeline.store import Database

CAREFUL = "careful"
"""A role whose password is asked for; everybody else is let in."""
PASSWORD = "很 秘/密@1"
_SETTINGS = {
    "listen_addresses": "''",
    "fsync": "off",  # speed: what these tests end is the server, never the machine
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "32MB",
}


def binaries() -> Path | None:
    """The folder of initdb and pg_ctl; `None` where PostgreSQL is not installed."""
    folders = [Path(found).resolve().parent] if (found := shutil.which("initdb")) else []
    if shutil.which("pg_config"):
        said = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=False).stdout.strip()
        folders.append(Path(said))
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((one for one in folders if (one / "initdb").is_file() and (one / "pg_ctl").is_file()), None)


class Server:
    """A running server with one migrated database to copy."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._numbers = itertools.count(1)
        self.folder = Path(tempfile.mkdtemp(prefix="bulletin-pg-"))
        self._as: Mapping[str, object] = {}
        if os.getuid() == 0:  # initdb refuses root
            names = {one.pw_name: one for one in pwd.getpwall()}
            user = names.get("postgres") or names["nobody"]
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._as = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self._do("initdb", "--pgdata=data", "--username=bulletin", "--auth=trust", "--encoding=UTF8", "--no-sync")
        rules = self.folder / "data" / "pg_hba.conf"
        rules.write_text(f"local all {CAREFUL} scram-sha-256\n" + rules.read_text())
        with (self.folder / "data" / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in _SETTINGS.items())
            file.write(f"unix_socket_directories = '{self.folder}'\n")
        self.control("start")
        quoted = PASSWORD.replace("'", "''")
        self.tell(f"CREATE ROLE {CAREFUL} LOGIN PASSWORD '{quoted}'")
        self.tell("CREATE DATABASE migrated")
        Database(self.url("migrated")).close()

    def url(self, name: str, user: str = "bulletin") -> str:
        """The address of a database."""
        return f"postgresql://{user}@/{name}?host={self.folder}"

    def control(self, *arguments: str) -> None:
        """Starts, stops or restarts the server, and waits until it did."""
        self._do("pg_ctl", "--pgdata=data", "--log=log", "--wait", "--silent", *arguments)

    def tell(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Has the server carry out a statement as its administrator."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def database(self, options: str) -> Iterator[str]:
        """A database, migrated unless `options` say otherwise; its address. It is dropped afterwards."""
        name = f"desk_{next(self._numbers)}"
        self.tell(f"CREATE DATABASE {name} {options}")
        try:
            yield self.url(name)
        finally:
            self.tell(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def end(self) -> None:
        """Stops the server and removes everything."""
        self.control("stop", "--mode=immediate")
        shutil.rmtree(self.folder)

    def _do(self, program: str, *arguments: str) -> None:
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        done = subprocess.run(
            [self._programs / program, *arguments],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
            stderr=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
            check=False,
            **self._as,
        )
        if done.returncode:
            log = self.folder / "log"
            said = (done.stderr or b"").decode() + (log.read_text() if log.exists() else "")
            raise RuntimeError(f"{program} {' '.join(arguments)}: {said}")


@contextmanager
def throw_away(wanted: bool) -> Iterator[Server | None]:
    """A server that is gone afterwards, where one is wanted; `SystemExit` where there is no PostgreSQL."""
    if not wanted:
        yield None
        return
    programs = binaries()
    if programs is None:
        raise SystemExit("PostgreSQL is not installed: make system")
    server = Server(programs)
    try:
        yield server
    finally:
        server.end()


@contextmanager
def databases(on_a_server: bool) -> Iterator[Callable[[], str]]:
    """Gives a new `database` setting each time it is asked: empty for SQLite, else one on a throw-away server."""
    with throw_away(on_a_server) as server, ExitStack() as made:
        yield lambda: made.enter_context(server.database("TEMPLATE migrated")) if server else ""

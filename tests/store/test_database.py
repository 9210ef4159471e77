"""The database: ours only, durable, migrated, and clear about who holds it; the same promises on both kinds."""

import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from patience import PATIENCE
from pipeline.errors import Busy, StoreError
from pipeline.store import Database, postgresql, sqlite
from pipeline.store.schema import METADATA

TESTS = Path(__file__).parent.parent


def _written(database: Database, day: str = "2024-06-01") -> None:
    with database.write() as connection:
        connection.execute(sa.text(f"INSERT INTO skips VALUES ('s', '{day}', '无', '王', 'x')"))


def _count(database: Database) -> int:
    with database.read() as connection:
        return connection.execute(sa.text("SELECT count(*) FROM skips")).scalar_one()


def _ours(_object, name, _type, _reflected, _other) -> bool:
    """Leaves out what PostgreSQL has in other words: one address once in a source, however long it is."""
    return name not in ("uq_leads_source_url", "ix_leads_url") and not str(name).startswith("grams")


def test_a_new_database_has_the_schema_that_the_code_speaks_of(new_place):
    database = Database(new_place("TEMPLATE template0"))
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": _ours})
        assert compare_metadata(context, METADATA) == []
    database.close()


def test_it_tells_an_operator_what_it_is_and_never_the_password(database):
    told = database.described()
    assert {"kind", "version", "place", "journal", "schema"} == set(told)
    assert told["kind"] in ("SQLite", "PostgreSQL")
    assert re.fullmatch(r"\d{4}", told["schema"])


def test_its_clock_is_in_unix_seconds_and_goes_on_within_a_transaction(database):
    with database.write() as connection:
        first = database.seconds(connection)
        time.sleep(0.05)
        assert 0.04 < database.seconds(connection) - first < 60
        later = sa.select(database.clock > first)
        assert connection.execute(later).scalar_one()
    assert abs(first - time.time()) < 60


def test_a_schema_from_the_future_is_refused(where):
    database = Database(where)
    with database.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(StoreError, match=r"newer release \(schema 9999\)"):
        Database(where)


def test_a_transaction_that_fails_leaves_nothing(database):
    def half() -> None:
        with database.write() as connection:
            connection.execute(sa.text("INSERT INTO skips VALUES ('s', '2024-06-01', '无', '王', 'x')"))
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        half()
    assert _count(database) == 0


def test_a_statement_that_cannot_be_is_a_store_error_and_the_next_one_works(database):
    with pytest.raises(StoreError, match="nonsense"), database.write() as connection:
        connection.execute(sa.text("SELECT * FROM nonsense"))
    _written(database)
    assert _count(database) == 1


def test_what_a_writer_has_read_stays_true_until_it_ends(database):
    """Twenty writers add one to what they read; none of them reads what another is about to change."""
    _written(database)

    def add() -> None:
        for _ in range(5):
            with database.write() as connection:
                before = connection.execute(sa.text("SELECT length(who) FROM skips")).scalar_one()
                time.sleep(0.002)
                connection.execute(sa.text("UPDATE skips SET who = :who"), {"who": "王" * (before + 1)})

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        assert connection.execute(sa.text("SELECT length(who) FROM skips")).scalar_one() == 21


def test_a_reader_sees_one_moment(database, where):
    if isinstance(where, Path) and database.described()["journal"].startswith("TRUNCATE"):
        return  # there a writer waits for the reader instead
    other = Database(where)
    with database.read() as connection:
        query = sa.text("SELECT count(*) FROM skips")
        assert connection.execute(query).scalar_one() == 0
        _written(other)
        assert connection.execute(query).scalar_one() == 0
    assert _count(database) == 1
    other.close()


@contextmanager
def _holder(where: Path | str) -> Iterator[subprocess.Popen[str]]:
    """Another process, in the middle of writing until it is sent a line."""
    code = """
import sys
from pathlib import Path
import sqlalchemy as sa
from pipeline.store import Database
where = sys.argv[1]
database = Database(where if "://" in where else Path(where))
with database.write() as connection:
    connection.execute(sa.text("INSERT INTO skips VALUES ('half', '', '', '', '')"))
    print("held", flush=True)
    sys.stdin.readline()
    connection.rollback()
database.close()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code, str(where)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        yield other


def test_a_writer_that_is_killed_leaves_nothing_and_keeps_nobody_out(database, where):
    with _holder(where) as other:
        other.kill()
    _written(database)
    assert _count(database) == 1


def test_a_database_that_somebody_else_writes_to_says_who_and_changes_nothing(where, monkeypatch):
    monkeypatch.setattr(sqlite, "_WAIT_SECONDS", 0.3)
    monkeypatch.setattr(postgresql, "_WAIT_SECONDS", 0.3)
    database = Database(where)
    with _holder(where) as other:
        with pytest.raises(Busy, match=r"数据库被占用（进程 \d+.*没有改动任何内容") as caught:
            _written(database)
        assert database.place in str(caught.value)
        if isinstance(where, Path):
            assert f"进程 {other.pid}）" in str(caught.value)
        else:
            assert re.search(r"主机 本机，用户 bulletin，程序 bulletin-desk", str(caught.value))
        other.stdin.write("\n")
        other.stdin.flush()
        assert other.wait(PATIENCE) == 0
    _written(database)
    assert _count(database) == 1
    database.close()


def _at_once(code: str, where: Path | str, number: int) -> list[str]:
    """What `number` processes print that run the same code at the same moment, each sorted into its place."""
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    head = "import sys\nfrom pathlib import Path\nfrom pipeline.store import Database, Issues\n"
    head += "where = sys.argv[1] if '://' in sys.argv[1] else Path(sys.argv[1])\n"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", head + code, str(where)],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(number)
    ]  # fmt: skip
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate(timeout=PATIENCE)[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0] * number
    return sorted(said)


def test_processes_that_start_at_once_on_an_empty_database_all_succeed(new_place):
    code = """
print("ready", flush=True)
sys.stdin.readline()
database = Database(where)
print(database.described()["schema"])
database.close()
"""
    where = new_place("TEMPLATE template0")
    versions = _at_once(code, where, 2)
    assert len(set(versions)) == 1
    assert re.fullmatch(r"\d{4}", versions[0])


def test_of_two_processes_that_make_a_windows_draft_at_once_one_does(where):
    code = """
from drafts import NOON, SERIES, candidate, draft
from pipeline.errors import Conflict
from pipeline.model import Decision, Last
from pipeline.steps.window import named
issues = Issues(Database(where))
print("ready", flush=True)
sys.stdin.readline()
last = Last(534, named(SERIES, month="2024-05"))
try:
    print(issues.begin(draft(candidate("a"), chosen=("a",)), Decision("generate", "系统", NOON), last).number)
except Conflict:
    print("Conflict")
issues._database.close()
"""
    assert _at_once(code, where, 2) == ["535", "Conflict"]


# ---------------------------------------------------------------------------------------- SQLite alone


def test_it_is_durable_and_avoids_wal_where_wal_can_corrupt(tmp_path, monkeypatch):
    for version, journal in (((3, 40, 1), "TRUNCATE"), ((3, 51, 3), "WAL")):
        monkeypatch.setattr(sqlite.sqlite3, "sqlite_version_info", version)
        database = Database(tmp_path / f"{journal}.db")
        with database.read() as connection:
            assert connection.execute(sa.text("PRAGMA synchronous")).scalar_one() == 2
            assert connection.execute(sa.text("PRAGMA journal_mode")).scalar_one() == journal.lower()
            assert connection.execute(sa.text("PRAGMA foreign_keys")).scalar_one() == 1
        assert database.described()["journal"].startswith(journal)
        database.close()


def test_somebody_elses_file_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "desk.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE notes (text)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="is not a bulletin desk's database"):
        Database(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "desk.db"
    path.write_bytes("这不是数据库".encode() * 200)
    with pytest.raises(StoreError, match="is damaged"):
        Database(path)


@pytest.mark.parametrize("change", ["deleted", "replaced"])
def test_a_file_that_goes_away_in_mid_run_is_said_and_no_empty_one_takes_its_place(tmp_path, change):
    path = tmp_path / "desk.db"
    database = Database(path)
    _written(database)
    path.rename(tmp_path / "aside.db")
    if change == "replaced":
        Database(path).close()
    for use in (_written, _count):
        with pytest.raises(StoreError, match="was deleted or replaced while it was in use"):
            use(database)
    assert path.exists() == (change == "replaced")
    path.unlink(missing_ok=True)
    (tmp_path / "aside.db").rename(path)
    assert _count(database) == 1
    database.close()


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "data").write_text("挡路")
    with pytest.raises(StoreError, match="Choose another `data` folder"):
        Database(tmp_path / "data" / "desk.db")

"""The database: ours only, durable, migrated, and clear about who holds it."""

import sqlite3

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from pipeline.errors import Busy, StoreError
from pipeline.store import Database
from pipeline.store import database as module
from pipeline.store.schema import METADATA


def test_a_new_database_has_the_schema_that_the_code_speaks_of(tmp_path):
    database = Database(tmp_path / "a" / "desk.db")
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_it_is_durable_and_avoids_wal_where_wal_can_corrupt(tmp_path, monkeypatch):
    for version, journal in (((3, 40, 1), "truncate"), ((3, 51, 3), "wal")):
        monkeypatch.setattr(module.sqlite3, "sqlite_version_info", version)
        database = Database(tmp_path / f"{journal}.db")
        with database.read() as connection:
            assert connection.execute(sa.text("PRAGMA synchronous")).scalar_one() == 2
            assert connection.execute(sa.text("PRAGMA journal_mode")).scalar_one() == journal
            assert connection.execute(sa.text("PRAGMA foreign_keys")).scalar_one() == 1
        database.close()


def test_somebody_elses_database_is_refused_and_left_alone(tmp_path):
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


def test_a_schema_from_the_future_is_refused(tmp_path):
    path = tmp_path / "desk.db"
    Database(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer release"):
        Database(path)


def test_a_locked_database_says_so_and_changes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_WAIT_SECONDS", 0.2)
    database = Database(tmp_path / "desk.db")
    other = sqlite3.connect(tmp_path / "desk.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Busy, match="in use by another process"), database.write():
        pass
    other.execute("ROLLBACK")
    with database.write() as connection:
        connection.execute(sa.text("DELETE FROM sources"))


def test_a_transaction_that_fails_leaves_nothing(tmp_path):
    database = Database(tmp_path / "desk.db")

    def half() -> None:
        with database.write() as connection:
            connection.execute(sa.text("INSERT INTO skips VALUES ('s', '2024-06-01', '无', '王', 'x')"))
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        half()
    with database.read() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM skips")).scalar_one() == 0

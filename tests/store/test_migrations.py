"""From every earlier schema to the one of today, whole or not at all, on both kinds of database."""

import dataclasses
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from pydantic import TypeAdapter

import drafts
from pipeline.errors import StoreError
from pipeline.model import Draft, digest
from pipeline.store import Database, Issues, sqlite
from pipeline.store import database as module
from pipeline.store.pools import Pools

SCRIPT = ScriptDirectory.from_config(module.migrations())
HEAD = SCRIPT.get_current_head()
EARLIER = [one.revision for one in SCRIPT.walk_revisions() if one.revision != HEAD]
Rows = dict[str, list[dict[str, object]]]


def _earlier(where, revision: str) -> Rows:
    """Makes a database of an earlier schema with a row in every table; gives the rows."""
    kind = module.kind(where)
    with kind.begun(write=True) as connection:
        kind.claim(connection)
        module.upgrade(connection, revision)
        tables = sa.MetaData()
        tables.reflect(connection)
        for table in _tables(tables):
            if table.name != "alembic_version":
                connection.execute(sa.insert(table).values({one.name: _value(one) for one in table.columns}))
        rows = _rows(connection)
        connection.commit()
    kind.close()
    assert all(rows.values())
    return rows


def _value(column: sa.Column) -> object:
    for kind, value in ((sa.JSON, ["甲"]), (sa.Boolean, True), (sa.Integer, 1), (sa.Float, 1.5)):
        if isinstance(column.type, kind):
            return value
    return "甲"


def _rows(connection: sa.Connection, only: Iterable[str] | None = None) -> Rows:
    tables = sa.MetaData()
    tables.reflect(connection, only=None if only is None else list(only))
    return {
        table.name: [dict(row._mapping) for row in connection.execute(sa.select(table))] for table in _tables(tables)
    }


def _tables(tables: sa.MetaData) -> list[sa.Table]:
    """Leaves out the index of the search, whose tables on SQLite only FTS5 itself may write to."""
    return [one for one in tables.sorted_tables if not one.name.startswith("grams")]


def _as_it_is(where) -> Rows:
    kind = module.kind(where)
    with kind.begun(write=False) as connection:
        rows = _rows(connection)
    kind.close()
    return rows


def test_the_versions_that_the_files_are_named_for_are_those_that_alembic_walks():
    assert list(module.versions()) == [one.revision for one in SCRIPT.walk_revisions()][::-1]


@pytest.mark.parametrize("revision", EARLIER)
def test_an_upgrade_keeps_every_row(new_place, revision):
    where = new_place("TEMPLATE template0")
    before = _earlier(where, revision)
    database = Database(where)
    assert database.described()["schema"] == HEAD
    with database.read() as connection:
        after = _rows(connection, only=before)
    database.close()
    for table, (row,) in before.items():
        if table != "alembic_version":
            assert {name: after[table][0][name] for name in row} == row, table
    if isinstance(where, Path):
        assert _as_it_is(where.with_name(f"desk-before-{HEAD}.db")) == before, "the copy is what was there"
        assert not list(where.parent.glob(".*"))


@pytest.mark.parametrize("revision", [one for one in EARLIER if one < "0011"])
def test_a_draft_of_an_earlier_schema_is_read_as_it_was(new_place, revision):
    where = new_place("TEMPLATE template0")
    draft = drafts.draft(*(drafts.candidate(f"甲{i}") for i in range(3)), chosen=("甲1",))
    later = dataclasses.replace(draft, chosen=("甲2", "甲1"), candidates=(*draft.candidates, drafts.candidate("乙")))
    kind = module.kind(where)
    with kind.begun(write=True) as connection:
        kind.claim(connection)
        module.upgrade(connection, revision)
        issue = {"series": "甲", "number": 1, "window_start": "2024-06-01", "window_end": "2024-06-30"}
        put = sa.text(
            "INSERT INTO issues (id, series, number, window_start, window_end, state, revision)"
            " VALUES (1, :series, :number, :window_start, :window_end, 'draft', 2)"
        )
        connection.execute(put, issue)
        for number, one in enumerate((draft, later), start=1):
            content = TypeAdapter(Draft).dump_json(one).decode()
            connection.execute(
                sa.text("INSERT INTO revisions VALUES (1, :number, :decision, :draft, :sha256)"),
                {"number": number, "decision": "{}", "draft": content, "sha256": digest(content)},
            )
        connection.commit()
    kind.close()
    database = Database(where)
    issues = Issues(database)
    assert [issues.at_revision(1, number, Pools()) for number in (1, 2)] == [draft, later]
    with database.read() as connection:
        counts = [
            connection.execute(sa.text(f"SELECT count(*) FROM {name}")).scalar() for name in ("candidates", "pools")
        ]
    assert counts == [4, 2]
    database.close()


# A file on each step: SQLite's driver ends a transaction by itself where it thinks best. A server's tables are in the
# transaction as its rows are: there the longest and the shortest way will do.
@pytest.mark.parametrize(
    ("new_place", "revision"),
    [("sqlite", one) for one in EARLIER] + [("postgresql", one) for one in (EARLIER[0], EARLIER[-1])],
    indirect=["new_place"],
)
def test_an_upgrade_that_is_killed_half_way_leaves_the_old_schema_and_is_done_at_the_next_start(new_place, revision):
    where = new_place("TEMPLATE template0")
    before = _earlier(where, revision)
    code = """
import os, signal, sys
from pathlib import Path
import sqlalchemy as sa
from pipeline.store import Database
made = []
def kill(_connection, _cursor, statement, *_):
    if statement.lstrip().startswith(("CREATE TABLE", "CREATE VIRTUAL", "CREATE INDEX", "ALTER TABLE")):
        made.append(statement)
        if len(made) == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
sa.event.listen(sa.Engine, "after_cursor_execute", kill)
Database(sys.argv[1] if "://" in sys.argv[1] else Path(sys.argv[1]))
"""
    at = 1 if revision == max(EARLIER) else 2  # the last step may be a single statement
    killed = subprocess.run([sys.executable, "-c", code, str(where), str(at)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert _as_it_is(where) == before
    database = Database(where)
    assert database.described()["schema"] == HEAD
    database.close()


def test_an_upgrade_on_a_full_disk_leaves_the_old_schema(tmp_path, monkeypatch):
    path = tmp_path / "desk.db"
    before = _earlier(path, EARLIER[-1])
    prepare = sqlite._prepare

    def full(connection, record) -> None:
        prepare(connection, record)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    with monkeypatch.context() as patched:
        patched.setattr(sqlite, "_prepare", full)
        with pytest.raises(StoreError, match="disk is full"):
            Database(path)
    assert _as_it_is(path) == before
    Database(path).close()


def test_no_upgrade_is_begun_whose_copy_could_not_be_made(tmp_path):
    path = tmp_path / "desk.db"
    before = _earlier(path, EARLIER[0])
    (tmp_path / f".desk-before-{HEAD}.db.part").mkdir()
    with pytest.raises(StoreError, match=r"the copy that is kept before an upgrade could not be written"):
        Database(path)
    assert _as_it_is(path) == before


def test_what_was_released_before_corrections_were_known_is_what_is_out(new_place):
    where = new_place("TEMPLATE template0")
    kind = module.kind(where)
    with kind.begun(write=True) as connection:
        kind.claim(connection)
        module.upgrade(connection, "0009")
        issues = sa.Table("issues", sa.MetaData(), autoload_with=connection)
        for number, state, revision in ((534, "released", 3), (535, "draft", 2), (-3, "skipped", 1)):
            days = {"window_start": f"2024-0{revision}-01", "window_end": f"2024-0{revision}-28"}
            row = {"series": "beijing-monthly", "number": number, "state": state, "revision": revision, **days}
            connection.execute(sa.insert(issues).values(row))
        connection.commit()
    kind.close()
    database = Database(where)
    with database.read() as connection:
        rows = connection.execute(sa.text("SELECT number, released, withdrawn FROM issues ORDER BY id")).all()
    database.close()
    assert [(number, out, bool(gone)) for number, out, gone in rows] == [
        (534, 3, False), (535, 0, False), (-3, 0, False),
    ]  # fmt: skip

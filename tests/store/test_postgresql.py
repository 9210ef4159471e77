"""PostgreSQL alone: a server that others use too, that may refuse us, go away and come back."""

import dataclasses
import re
import sys
import threading
import time
from contextlib import ExitStack
from urllib.parse import quote

import psycopg
import pytest
import sqlalchemy as sa

from drafts import NOON, SERIES, candidate, draft
from drills.postgres import CAREFUL, PASSWORD
from patience import until
from pipeline.desk import Inline, now, open_desk
from pipeline.errors import StoreError
from pipeline.model import Decision, Last
from pipeline.steps.window import named
from pipeline.store import Database, Issues, postgresql

JUNE = named(SERIES, month="2024-06")
DECISION = Decision("generate", "系统", NOON)
LAST = Last(534, named(SERIES, month="2024-05"))


@pytest.fixture
def place(server):
    """Gives new databases of the server."""
    with ExitStack() as made:
        yield lambda options="TEMPLATE migrated": made.enter_context(server.database(options))


@pytest.fixture
def database(place):
    opened = Database(place())
    yield opened
    opened.close()


def _insert(database: Database, name: str = "s") -> None:
    with database.write() as connection:
        connection.execute(sa.text("INSERT INTO skips VALUES (:name, '', '', '', '')"), {"name": name})


def _kept(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(sa.text("SELECT series FROM skips ORDER BY series")).scalars())


def _ask(url: str, question: str):
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(question).fetchone()[0]


def _tell(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def test_our_tables_live_in_a_schema_of_their_own_beside_those_of_others(place):
    url = place("TEMPLATE template0")
    _tell(url, "CREATE TABLE issues (theirs text); CREATE TABLE alembic_version (version_num text)")
    _tell(url, "INSERT INTO alembic_version VALUES ('9999')")
    Database(url).close()
    assert _ask(url, "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'") == 2
    assert _ask(url, "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'bulletin'") > 10
    assert _ask(url, "SELECT version_num FROM public.alembic_version") == "9999"


def test_a_schema_of_our_name_that_is_somebody_elses_is_refused_and_left_alone(place):
    url = place("TEMPLATE template0")
    _tell(url, "CREATE SCHEMA bulletin; CREATE TABLE bulletin.notes (text text)")
    with pytest.raises(StoreError, match="the schema 'bulletin' there is not a bulletin desk's"):
        Database(url)
    assert _ask(url, "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'bulletin'") == 1


def test_an_empty_schema_that_an_administrator_made_for_us_is_taken(place):
    url = place("TEMPLATE template0")
    _tell(url, f"CREATE SCHEMA bulletin AUTHORIZATION {CAREFUL}")
    _as_careful(url).close()


def test_a_role_that_may_not_make_a_schema_is_told_what_to_grant(place):
    url = place("TEMPLATE template0")
    with pytest.raises(StoreError, match=r"permission denied.*GRANT CREATE ON DATABASE"):
        _as_careful(url)
    _tell(url, f"DO $$ BEGIN EXECUTE 'GRANT CREATE ON DATABASE ' || current_database() || ' TO {CAREFUL}'; END $$")
    _as_careful(url).close()


def _as_careful(url: str, password: str = PASSWORD) -> Database:
    secret = f":{quote(password, safe='')}" if password else ""
    return Database(url.replace("bulletin@", f"{CAREFUL}{secret}@", 1))


@pytest.mark.parametrize("password", ["", "falsch-geheim"])
def test_a_password_that_is_missing_or_wrong_is_said_and_never_shown(place, password):
    with pytest.raises(StoreError, match=r"refused the connection.*PGPASSWORD") as caught:
        _as_careful(place(), password)
    assert "geheim" not in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_the_password_may_stand_in_the_environment_or_in_a_file(place, monkeypatch, tmp_path):
    url = place()
    _tell(url, f"GRANT ALL ON SCHEMA bulletin TO {CAREFUL}; GRANT ALL ON ALL TABLES IN SCHEMA bulletin TO {CAREFUL}")
    with monkeypatch.context() as patched:
        patched.setenv("PGPASSWORD", PASSWORD)
        _as_careful(url, "").close()
    kept = tmp_path / "pgpass"
    kept.write_text(f"*:*:*:{CAREFUL}:{PASSWORD}\n", "utf-8")
    kept.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(kept))
    opened = _as_careful(url, "")
    assert PASSWORD not in str(opened.described())
    opened.close()


def test_a_password_in_the_address_is_told_to_nobody(place):
    url = place()
    _tell(url, f"GRANT ALL ON SCHEMA bulletin TO {CAREFUL}; GRANT ALL ON ALL TABLES IN SCHEMA bulletin TO {CAREFUL}")
    opened = _as_careful(url)
    told = f"{opened.place} {opened.described()}"
    with pytest.raises(StoreError) as caught, opened.write() as connection:
        connection.execute(sa.text("SELECT 1 / 0"))
    for secret in (PASSWORD, quote(PASSWORD, safe="")):
        assert secret not in told + str(caught.value)
    opened.close()


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("postgresql://desk@127.0.0.1:1/news", r"postgresql://desk@127.0.0.1:1/news: the server cannot be reached"),
        ("postgresql://desk@host.invalid/news", "the server cannot be reached"),
        ("postgresql://desk@/news?host=/nowhere", r"the server cannot be reached"),
        ("postgresql://desk@localhost", "names no database"),
        ("postgresql://desk:geh@eim@localhost/news", "an @ too many"),
        ("postgresql://desk:geheim@localhost:port/news", "is not an address that can be understood"),
        ("mysql://desk:geheim@localhost/news", "is not an address that can be understood"),
        ("desk.db", "is not an address that can be understood"),
    ],
)
def test_an_address_that_leads_nowhere_is_one_sentence(where, said):
    with pytest.raises(StoreError, match=said) as caught:
        Database(where)
    assert "eim" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_database_that_is_not_there_is_said(server):
    with pytest.raises(StoreError, match=r'database "nowhere" does not exist.*CREATE DATABASE'):
        Database(server.url("nowhere"))


def test_without_the_driver_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"pip install 'bulletin-desk\[postgresql\]'"):
        Database("postgresql://desk@localhost/news")


def test_a_database_that_cannot_hold_chinese_is_refused_before_anything_is_made(place):
    url = place("TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    with pytest.raises(StoreError, match="encoding is LATIN1"):
        Database(url)
    assert _ask(url, "SELECT count(*) FROM pg_namespace WHERE nspname = 'bulletin'") == 0


def test_reading_changes_nothing_and_writing_is_durable(database):
    with pytest.raises(StoreError, match="read-only"), database.read() as connection:
        connection.execute(sa.text("DELETE FROM skips"))
    with database.write() as connection:
        for name, value in (
            ("synchronous_commit", "on"),
            ("TimeZone", "UTC"),
            ("application_name", "bulletin-desk"),
            ("search_path", "bulletin"),
            ("lock_timeout", "30s"),
            ("idle_in_transaction_session_timeout", "5min"),
        ):
            assert connection.execute(sa.text(f"SHOW {name}")).scalar_one() == value


def test_every_column_of_text_is_compared_by_code_point(database):
    """A column that is not would be put in order by the language that the server was set up for."""
    query = """SELECT table_name || '.' || column_name FROM information_schema.columns
               WHERE table_schema = 'bulletin' AND table_name <> 'alembic_version'
               AND data_type IN ('text', 'character varying') AND collation_name IS DISTINCT FROM 'C'"""
    with database.read() as connection:
        assert list(connection.execute(sa.text(query)).scalars()) == [], "declare them as Words or Prose"


def _locale(server) -> str:
    version = int(server.tell("SHOW server_version_num")[0][0])
    if version >= 150000:
        return "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'zh-CN'"
    (name,) = server.tell("SELECT collname FROM pg_collation WHERE collname ILIKE '%_%.utf8' LIMIT 1")[0]
    return f"TEMPLATE template0 LOCALE '{name}'"


def test_the_servers_language_does_not_put_windows_in_another_order(server, place):
    url = place(_locale(server))
    assert _ask(url, "SELECT 'a' < 'B'"), "this language has an order of its own"
    database = Database(url)
    names = ["b", "B", "a-b", "ab", "a b", "Z", "é", "中", "阿", "_"]
    for name in names:
        _insert(database, name)
    assert _kept(database) == sorted(names)
    issues = Issues(database)
    for month in ("2024-08", "2024-06", "2024-07"):
        issues.begin(_draft(month), DECISION, LAST)
    assert [(one.number, one.draft.window.start.month) for one in issues.all()] == [(535, 6), (536, 7), (537, 8)]
    database.close()


def _draft(month: str):
    return dataclasses.replace(draft(candidate("a"), chosen=("a",)), window=named(SERIES, month=month))


# ---------------------------------------------------------------------------- a server that comes and goes


def test_a_server_restarted_between_two_transactions_is_used_again(server, database):
    _insert(database, "before")
    server.control("restart", "--mode=immediate")
    assert _kept(database) == ["before"]
    server.control("restart", "--mode=immediate")
    _insert(database, "after")
    assert _kept(database) == ["after", "before"]


def test_a_server_restarted_within_a_transaction_leaves_nothing_half_done(server, database):
    statement = sa.text("INSERT INTO skips VALUES ('half', '', '', '', '')")

    def interrupted(*after: sa.TextClause) -> None:
        with database.write() as connection:
            connection.execute(statement)
            server.control("restart", "--mode=immediate")
            for one in after:
                connection.execute(one)

    for after in ([sa.text("INSERT INTO skips VALUES ('other half', '', '', '', '')")], []):
        with pytest.raises(StoreError, match=r"the connection was lost.*whole or not at all"):
            interrupted(*after)
        assert _kept(database) == []
    _insert(database)
    assert _kept(database) == ["s"]


def test_a_server_that_is_away_for_a_moment_is_waited_for(server, database):
    _insert(database, "before")
    server.control("stop", "--mode=fast")
    back = threading.Timer(1.0, server.control, ["start"])
    back.start()
    began = time.monotonic()
    _insert(database, "after")
    assert time.monotonic() - began > 0.5
    back.join()
    assert _kept(database) == ["after", "before"]


def test_a_server_that_stays_away_is_said(server, database, monkeypatch):
    monkeypatch.setattr(postgresql, "_AWAY_SECONDS", 0.5)
    server.control("stop", "--mode=fast")
    try:
        with pytest.raises(StoreError, match="the connection was lost"):
            _insert(database)
    finally:
        server.control("start")
    assert _kept(database) == []


def test_a_waiting_writer_whose_connection_is_ended_waits_again(server, database):
    """Nothing has been done yet: it is no failure of the run."""
    other = Database(_url(database))
    done = []
    with other.write() as connection:
        waiting = threading.Thread(target=lambda: done.append(_insert(database)))
        waiting.start()
        query = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        assert until(lambda: connection.execute(sa.text(query)).all()), "nobody waited"
    waiting.join()
    assert done == [None]
    other.close()


def _url(database: Database) -> str:
    path, _, folder = re.match(r"(\S+)( \()(.*)\)$", database.place).groups()
    return f"{path}?host={folder}"


def test_a_run_goes_on_over_a_restart_of_the_server(server, workspace, put, request):
    if "sqlite" in request.node.callspec.id:
        return
    text = "北京友谊医院近日上线智慧医疗平台，依托人工智能辅助诊断系统和电子病历共享，实现检查检验结果互认。"
    put("a", "北京友谊医院上线智慧医疗平台 检查结果实现互认", "2024-06-12", "北京日报", text * 3)
    restarted = []

    def say(line: str) -> None:
        if line.startswith("读取"):  # between collecting and reading
            restarted.append(server.control("restart", "--mode=immediate"))

    with open_desk(workspace, clock=now) as desk:
        report = desk.run("beijing-monthly", JUNE, Inline(), say=say)
    assert restarted
    assert report.desked.number == 535
    assert len(report.draft.chosen) == 1

"""What is kept is saved while the desk is at work, brought back whole, and proven; no number is given out twice.

A workspace with two issues that are out, of both kinds of database, is made once; every test works on a copy.
"""

import contextlib
import datetime as dt
import gzip
import json
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from drafts import article
from offices import SERIES, drafted, office_with_two_issues, without_libreoffice
from pipeline.desk import Proof, back_up, backups, bring_back, now, open_desk, verify_all
from pipeline.errors import Busy, StoreError, UsageError
from pipeline.model import BEIJING, Act, Deed
from pipeline.store import Audit, Database, backup
from pipeline.store import database as databases
from pipeline.store.schema import ARTICLES, CANDIDATES, REVISIONS

NOW = dt.datetime(2024, 9, 2, 9, 0, tzinfo=BEIJING)
HOUR = dt.timedelta(hours=1)
KINDS = ("sqlite", "postgresql")


@dataclass
class Office:
    """A workspace with the issues 535 and 536, and a draft of August."""

    folder: Path
    database: str
    """An address; empty for the file in the data folder."""

    @property
    def where(self) -> Path | str:
        return self.database or self.folder / "data" / "desk.db"

    @contextlib.contextmanager
    def opened(self) -> Iterator[Database]:
        database = Database(self.where)
        yield database
        database.close()

    def damaged(self) -> list[str]:
        return _damaged(verify_all(self.folder))

    def release(self, month: int = 8) -> int:
        with open_desk(self.folder, clock=now) as desk:
            window = desk.series(SERIES).window_of(dt.date(2024, month, 1))
            return desk.release(desk.desked(SERIES, window), "王编辑").issue.number


def _damaged(found) -> list[str]:
    return [each.text for one in found for each in one.statements if each.proof is Proof.DAMAGED]


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    with without_libreoffice():
        yield


@pytest.fixture(scope="module")
def originals(server, tmp_path_factory) -> Iterator[dict[str, Office]]:
    folder = tmp_path_factory.mktemp("offices")
    with server.database("TEMPLATE migrated") as address:
        made = {}
        for kind, database in zip(KINDS, ("", address), strict=True):
            one = Office(folder / kind, database)
            office_with_two_issues(one.folder, database)
            with open_desk(one.folder, clock=now) as desk:
                drafted(desk, 8, "协和")
                with desk._database.write() as connection:
                    connection.execute(sa.insert(ARTICLES), [_row("甲"), _row("乙")])
            made[kind] = one
        yield made


def _row(name: str) -> dict[str, str]:
    one = article(name)
    content = json.dumps({"title": one.title, "text": f"{name}医院上线互联网医院。" * 40}, ensure_ascii=False)
    return {"id": name, "url": f"https://news.bjd.com.cn/{name}", "content": content, "sha256": _digest(content)}


def _digest(text: str) -> str:
    from pipeline.model import digest

    return digest(text)


@pytest.fixture
def copy(originals, server, tmp_path):
    """Gives copies of the office of a kind of database."""
    with contextlib.ExitStack() as made:

        def copy(kind: str) -> Office:
            original = originals[kind]
            folder = tmp_path / kind
            shutil.copytree(original.folder, folder)
            address = ""
            if original.database:
                name = re.search(r"/(\w+)\?", original.database)[1]
                address = made.enter_context(server.database(f"TEMPLATE {name}"))
                _point(folder, address)
            return Office(folder, address)

        yield copy


def _point(folder: Path, address: str) -> None:
    settings = folder / "config" / "settings.yaml"
    text = re.sub(r"^database:.*$", lambda _: f"database: '{address}'", settings.read_text("utf-8"), flags=re.MULTILINE)
    settings.write_text(text, "utf-8")


@pytest.fixture(params=KINDS)
def office(request, copy) -> Office:
    return copy(request.param)


@pytest.fixture
def on_sqlite(copy) -> Office:
    return copy("sqlite")


@pytest.fixture
def empty(server, tmp_path):
    """Gives an empty workspace for a kind of database."""
    with contextlib.ExitStack() as made:

        def empty(kind: str, like: Office) -> Office:
            folder = tmp_path / f"new-{kind}"
            shutil.copytree(like.folder / "config", folder / "config")
            address = made.enter_context(server.database("TEMPLATE template0")) if kind == "postgresql" else ""
            _point(folder, address)
            return Office(folder, address)

        yield empty


def _rows(made: backup.Backup) -> list[str]:
    """Every row of a backup, without what is said of tables and without the two that a restore adds."""
    lines = gzip.decompress(made.rows.read_bytes()).decode().splitlines()
    return sorted(line for line in lines if line.startswith("[") and '"restored"' not in line)


# ---------------------------------------------------------------------------------------------- there and back


@pytest.mark.parametrize("there", KINDS)
@pytest.mark.parametrize("here", KINDS)
def test_a_desk_is_brought_back_whole_into_an_empty_place_of_either_kind(copy, empty, here, there):
    office = copy(here)
    made, _ = back_up(office.folder, NOW)
    assert made.manifest.numbers == {SERIES: (535, 536)}
    assert not made.manifest.missing
    new = empty(there, office)
    done = bring_back(new.folder, made.path, "管理员", NOW)
    assert not done.aside
    assert _damaged(done.verified) == []
    again, _ = back_up(new.folder, NOW)
    assert _rows(again) == _rows(made)
    assert again.names() == made.names()
    assert new.release() == 537, "it goes on where the backup ends"
    with new.opened() as database:
        assert Audit(database).newest(1, act=Act.RESTORED.value)[0].who == "管理员"
        assert Audit(database).broken() is None
    assert new.damaged() == []
    for name in (office.folder / "out").iterdir():
        assert (new.folder / "out" / name.name).exists(), "what was published is published again"


def test_a_new_machine_gets_the_configuration_and_the_templates_too(on_sqlite, tmp_path, bulletin):
    (on_sqlite.folder / "templates" / "lead.j2").write_text("{{ 本单位的导语 }}", "utf-8")
    made, _ = back_up(on_sqlite.folder, NOW, tmp_path / "usb")
    new = tmp_path / "新机器"
    code, out, _ = bulletin("-C", new, "db", "restore", tmp_path / "usb")
    assert code == 0, out
    for name in ("config", "templates"):
        for path in (on_sqlite.folder / name).rglob("*"):
            if path.is_file():
                assert (new / path.relative_to(on_sqlite.folder)).read_bytes() == path.read_bytes()
    assert f"已恢复 {made.manifest.made:%Y-%m-%d %H:%M} 的备份" in out
    assert "核验：完好" in out
    assert Office(new, "").damaged() == []


def test_a_database_that_is_there_is_replaced_only_if_somebody_says_so_and_is_kept(office):
    made, _ = back_up(office.folder, NOW)
    office.release()
    with pytest.raises(UsageError, match=r"已有数据库，没有恢复.*--replace"):
        bring_back(office.folder, made.path, "管理员", NOW)
    done = bring_back(office.folder, made.path, "管理员", NOW, replacing=True)
    assert "replaced-20240902-090000" in done.aside
    with office.opened() as database:
        assert backup.given_out(database) == {SERIES: (535, 536)}
    if isinstance(office.where, Path):
        kept = Database(Path(done.aside))
        assert backup.given_out(kept) == {SERIES: (535, 536, 537)}
        kept.close()
    else:
        with office.opened() as database, database.read() as connection:
            count = connection.execute(sa.text('SELECT count(*) FROM "bulletin-replaced-20240902-090000".releases'))
            assert count.scalar_one() == 3


def test_a_database_that_somebody_works_with_is_not_replaced(office):
    made, _ = back_up(office.folder, NOW)
    if isinstance(office.where, str):
        other = Database(office.where)
        with other.read(), pytest.raises(Busy, match="数据库正在使用（进程"):
            bring_back(office.folder, made.path, "管理员", NOW, replacing=True)
        other.close()
        return
    holding = "import sqlite3, sys; held = sqlite3.connect(sys.argv[1]); held.execute('SELECT * FROM issues'); "
    with _process(holding + "print('held', flush=True); sys.stdin.read()", office.where):
        before = office.where.read_bytes()
        with pytest.raises(Busy, match=r"数据库正在使用（进程 \d+）.*先停止它们"):
            bring_back(office.folder, made.path, "管理员", NOW, replacing=True)
        assert office.where.read_bytes() == before


@contextlib.contextmanager
def _process(code: str, *arguments: object):
    import subprocess
    import sys

    with subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        yield other
        other.communicate()


def test_a_backup_of_a_desk_at_work_is_one_moment(office):
    """A writer adds to the audit log, and a row that refers to it, all the while."""
    stopping, written = threading.Event(), []

    def work() -> None:
        with office.opened() as database:
            while not stopping.is_set():
                audit = Audit(database)
                audit.note(Deed("王编辑", Act.ASKED, now(), f"/issues/{len(written)}", "POST"))
                written.append(audit.last())

    writer = threading.Thread(target=work)
    writer.start()
    try:
        while len(written) < 5:
            stopping.wait(0.01)
        made = [back_up(office.folder, NOW + i * HOUR)[0] for i in range(3)]
    finally:
        stopping.set()
        writer.join()
    lasts = [one.manifest.rows["audit"] for one in made]
    assert lasts == sorted(lasts)
    assert lasts[-1] > 5
    assert _damaged(verify_all(office.folder, made[-1].path)) == []


# ------------------------------------------------------------------------------------------ a folder of backups


def test_blobs_that_an_earlier_backup_has_are_not_copied_again_and_go_with_the_last_that_has_them(on_sqlite):
    first, _ = back_up(on_sqlite.folder, NOW)
    folder = first.path.parent
    before = {path: path.stat().st_mtime_ns for path in (folder / "blobs").glob("??/*")}
    on_sqlite.release()
    second, _ = back_up(on_sqlite.folder, NOW + HOUR)
    after = {path: path.stat().st_mtime_ns for path in (folder / "blobs").glob("??/*")}
    assert {path: after[path] for path in before} == before
    assert len(after) > len(before)
    (on_sqlite.folder / "data" / "desk.db").unlink()
    bring_back(on_sqlite.folder, first.path, "管理员", NOW + 2 * HOUR)
    third, gone = back_up(on_sqlite.folder, NOW + 3 * HOUR, keep=1)
    assert [one.path for one in gone] == [second.path, first.path]
    assert [one.path for one in backups(on_sqlite.folder)] == [third.path]
    assert {path.name for path in (folder / "blobs").glob("??/*")} == set(third.names())


def test_what_a_kill_left_of_a_backup_is_no_backup_and_goes_away(on_sqlite, monkeypatch):
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(backup.shutil, "rmtree", lambda *_, **__: None)  # nothing is tidied up by who is killed
        patched.setattr(backup, "_needed", killed)
        with pytest.raises(KeyboardInterrupt):
            back_up(on_sqlite.folder, NOW)
    assert backups(on_sqlite.folder) == []
    (left,) = (on_sqlite.folder / "backups").glob(".*.part")
    back_up(on_sqlite.folder, NOW + HOUR)
    assert not left.exists()
    assert len(backups(on_sqlite.folder)) == 1


def test_a_backup_that_finds_no_room_says_so_and_leaves_the_earlier_ones(on_sqlite, monkeypatch):
    first, _ = back_up(on_sqlite.folder, NOW)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "backups/desk.jsonl.gz")

    monkeypatch.setattr(backup, "dump", full)
    with pytest.raises(StoreError, match=r"could not be written \(No space left on device\).*as they were"):
        back_up(on_sqlite.folder, NOW + HOUR, keep=1)
    assert [one.path for one in backups(on_sqlite.folder)] == [first.path]
    assert not list(first.path.parent.glob(".*.part"))


def test_a_lost_blob_keeps_nobody_from_saving_the_rest_and_is_named(on_sqlite, bulletin):
    blob = next(path for path in (on_sqlite.folder / "data" / "blobs").glob("??/*") if b"PK" in path.read_bytes()[:2])
    blob.unlink()
    code, out, err = bulletin("-C", on_sqlite.folder, "db", "backup", "--json")
    assert code == 3
    assert json.loads(out)["missing"] == [blob.name]
    assert blob.name[:12] in err


def test_secrets_stay_out_or_are_named(on_sqlite):
    settings = on_sqlite.folder / "config" / "settings.yaml"
    (on_sqlite.folder / "config" / "mail.txt").write_text("mailto://desk:geheim@mail.example.cn", "utf-8")
    text = settings.read_text("utf-8")
    settings.write_text(text.replace("notify: []", "notify: [{to: 'file:config/mail.txt'}]"), "utf-8")
    made, _ = back_up(on_sqlite.folder, NOW)
    assert "config/mail.txt" not in made.manifest.files
    assert made.manifest.secrets == ()
    (on_sqlite.folder / "config" / "metrics.txt").write_text("geheim", "utf-8")
    inline = {"notify: []": "notify: [{to: 'wecombot://geheim'}]", 'metrics: ""': "metrics: geheim"}
    for hours, (before, after) in enumerate(inline.items(), 1):
        assert before in text
        settings.write_text(text.replace(before, after), "utf-8")
        made, _ = back_up(on_sqlite.folder, NOW + hours * HOUR)
        assert made.manifest.secrets == ("config/settings.yaml",), before
    settings.write_text(text.replace('metrics: ""', "metrics: 'file:config/metrics.txt'"), "utf-8")
    made, _ = back_up(on_sqlite.folder, NOW + 3 * HOUR)
    assert "config/metrics.txt" not in made.manifest.files
    assert not {"sessions", "links"} & made.manifest.rows.keys(), "who was signed in signs in again"


# ------------------------------------------------------------------------------------------------ what is refused


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def _future(made: backup.Backup) -> None:
    path = made.path / "manifest.json"
    path.write_text(path.read_text("utf-8").replace(f'"{made.manifest.schema}"', '"9999"'), "utf-8")


HARMS = {
    "a bit of the rows": (lambda one: _flip(one.rows), "desk.jsonl.gz 与备份时的 SHA-256 不符"),
    "the end of the rows": (lambda one: one.rows.write_bytes(one.rows.read_bytes()[:-40]), "desk.jsonl.gz 与备份时"),
    "a bit of a blob": (lambda one: _flip(next((one.path.parent / "blobs").glob("??/*"))), "文件库：.* is damaged"),
    "a blob": (lambda one: next((one.path.parent / "blobs").glob("??/*")).unlink(), "文件库："),
    "the list of blobs": (lambda one: _flip(one.path / "blobs.txt"), "blobs.txt 与备份时"),
    "the manifest": (lambda one: _flip(one.path / "manifest.json"), r"manifest.json is damaged|is no backup"),
    "a setting": (lambda one: _flip(one.path / "config" / "series.yaml"), "config/series.yaml 与备份时"),
    "a later release": (_future, r"newer release \(schema 9999\)"),
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_backup_that_is_damaged_or_from_the_future_is_refused_and_nothing_is_changed(on_sqlite, harm):
    back_up(on_sqlite.folder, NOW)
    made, _ = back_up(on_sqlite.folder, NOW + HOUR)
    do, said = HARMS[harm]
    do(made)
    before = {path: path.read_bytes() for path in on_sqlite.folder.rglob("*") if path.is_file()}
    with pytest.raises(StoreError, match=said) as caught:
        bring_back(on_sqlite.folder, made.path, "管理员", NOW, replacing=True)
    with pytest.raises(StoreError, match=said):
        verify_all(on_sqlite.folder, made.path)
    assert {path: path.read_bytes() for path in on_sqlite.folder.rglob("*") if path.is_file()} == before
    if "备份时" in said:
        assert "请改用" in str(caught.value), "an earlier one is named"


# --------------------------------------------------------------------------------- numbers that were given out since


def _out_folder(office: Office) -> None:
    """What was published is all that is left."""


def _replaced(office: Office) -> None:
    shutil.rmtree(office.folder / "out")


def _later_backup(office: Office) -> None:
    back_up(office.folder, NOW + HOUR)
    shutil.rmtree(office.folder / "out")
    (office.folder / "data" / "desk.db").unlink()


@pytest.mark.parametrize("left", [_out_folder, _replaced, _later_backup], ids=["out", "replaced", "later backup"])
def test_a_number_given_out_after_the_backup_was_made_is_not_given_out_again_until_it_is_imported(on_sqlite, left):
    first, _ = back_up(on_sqlite.folder, NOW)
    assert on_sqlite.release() == 537
    (published,) = [path.read_bytes() for path in (on_sqlite.folder / "out").glob("*第537期*.docx")]
    left(on_sqlite)
    done = bring_back(on_sqlite.folder, first.path, "管理员", NOW + 2 * HOUR, replacing=True)
    assert [(one.series, one.number) for one in done.seen] == [(SERIES, 537)]
    with pytest.raises(StoreError, match=r"537期.*bulletin import-issue"):
        on_sqlite.release()
    paper = on_sqlite.folder / "第537期.docx"
    paper.write_bytes(published)
    with open_desk(on_sqlite.folder, clock=now) as desk:
        desk.file(paper, "管理员", series=SERIES)
        drafted(desk, 9, "天坛")
    assert on_sqlite.release(9) == 538
    assert on_sqlite.damaged() == []


def test_an_office_that_published_nothing_since_goes_on_at_once(office):
    first, _ = back_up(office.folder, NOW)
    done = bring_back(office.folder, first.path, "管理员", NOW, replacing=True)
    assert done.seen == ()
    assert office.release() == 537


# ------------------------------------------------------------------------------------------------- what is found


def _changed(table: sa.Table, column: str):
    def change(office: Office) -> None:
        with office.opened() as database, database.write() as connection:
            content = sa.func.replace(table.c[column], "医院", "医完")
            connection.execute(sa.update(table).values({column: content}))

    return change


def _a_blob(office: Office) -> None:
    with office.opened() as database:
        name = next(iter(open_files(database)))
    _flip(office.folder / "data" / "blobs" / name[:2] / name)


def open_files(database: Database) -> list[str]:
    from pipeline.store import Issues

    return sorted(Issues(database).published().values())


def _a_page(office: Office) -> None:
    """Somebody writes into the middle of the file."""
    size = office.where.stat().st_size
    with office.where.open("r+b") as file:
        for place in range(size // 3, size, 4096):
            file.seek(place)
            file.write(b"\xff" * 700)


FOUND = {
    "a bit of an article": (_changed(ARTICLES, "content"), "与写入时的 SHA-256 不符"),
    "a bit of a candidate": (_changed(CANDIDATES, "content"), "与写入时的 SHA-256 不符"),
    "a revision": (_changed(REVISIONS, "draft"), "与写入时的 SHA-256 不符"),
    "a blob": (_a_blob, "与写入时的 SHA-256 不符|已损坏"),
    "a page of the database": (_a_page, "damaged|读不出来|malformed|never used|out of order|invalid|btree|SHA"),
}


@pytest.mark.parametrize("harm", FOUND)
def test_what_is_no_longer_as_it_was_written_is_found_and_keeps_a_release_back(on_sqlite, bulletin, harm):
    made, _ = back_up(on_sqlite.folder, NOW)
    with open_desk(on_sqlite.folder, clock=now) as desk:
        window = desk.series(SERIES).window_of(dt.date(2024, 8, 1))
        desked = desk.desked(SERIES, window)
        do, said = FOUND[harm]
        if harm == "a revision":
            with on_sqlite.opened() as database, database.write() as connection:
                connection.execute(sa.update(REVISIONS).values(draft=REVISIONS.c.draft + " "))
        else:
            do(on_sqlite)
        code, out, err = bulletin("-C", on_sqlite.folder, "db", "verify")
        assert code == 1
        assert re.search(said, out + err)
        assert str(made.path) in err
        if harm in ("a bit of a candidate", "a revision", "a page of the database"):
            with pytest.raises(StoreError, match=rf"没有发布。.*db restore {re.escape(str(made.path))}"):
                desk.release(desked, "王编辑")
    assert f"db restore {made.path} --replace" in err
    found = verify_all(on_sqlite.folder, made.path)
    assert _damaged(found) == [], "the backup is whole"
    assert f"{made.path} 完整" in [one.text for one in found[0].statements], "and called by its own name"


def test_a_release_looks_at_the_articles_it_prints_from(on_sqlite):
    with open_desk(on_sqlite.folder, clock=now) as desk:
        desked = drafted(desk, 9, "天坛")
        (one,) = (each for candidate in desked.draft.candidates for each in candidate.articles)
        with desk._database.write() as connection:
            connection.execute(sa.insert(ARTICLES), [_row("x") | {"id": one.id, "sha256": "0" * 64}])
        desk.release(desk.desked(SERIES, desk.series(SERIES).window_of(dt.date(2024, 8, 1))), "王编辑")
        with pytest.raises(StoreError, match=f"article {one.id} is damaged.*没有找到备份"):
            desk.release(desk.issues.get(desked.id), "王编辑")


def test_everything_that_is_kept_is_proven_of_both_kinds(office, bulletin):
    code, out, _ = bulletin("-C", office.folder, "db", "verify")
    assert code == 0, out
    for said in ("完整", "文章：相符", "2 篇", "备选材料：相符", "草稿：相符", "文件库：相符", "期号连续", "环环相扣"):
        assert said in out
    rows = json.loads(bulletin("-C", office.folder, "db", "verify", "--json")[1])
    assert {one["proof"] for one in rows} == {"proven"}


def test_an_older_schema_is_left_as_it_is_until_somebody_brings_it_up(office, bulletin):
    with office.opened() as database, database.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    code, _, err = bulletin("-C", office.folder, "db", "upgrade", "--dry-run")
    assert code == 1
    assert "newer release (schema 9999)" in err


def test_what_is_already_up_to_date_says_so(office, bulletin):
    assert "无须升级" in bulletin("-C", office.folder, "db", "upgrade")[1]


ON_POSTGRESQL = pytest.mark.parametrize("new_place", ["postgresql"], indirect=True)


def _of_an_earlier_release(where) -> None:
    kind = databases.kind(where)
    with kind.begun(write=True) as connection:
        kind.claim(connection)
        databases.upgrade(connection, databases.versions()[-2])
        connection.commit()
    kind.close()


@ON_POSTGRESQL
def test_a_database_on_a_server_is_saved_before_it_is_upgraded(workspace, point, bulletin):
    _of_an_earlier_release(point("TEMPLATE template0"))
    before, head = databases.versions()[-2:]
    code, out, _ = bulletin("-C", workspace, "db", "upgrade")
    assert (code, f"从结构版本 {before} 升级到 {head}" in out) == (0, True)
    (made,) = backups(workspace)
    assert made.manifest.schema == before
    assert list(made.damage()) == []
    assert bulletin("-C", workspace, "db", "upgrade")[0] == 0
    assert len(backups(workspace)) == 1, "what is up to date is not saved again"


@ON_POSTGRESQL
def test_without_room_for_that_nothing_is_upgraded_unless_the_settings_leave_it_out(workspace, point, bulletin):
    _of_an_earlier_release(point("TEMPLATE template0"))
    (workspace / "backups").write_text("no folder", "utf-8")
    code, _, err = bulletin("-C", workspace, "db", "upgrade")
    assert (code, "nothing was changed" in err, "backup.before_upgrade: false" in err) == (1, True, True), err
    settings = workspace / "config" / "settings.yaml"
    settings.write_text(settings.read_text("utf-8").replace("before_upgrade: true", "before_upgrade: false"), "utf-8")
    code, out, _ = bulletin("-C", workspace, "db", "upgrade")
    assert (code, "已从结构版本" in out) == (0, True)

"""The log: one event a line whatever it carries, and no work that ends because nobody could write or read it."""

import datetime as dt
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import structlog

from patience import PATIENCE
from pipeline import logs
from pipeline.desk import CLUSTER, LOG, Inline, now, open_desk
from pipeline.doctor import CHECKS, Condition
from pipeline.model import BEIJING, Window
from pipeline.store import Database

NOW = dt.datetime(2024, 7, 1, 9, 0, tzinfo=BEIJING)
JUNE = Window(dt.date(2024, 6, 1), dt.date(2024, 6, 30))
HOSPITAL = (
    "北京友谊医院近日上线智慧医疗平台，依托人工智能辅助诊断系统和电子病历共享，实现检查检验结果互认。",
    "平台打通了医院信息系统与北京市全民健康信息平台，患者可通过互联网医院在线复诊、预约检查。",
)
FILE = pytest.mark.parametrize("new_place", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _nothing_lost():
    logs.lost()
    yield
    logs.configure("critical")
    logs.lost()


@pytest.fixture
def article(put):
    put("a", "北京友谊医院智慧医疗又有新进展", "2024-06-12", "北京日报", *HOSPITAL)


def said(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_an_event_is_one_line_without_terminal_codes_whatever_a_title_carries(capsys):
    logs.configure("info")
    nasty = "甲\r\n乙\x1b[31m丙\x9b31m丁\u2028戊\u202e己\x85庚\ud800"
    structlog.get_logger("pipeline").info("harvested", title=nasty)
    line = capsys.readouterr().err
    assert len(line.splitlines()) == 1
    assert all(char.isprintable() for char in line.rstrip("\n"))
    assert json.loads(line)["title"] == nasty, "nothing of it is lost"


@FILE
def test_what_belongs_to_a_run_is_told_with_its_run(workspace, article, capsys):
    logs.configure("info")
    with open_desk(workspace, clock=lambda: NOW) as desk:
        desk.run("beijing-monthly", JUNE, Inline())
        run = desk.runs.last("beijing-monthly", JUNE).id
        during = said(capsys.readouterr().err)
        structlog.get_logger("pipeline").info("after")
    found = {one["event"]: one for one in during}
    assert (found["drafted"]["run"], found["drafted"]["window"]) == (run, str(JUNE))
    assert found["harvested"]["source"] == "inbox"
    assert "run" not in said(capsys.readouterr().err)[-1]


def test_a_log_begins_a_new_file_in_time_and_keeps_the_last_few(tmp_path):
    path = tmp_path / "logs" / "bulletin.jsonl"
    logs.configure("info", path, mebibytes=0.002, keep=2)
    for number in range(100):
        structlog.get_logger("pipeline").info("event", number=number)
    assert sorted(one.name for one in path.parent.iterdir()) == [path.name, f"{path.name}.1", f"{path.name}.2"]
    kept = [one["number"] for file in (f"{path}.2", f"{path}.1", path) for one in said(Path(file).read_text())]
    assert kept == list(range(kept[0], 100))
    assert logs.lost() == (0, "")


def test_who_writes_along_follows_to_the_new_file(tmp_path):
    path = tmp_path / "bulletin.jsonl"
    logs.configure("info", path, own=False)
    structlog.get_logger("pipeline").info("before")
    path.rename(tmp_path / "bulletin.jsonl.1")
    structlog.get_logger("pipeline").info("after")
    assert [one["event"] for one in said(path.read_text())] == ["after"]


@FILE
@pytest.mark.parametrize("place", ["/dev/full", "taken/bulletin.jsonl"], ids=["a full disk", "no folder"])
def test_a_log_that_cannot_be_written_stops_no_run_and_is_told_to_who_minds_the_desk(
    workspace, article, tmp_path, place
):
    (tmp_path / "taken").write_text("")
    logs.configure("info", tmp_path / place)
    with open_desk(workspace, clock=now) as desk:
        assert desk.run("beijing-monthly", JUNE, Inline()).desked
        told = desk.signs.last(LOG).told
    assert "行日志没有写成，最近一次 " in told
    assert place in told
    database = Database(desk.config.data / "desk.db")
    (found,) = CHECKS["日志"](SimpleNamespace(database=database, now=now()))
    database.close()
    assert (found.condition, told in found.detail) == (Condition.WARNING, True)


@FILE
def test_that_the_cluster_could_not_be_used_is_told_to_who_minds_the_desk_afterwards(workspace, article, monkeypatch):
    settings = workspace / "config" / "settings.yaml"
    address = 'executor: "dask://127.0.0.1:9"'
    settings.write_text(re.sub("^executor: .*$", address, settings.read_text("utf-8"), flags=re.MULTILINE), "utf-8")
    lost = "Dask 集群（127.0.0.1:9）不可用，其余在本机完成：没有回应"
    with open_desk(workspace, clock=now) as desk:
        desk._executor._fall("没有回应")
        assert desk.run("beijing-monthly", JUNE, Inline()).desked
        assert desk.signs.last(CLUSTER).told == lost
    database = Database(desk.config.data / "desk.db")
    (found,) = CHECKS["计算集群"](SimpleNamespace(config=desk.config, database=database, now=now()))
    (later,) = CHECKS["计算集群"](
        SimpleNamespace(config=desk.config, database=database, now=now() + dt.timedelta(days=8))
    )
    database.close()
    assert (found.condition, lost in found.detail) == (Condition.WARNING, True)
    assert later.condition is Condition.GOOD


@FILE
def test_a_run_goes_on_when_nobody_can_be_told_of_it(workspace, article):
    command = [sys.executable, "-m", "pipeline", "-C", str(workspace), "--verbose", "run", "beijing-monthly",
               "--month", "2024-06", "--engine", "inline"]  # fmt: skip
    reader, writer = os.pipe()
    os.close(reader)
    with Path("/dev/full").open("wb") as full:
        subprocess.run(command, stdout=writer, stderr=full, timeout=PATIENCE, check=False)
    os.close(writer)
    with open_desk(workspace, clock=now) as desk:
        assert desk.desked("beijing-monthly", JUNE).number == 535
        assert "行日志没有写成，最近一次 stderr：" in desk.signs.last(LOG).told


@FILE
def test_who_minds_the_machine_sees_it_where_nobody_works_on_a_draft(workspace):
    from pipeline.model import Account, Role
    from pipeline.web import Office
    from pipeline.web.frame import frame

    def troubles(role: Role, path: str = "/") -> str:
        return "".join(frame(path, Account("x", "某人", role), office, desk).troubles)

    clock = [NOW]
    office = Office(workspace, lambda: open_desk(workspace, clock=lambda: NOW), lambda: clock[0], lambda *_: None)
    with office.opened() as desk:
        desk.signs.give(LOG, "3 行日志没有写成，最近一次 stderr：磁盘已满", NOW)
        assert "3 行日志没有写成" in troubles(Role.ADMIN)
        assert "日志" not in troubles(Role.APPROVER)
        assert "日志" not in troubles(Role.ADMIN, "/issues/beijing-monthly/2024-06-01")
        desk.signs.give(CLUSTER, "Dask 集群不可用，其余在本机完成", NOW)
        assert "请检查调度器和各工作机" in troubles(Role.ADMIN)
        clock[0] += dt.timedelta(days=8)
        assert "日志" not in troubles(Role.ADMIN), "what is over is not told for ever"
    office.close()

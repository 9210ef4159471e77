"""The doctor: finds what is wrong, says what to do, changes nothing, and never faints."""

import datetime as dt
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from pipeline import doctor
from pipeline.config import packaged
from pipeline.desk import Inline, open_desk
from pipeline.doctor import Condition, examine
from pipeline.model import BEIJING, Decision, Event, Notice, Outcome, Visit, Window
from pipeline.store.database import migrations

HEAD = ScriptDirectory.from_config(migrations()).get_current_head()
NOW = dt.datetime(2024, 7, 2, 9, 0, tzinfo=BEIJING)
JUNE = Window(dt.date(2024, 6, 1), dt.date(2024, 6, 30))
HOSPITAL = (
    "北京友谊医院近日上线智慧医疗平台，依托人工智能辅助诊断系统和电子病历共享，实现检查检验结果互认。",
    "平台打通了医院信息系统与北京市全民健康信息平台，患者可通过互联网医院在线复诊、预约检查。",
    "院方有关负责人表示，将继续推进智慧医院建设，推动远程医疗服务下沉社区。",
)


IN_A_FILE = pytest.mark.parametrize("new_place", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def quick(request, monkeypatch):
    """Leaves out what takes seconds: Prefect and LibreOffice have a test of their own."""
    if "thorough" not in request.fixturenames:
        slow = ("Prefect", "LibreOffice", "字体")
        monkeypatch.setattr(doctor, "CHECKS", {k: v for k, v in doctor.CHECKS.items() if k not in slow})


@pytest.fixture
def thorough():
    """Leaves nothing out."""


@pytest.fixture
def drafted(workspace, put):
    put("a", "北京友谊医院智慧医疗又有新进展", "2024-06-12", "北京日报", *HOSPITAL)
    with open_desk(workspace, clock=lambda: NOW) as desk:
        desk.run("beijing-monthly", JUNE, Inline())
    return workspace


def _contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in sorted(folder.rglob("*"))
    }


def _signs(workspace: Path, what: str = "", now: dt.datetime = NOW) -> list[tuple[str, str]]:
    """What the doctor says, as (condition, what: detail → fix); nothing in the workspace may change by it."""
    before = _contents(workspace)
    found = examine(workspace, now)
    assert _contents(workspace) == before
    return [(one.condition.chinese, f"{one.what}：{one.detail} → {one.fix}") for one in found if what in one.what]


def _bad(workspace: Path, now: dt.datetime = NOW) -> list[str]:
    return [told for condition, told in _signs(workspace, now=now) if condition == "故障"]


def test_a_sound_workspace_has_no_fault(drafted, where):
    assert _bad(drafted) == []
    ((_, monthly),) = _signs(drafted, "北京市卫生信息化舆情监测月报")
    assert "最近第五三四期，下一期窗口 2024-06-01…2024-06-30，草稿 1 份（2024-06-01…2024-06-30）" in monthly
    assert "已结束而未发布的窗口 1 个" in monthly
    told = " ".join(told for _, told in _signs(drafted, "数据库"))
    assert f"结构版本 {HEAD}" in told
    if isinstance(where, str):
        assert "PostgreSQL" in told
        assert "fsync=off" in told, "the tests' server runs without"
        assert "把服务器的 fsync 打开" in told
        return
    for word in ("SQLite", sqlite3.sqlite_version, "快速检查未见损坏"):
        assert word in told
    assert ("TRUNCATE（3.51.3 之前的 WAL 可能损坏数据，故不用）" in told) == (sqlite3.sqlite_version_info < (3, 51, 3))


@IN_A_FILE
def test_the_programs_it_works_with_are_asked_themselves(workspace, thorough):
    told = {one.what: one.detail for one in examine(workspace, NOW)}
    assert told["Prefect"].startswith("3.")
    assert "sqlalchemy 2.0." in told["依赖库"]
    if shutil.which("soffice"):
        assert told["LibreOffice"][0].isdigit()
    if shutil.which("fc-match"):
        assert "仿宋" in told["字体"]


def test_a_new_workspace_has_nothing_wrong_and_is_not_touched(workspace):
    assert _bad(workspace) == []
    assert _signs(workspace, "未检查") == []
    assert not (workspace / "data").exists()


def test_no_workspace_at_all_is_said(tmp_path):
    (only,) = _bad(tmp_path / "没有")
    assert "不是工作区" in only
    assert "bulletin init" in only
    ((condition, left),) = _signs(tmp_path, "未检查")
    assert condition == "提醒"
    assert "数据库" in left


def test_every_file_is_named_with_its_first_error(workspace):
    (workspace / "config" / "series.yaml").write_text("月报: [\n", "utf-8")
    with (workspace / "config" / "settings.yaml").open("a", encoding="utf-8") as file:
        file.write("\nouts: x\n")
    first, second = _bad(workspace)
    assert "settings.yaml:" in first
    assert "没有“outs”这一项设置 → 是不是 out" in first
    assert "series.yaml:2:1" in second


def _torn(database: Path) -> None:
    data = bytearray(database.read_bytes())
    for place in range(4096 * 3, len(data), 97):
        data[place] ^= 0xFF
    database.write_bytes(bytes(data))


def _foreign(database: Path) -> None:
    database.unlink()
    with sqlite3.connect(database) as other:
        other.execute("CREATE TABLE 别人的 (x)")
    other.close()


def _newer(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()


@IN_A_FILE
@pytest.mark.parametrize(
    ("harm", "said"),
    [
        pytest.param(lambda path: path.write_bytes(b"x" * 9000), "恢复最近的备份", id="no database"),
        pytest.param(_torn, "恢复最近的备份", id="torn pages"),
        pytest.param(_foreign, "不是本系统的数据库", id="somebody else's"),
        pytest.param(_newer, "是更新的版本写的", id="from the future"),
        pytest.param(lambda path: path.unlink(), "不要新建，否则期号会重复", id="lost"),
    ],
)
def test_a_database_that_cannot_be_used_is_a_fault(drafted, harm, said):
    harm(drafted / "data" / "desk.db")
    assert any(said in told and told.startswith("数据库") for told in _bad(drafted)), _bad(drafted)
    for condition, told in _signs(drafted):
        assert condition == "正常" or re.search("→ .*[一-鿿]", told), f"it does not say what to do: {told}"


@IN_A_FILE
def test_a_database_of_an_earlier_release_is_said_and_not_upgraded(drafted):
    with sqlite3.connect(drafted / "data" / "desk.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.close()
    assert ("提醒", f"数据库：结构版本 0001，下次运行时升级到 {HEAD} → 先备份") in _signs(drafted, "数据库")
    assert _bad(drafted) == []


def test_a_clock_that_went_back_is_a_fault(drafted):
    (told,) = _bad(drafted, now=NOW - dt.timedelta(days=40))
    assert told.startswith("时钟：数据库里最新的一笔是北京时间 2024-07-02 09:00，晚于现在")


def test_lost_blobs_are_a_fault_when_they_were_released_and_a_reminder_otherwise(drafted):
    pages = [path for path in (drafted / "data" / "blobs").rglob("*") if path.is_file()]
    with open_desk(drafted, clock=lambda: NOW) as desk:
        desked = desk.decide(
            desk.desked("beijing-monthly", JUNE),
            Decision("edit", "王编辑", NOW, "1", {"url": "https://news.bjd.com.cn/a.shtml"}),
        )
        desk.release(desked, "王编辑")
    assert _bad(drafted) == []
    for path in pages:
        path.unlink()
    assert [condition for condition, _ in _signs(drafted, "文件库")] == ["提醒"]
    shutil.rmtree(drafted / "data" / "blobs")
    assert [condition for condition, _ in _signs(drafted, "文件库")] == ["故障", "提醒"]
    shutil.rmtree(drafted / "out")
    ((_, pending),) = [one for one in _signs(drafted, "成品") if "没有写出" in one[1]]
    assert "3 个成品还没有写出" in pending


def test_a_file_in_the_way_of_a_folder_is_a_fault(workspace):
    (workspace / "out").write_text("挡路", "utf-8")
    (told,) = _bad(workspace)
    assert told.startswith("成品：")
    assert "不是文件夹" in told


def test_a_folder_that_cannot_be_written_is_a_fault(workspace, monkeypatch):
    access = os.access
    monkeypatch.setattr(doctor.os, "access", lambda path, mode: not mode & os.W_OK and access(path, mode))
    assert [told.partition("：")[0] for told in _bad(workspace)] == ["数据", "成品"]


def test_a_disk_that_fills_up_is_a_reminder(workspace, monkeypatch):
    nearly = shutil._ntuple_diskusage(100 * 1024**3, 99 * 1024**3, 1024**3 - 1)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: nearly)
    assert [condition for condition, told in _signs(workspace) if "腾出空间" in told] == ["提醒", "提醒"]


@IN_A_FILE
def test_a_calendar_of_working_days_that_is_not_known_yet_is_a_reminder(workspace):
    assert _signs(workspace, "工作日历") == []
    path = workspace / "config" / "series.yaml"
    path.write_text(path.read_text("utf-8").replace("window: monthly", "window: monthly\n  workday: true"), "utf-8")
    assert _signs(workspace, "工作日历") == [("正常", "工作日历：2024年的放假和调休安排已知 → ")]
    ((condition, told),) = _signs(workspace, "工作日历", NOW.replace(year=2090))
    assert condition == "提醒"
    assert told.startswith("工作日历：2090年的调休安排尚不可知")


@IN_A_FILE
def test_a_source_that_keeps_failing_and_a_setting_that_is_impolite_are_reminders(workspace):
    (workspace / "inbox").rmdir()
    for hours in (3, 2, 1):
        with open_desk(workspace, clock=lambda ago=hours: NOW - dt.timedelta(hours=ago)) as desk:
            with pytest.raises(Exception, match="inbox"):
                desk.harvest("inbox")
            desk.tell_silences()
    (workspace / "config" / "settings.yaml").write_text(
        "politeness: {robots: false}\nnotify: [{to: json://127.0.0.1}]\n", "utf-8"
    )
    reminders = [told for condition, told in _signs(workspace) if condition == "提醒"]
    assert any(told.startswith("信源：收件箱 连续 3 次未能采集：") for told in reminders)
    assert any("不遵守 robots.txt" in told for told in reminders)
    assert any("1 条待发，最早的：信源“收件箱”连续 3 次未能采集" in told for told in reminders)


def test_sources_that_are_empty_or_quieter_than_usual_are_reminders_too(workspace):
    kinds = {"empty": "改版的网站", "quiet": "停更的网站", "fine": "照常的网站"}
    lines = [f"- {{id: {one}, name: {name}, kind: feed, url: 'https://{one}.example/'}}" for one, name in kinds.items()]
    (workspace / "config" / "sources.yaml").write_text("\n".join(lines), "utf-8")
    with open_desk(workspace, clock=lambda: NOW) as desk:
        for day in range(30, 0, -1):
            when = NOW - dt.timedelta(days=day)
            for one in kinds:
                fresh = 1 if one == "fine" or day > 12 else 0
                outcome = Outcome.EMPTY if one == "empty" and day <= 2 else Outcome.OK
                desk.leads.remember(one, desk.leads.asked(one), Visit(one, when, outcome, "", 5, fresh))
    reminders = [told for condition, told in _signs(workspace) if condition == "提醒" and told.startswith("信源")]
    assert [told.split("：")[1] for told in reminders] == [
        "改版的网站 连续 2 次没有给出线索，可能已改版", "停更的网站 比平时安静，可能已改版或停更",
    ]  # fmt: skip


def test_a_notice_nobody_got_is_a_reminder(workspace):
    (workspace / "config" / "settings.yaml").write_text(
        "notify:\n  - to: env:NOT_SET\n    events: [run-failed]\n", "utf-8"
    )
    with open_desk(workspace, clock=lambda: NOW) as desk:
        desk.notices.post(Notice("k", Event.RUN_FAILED, "没有送到的", "", NOW - dt.timedelta(days=4)))
        assert len(desk.send_notices()) == 1
    told = _signs(workspace, "通知")
    assert any("1 条没有送到，最近的：没有送到的" in one for _, one in told)
    assert any(condition == "故障" and "环境变量 NOT_SET 没有设置" in one for condition, one in told)
    assert any("“草稿已生成”没有人收" in one for _, one in told)


def test_a_variable_nothing_reads_is_a_reminder(workspace, monkeypatch):
    monkeypatch.setenv("BULLETIN_WROKERS", "3")
    monkeypatch.setenv("BULLETIN_WORKERS", "3")
    monkeypatch.setenv("BULLETIN_EDITOR", "王编辑")
    assert [(condition, told.partition(" ")[0]) for condition, told in _signs(workspace, "环境变量")] == [
        ("正常", "环境变量：BULLETIN_WORKERS"),
        ("提醒", "环境变量：BULLETIN_WROKERS"),
    ]


def test_a_library_that_breaks_prefect_is_a_fault(workspace, monkeypatch):
    version = doctor.importlib.metadata.version
    monkeypatch.setattr(
        doctor.importlib.metadata, "version", lambda name: "2.1.0" if name == "sqlalchemy" else version(name)
    )
    (told,) = _bad(workspace)
    assert "sqlalchemy 2.1.0 不合用" in told


def test_a_check_that_breaks_is_a_fault_and_the_others_go_on(workspace, monkeypatch):
    def faint(patient):
        raise ZeroDivisionError("没有想到")

    monkeypatch.setattr(doctor, "CHECKS", {"先": faint, **doctor.CHECKS})
    first, *others = examine(workspace, NOW)
    assert (first.what, first.condition) == ("先", Condition.FAULT)
    assert "ZeroDivisionError：没有想到" in first.detail
    assert len(others) > 10


def test_the_command_says_it_in_lines_or_json_and_with_its_exit_code(workspace, bulletin):
    code, out, err = bulletin("-C", workspace, "doctor")
    assert code == 0, out
    assert "正常  配置  settings.yaml" in out.splitlines()
    assert "故障 0 项" in err
    (workspace / "config" / "sources.yaml").write_text("[]\n", "utf-8")
    code, out, _ = bulletin("-C", workspace, "doctor", "--json")
    assert code == 1
    (fault,) = [one for one in json.loads(out) if one["condition"] == "fault"]
    assert (fault["what"], fault["fix"]) == ("信源", "试一遍，能用的会启用：bulletin sources check --all --write")


@IN_A_FILE
def test_a_terminal_without_chinese_is_told_so_in_english(workspace):
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    code = "from pipeline import cli, doctor; doctor.CHECKS = dict([list(doctor.CHECKS.items())[6]]); cli.main()"
    ended = subprocess.run(
        [sys.executable, "-c", code, "doctor"], env=environment, cwd=workspace, capture_output=True, check=False
    )
    assert b"shows no Chinese: export LANG=C.UTF-8" in ended.stderr
    assert b"Traceback" not in ended.stderr


def test_a_lost_original_of_an_imported_issue_is_a_fault(workspace):
    with open_desk(workspace, clock=lambda: NOW) as desk:
        desk.file(packaged("seeds") / "003_885bb48bbbd89533.txt", "王编辑")
    assert _signs(workspace, "文件库") == [("正常", "文件库：1 个文件都在 → ")]
    (original,) = (path for path in (workspace / "data" / "blobs").rglob("*") if path.is_file())
    original.unlink()
    assert [told for told in _bad(workspace) if "导入的原件不见了" in told]


@pytest.mark.parametrize("switch", ["render", "render_pages"])
def test_a_source_that_needs_a_browser_where_there_is_none_is_a_fault(workspace, monkeypatch, switch):
    sources = workspace / "config" / "sources.yaml"
    text = f"- {{id: app, name: 动态列表, kind: listing, url: 'https://a.example/', links: a, {switch}: true}}\n"
    sources.write_text(text, "utf-8")
    monkeypatch.setattr("pipeline.fetch.browser._program", lambda: "/usr/bin/chromium")
    assert _bad(workspace) == []
    monkeypatch.setattr("pipeline.fetch.browser._program", lambda: "")
    (only,) = _bad(workspace)
    assert "动态列表要用浏览器读取，本机没有 Chromium" in only
    assert "apt-get install chromium" in only
    sources.write_text(
        text.replace("id: app", "enabled: false, id: app") + "- {id: in, name: 收件箱, kind: folder, path: inbox}\n",
        "utf-8",
    )
    assert _bad(workspace) == []
    assert any("本机没有 Chromium；没有信源要用" in told for _, told in _signs(workspace, "浏览器"))

"""How a command ends: every exit code that the command line promises, and never a traceback unless it is asked for."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli import issues, runs

SERIES = "beijing-monthly"
JUNE = ("--month", "2024-06")
HOSPITAL = (
    "北京友谊医院近日上线智慧医疗平台，依托人工智能辅助诊断系统和电子病历共享，实现检查检验结果互认。",
    "平台打通了医院信息系统与北京市全民健康信息平台，患者可通过互联网医院在线复诊、预约检查、查询电子病历。",
)
FILE = pytest.mark.parametrize("new_place", ["sqlite"], indirect=True)


@FILE
def test_each_exit_code_says_what_it_is_said_to(workspace, put, bulletin):
    here = ("-C", workspace)
    assert bulletin(*here, "config", "check")[0] == 0
    assert bulletin(*here, "import-issue", workspace / "没有.docx")[0] == 1
    assert bulletin(*here, "draft", "show", "no-such-series")[0] == 2
    assert bulletin(*here, "run", SERIES, *JUNE, "--engine", "inline")[0] == 4, "nothing in the window"
    put("a", "北京友谊医院上线智慧医疗平台 检查结果实现互认", "2024-06-12", "北京日报", *HOSPITAL)
    with (workspace / "config" / "sources.yaml").open("a", encoding="utf-8") as sources:
        sources.write("- {id: north, name: 北方网, kind: folder, path: north}\n")
    code, out, _ = bulletin(*here, "run", SERIES, *JUNE, "--engine", "inline")
    assert (code, "北京友谊医院" in out) == (3, True), "done, but a source failed"
    code, _, err = bulletin(*here, "release", SERIES, *JUNE, "--engine", "inline")
    assert (code, "Traceback" in err) == (5, False), "a link is missing"


@FILE
def test_a_window_that_has_not_begun_is_refused_and_takes_no_number(workspace, bulletin):
    code, out, err = bulletin("-C", workspace, "run", SERIES, "--month", "9998-01", "--engine", "inline")
    assert (code, out) == (2, "")
    assert "9998-01-01…9998-01-31 还没有开始。请核对 --month 或 --week。" in err
    assert bulletin("-C", workspace, "draft", "list")[1] == ""


def test_what_nobody_foresaw_is_one_sentence_with_its_place_and_a_traceback_only_when_asked_for(bulletin, monkeypatch):
    def broken() -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(runs, "opened", broken)
    monkeypatch.setattr(issues, "opened", broken)
    code, out, err = bulletin("issue", "list")
    assert (code, out) == (1, "")
    assert err.startswith("bulletin: 程序出错，没有做完（ZeroDivisionError：division by zero，")
    assert err.count("\n") == 1
    with pytest.raises(ZeroDivisionError):
        bulletin("--debug", "issue", "list")


@FILE
def test_a_result_that_cannot_be_written_is_a_failure_in_one_sentence(workspace):
    with Path("/dev/full").open("w") as full:
        told = subprocess.run(
            [sys.executable, "-m", "pipeline", "-C", workspace, "config", "show"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert (told.returncode, told.stderr) == (
        1,
        "bulletin: 结果写不出去：磁盘已满。请换一个写得下的地方，再运行一次。\n",
    )

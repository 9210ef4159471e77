"""`bulletin init`: a workspace from a few answers, asked in a terminal, given as options, or all by default."""

import os
import pty
import re
import select
import subprocess
import sys

import pytest

from patience import PATIENCE
from pipeline.config import load, packaged
from pipeline.config.starting import presets


def _series(folder):
    return {key: (one.title, one.last.number, one.last.window, one.place) for key, one in load(folder).series.items()}


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    """Runs `bulletin init` in a terminal, and answers its questions in order; gives the folder and what was shown."""

    def talk(*answers):
        folder = tmp_path_factory.mktemp("terminal") / "office"
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "pipeline", "init", str(folder)]
        with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True) as asked:
            os.close(theirs)
            shown, waiting = b"", list(answers)
            while select.select([ours], [], [], 20)[0]:
                try:
                    got = os.read(ours, 4096)
                except OSError:  # Linux says so when the other end is closed
                    break
                shown += got
                if waiting and shown.rstrip(b" ").endswith(b":"):
                    os.write(ours, waiting.pop(0).encode() + b"\n")
            assert asked.wait(PATIENCE) == 0, shown.decode()
        os.close(ours)
        return folder, shown.decode()

    return talk


def test_a_terminal_is_asked_the_few_questions_and_asked_again_for_what_cannot_be_meant(talk):
    folder, shown = talk(
        *("beijng", "beijing", "某区卫生健康信息中心", "某区医疗数字化简报", "某区医疗数字化月报"),
        *("智慧医疗", "十二", "12@2026-09", "editor@example.cn"),
    )
    assert "[both]" in shown
    assert "请写 beijing、national" in shown
    assert "看不出“某区医疗数字化简报”是月刊还是周刊" in shown
    assert "“十二”看不懂。请写成期号@时段，如 534@2024-05" in shown
    assert _series(folder) == {"monthly": ("某区医疗数字化月报", 12, "2026-09", "")}
    one = load(folder).series["monthly"]
    assert (one.issuer, one.topic, one.unit) == ("某区卫生健康信息中心", "智慧医疗", "月报")
    assert load(folder).settings.politeness.user_agent == "bulletin-desk/0.1 (+editor@example.cn)"
    assert "bulletin sources check --all" in shown


def test_without_a_terminal_the_defaults_are_taken_and_said(tmp_path, bulletin):
    code, _, err = bulletin("init", tmp_path / "w")
    assert code == 0
    assert "北京市卫生信息化舆情监测月报（beijing-monthly）：从第534期（2024-05）之后接着编" in err
    for name in ("series", "settings", "scope", "outlets"):
        packed = packaged("config") / f"{name}.yaml"
        assert (tmp_path / "w" / "config" / packed.name).read_text("utf-8") == packed.read_text("utf-8")


def test_options_answer_and_the_comments_of_the_sample_stay(tmp_path, bulletin):
    said = (
        "--preset", "both", "--office", "某中心", "--topic", "医疗信息化",
        "--series", "beijing-monthly=北京医疗信息化月报", "--last", "7@2026-08",
        "--series", "医疗信息化周报", "--last", "3@2026-11-10",
    )  # fmt: skip
    assert bulletin("init", tmp_path / "w", "--yes", *said)[0] == 0
    assert _series(tmp_path / "w") == {
        "beijing-monthly": ("北京医疗信息化月报", 7, "2026-08", "beijing"),
        "weekly": ("医疗信息化周报", 3, "2026-11-13", ""),
    }
    text = (tmp_path / "w" / "config" / "series.yaml").read_text("utf-8")
    remarks = [line for line in (packaged("config") / "series.yaml").read_text("utf-8").splitlines() if line[:1] == "#"]
    assert [line for line in text.splitlines() if line[:1] == "#"] == remarks


@pytest.mark.parametrize("preset", presets())
def test_every_preset_makes_a_workspace_whose_configuration_is_good(preset, tmp_path, bulletin):
    assert bulletin("init", tmp_path / "w", "--preset", preset, "--yes")[0] == 0
    code, out, _ = bulletin("-C", tmp_path / "w", "config", "check")
    assert (code, "all good" in out) == (0, True)
    assert not any(one.enabled for one in load(tmp_path / "w").sources), "nothing is asked before somebody tried it"


def test_a_bulletin_that_was_never_put_out_begins_with_its_first_issue(tmp_path, bulletin):
    assert bulletin("init", tmp_path / "w", "--series", "某市医疗月报", "--yes")[0] == 0
    (one,) = load(tmp_path / "w").series.values()
    assert one.last.number == 0
    assert re.fullmatch(r"20\d\d-\d\d", one.last.window)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (("--preset", "bejing"), "没有预设“bejing”"),
        (("--series", "简报"), "看不出“简报”是月刊还是周刊"),
        (("--series", "甲月报", "--last", "5"), "“5”看不懂。请写成期号@时段"),
        (("--series", "甲周报", "--last", "5@2024-05"), "如 635@2025-08-01"),
        (("--series", "甲月报", "--last", "1@2024-05", "--last", "2@2024-05"), "--last 比期刊多"),
        (("--series", "a=甲月报", "--series", "a=乙月报"), "两种期刊都叫“a”"),
        (("--series", "甲 b=甲月报"), "代号“甲 b”不合适"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_an_answer_that_cannot_be_meant_is_refused_and_nothing_is_written(said, told, tmp_path, bulletin):
    code, _, err = bulletin("init", tmp_path / "w", *said)
    assert (code, told in err) == (2, True), err
    assert not (tmp_path / "w").exists()


def test_a_configuration_that_is_there_is_not_written_over_and_nothing_is_left_of_the_attempt(tmp_path, bulletin):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "series.yaml").write_text("{}\n", "utf-8")
    code, _, err = bulletin("init", tmp_path, "--yes")
    assert (code, "已经存在，没有改动任何东西" in err) == (2, True)
    assert [path.name for path in tmp_path.rglob("*")] == ["config", "series.yaml"]

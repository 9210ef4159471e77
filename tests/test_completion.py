"""What a shell offers at the tab key: the office's own series, sources and issues, in bash and in zsh."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from offices import SERIES, office_with_two_issues, without_libreoffice

PROGRAM = Path(sys.executable).with_name("bulletin")


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """An office that put out 535 and 536."""
    folder = tmp_path_factory.mktemp("completion") / "office"
    with without_libreoffice():
        office_with_two_issues(folder)
    return folder


@pytest.fixture
def asked(bulletin, monkeypatch):
    """What the program tells a shell that asks how a line may go on, as the shell's script asks it."""

    def asked(shell: str, line: str, folder: Path) -> str:
        words = line.split(" ")
        monkeypatch.chdir(folder)
        monkeypatch.setenv("_BULLETIN_COMPLETE", f"complete_{shell}")
        monkeypatch.setenv("COMP_WORDS", "\n".join(words))
        monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
        monkeypatch.setenv("_TYPER_COMPLETE_ARGS", line)
        code, out, err = bulletin()
        assert (code, err) == (0, "")
        return out

    return asked


def test_bash_is_offered_what_the_office_has_by_the_script_that_it_is_given(office, tmp_path):
    bash = shutil.which("bash")
    script = tmp_path / "completion.bash"
    given = {**os.environ, "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}"}
    # which shell it is for is told by the one that started it; with nothing to do after it bash would be gone by then
    subprocess.run([bash, "--norc", "-c", f"bulletin --show-completion > {script}; :"], env=given, check=True)
    ask = f"""
source {script}
ask() {{
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
    _bulletin_completion bulletin
    echo "${{COMPREPLY[*]}}"
}}
ask bulletin issue show {SERIES} ''
"""
    told = subprocess.check_output(
        [bash, "--norc", "-c", ask], env=given, cwd=office, text=True, stderr=subprocess.STDOUT
    )
    assert told.splitlines() == ["536 535"]


def test_zsh_is_told_beside_each_what_it_is(asked, office):
    assert '"inbox"' in asked("zsh", "bulletin sources check in", office)
    told = asked("zsh", "bulletin issue missed ", office)
    assert '"beijing-monthly":"北京市卫生信息化舆情监测月报"' in told
    told = asked("zsh", f"bulletin issue missed {SERIES} 53", office)
    assert '"536":"2024-07-01…2024-07-31"' in told


def test_outside_a_workspace_and_where_nothing_can_be_read_nothing_is_offered_and_nothing_said(asked, office, tmp_path):
    assert asked("bash", "bulletin draft show ", tmp_path).strip() == ""
    assert asked("bash", f"bulletin -C {office} draft show nat", tmp_path).strip() == "national-weekly"
    broken = shutil.copytree(office, tmp_path / "broken")
    (broken / "data" / "desk.db").write_bytes(b"no database")
    assert asked("bash", f"bulletin issue show {SERIES} ", broken).strip() == ""
    (broken / "config" / "series.yaml").write_text("{", "utf-8")
    assert asked("bash", "bulletin draft show ", broken).strip() == ""

"""The command line on machines in a bad way: no locale, a full log, nobody who reads, somebody who stops it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from drills.kills import july
from drills.life import SERIES, Life, begin, opened
from patience import PATIENCE
from pipeline.desk import open_desk
from pipeline.model import Phase, State

JUNE = (SERIES, "--month", "2024-06", "--engine", "inline")


@pytest.fixture(scope="module")
def bare() -> dict[str, str]:
    """An environment without a locale and without LibreOffice."""
    return {"LC_ALL": "C", "HOME": os.environ["HOME"], "PATH": "/nonexistent"}


def test_a_run_goes_on_without_a_locale_a_reader_or_room_for_its_log_in_a_folder_with_spaces(
    tmp_path: Path, bare: dict[str, str]
) -> None:
    folder = tmp_path / "卫健委 舆情（二室）" / "月 报"
    begin(folder)
    reading, writing = os.pipe()
    os.close(reading)  # as `bulletin … | head -0` does
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "pipeline", "--verbose", "-C", str(folder), "run", *JUNE],
            stdin=subprocess.DEVNULL, stdout=writing, stderr=full, env=bare, timeout=PATIENCE, check=False,
        )  # fmt: skip
    os.close(writing)
    assert done.returncode == 0
    with opened(folder) as desk:
        (issue,) = desk.issues.all(SERIES)
        assert (issue.number, len(issue.draft.chosen)) == (535, 1)


@pytest.mark.parametrize("encoding", ["ascii", "gbk"])
def test_a_terminal_that_knows_no_utf8_gets_codes_and_no_traceback(
    tmp_path: Path, bare: dict[str, str], encoding: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "-C", str(tmp_path / "没有㐂"), "run", SERIES],
        capture_output=True, env={**bare, "PYTHONIOENCODING": encoding}, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    said = done.stderr.decode(encoding)
    assert "bulletin init" in said
    assert "Traceback" not in said
    assert ("不是工作区" if encoding == "gbk" else r"\u4e0d\u662f\u5de5\u4f5c\u533a") in said


def test_what_is_listed_for_somebody_who_stops_reading_ends_in_silence(tmp_path: Path, bare: dict[str, str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "schedule", "--help"],
        stdout=writing, stderr=subprocess.PIPE, cwd=tmp_path, env=bare, timeout=PATIENCE, check=False,
    )  # fmt: skip
    os.close(writing)
    assert done.stderr == b""


def test_without_stdin_stdout_and_stderr_nothing_is_written_into_a_file_in_their_place(
    tmp_path: Path, bare: dict[str, str]
) -> None:
    folder = tmp_path / "desk"
    begin(folder)
    command = f"exec {sys.executable} -m pipeline --verbose -C {folder} run {' '.join(JUNE)} <&- >&- 2>&-"
    done = subprocess.run(["/bin/sh", "-c", command], env=bare, timeout=PATIENCE, check=False)
    assert done.returncode == 0
    with opened(folder) as desk:
        assert [one.number for one in desk.issues.all(SERIES)] == [535]


STOPPED = """
    import sys, time
    from pathlib import Path
    from unittest.mock import patch
    from pipeline.cli import main
    from pipeline.desk import Desk

    verb, mark = sys.argv.pop(), Path(sys.argv.pop())

    def stands_still(*_):
        mark.touch()
        time.sleep(600)

    with patch.object(Desk, verb, stands_still):
        main()
"""


@pytest.mark.parametrize(("verb", "command"), [("propose", "run"), ("_names_are_free", "release")])
def test_who_asks_it_to_stop_waits_no_ten_seconds_and_finds_everything_as_it_was(
    life: Life, tmp_path: Path, bare: dict[str, str], verb: str, command: str
) -> None:
    # a machine that stands still meanwhile is not our promise
    took = (_stopped_after(life, tmp_path / f"stands still {again}", bare, verb, command) for again in range(3))
    assert any(seconds < 10 for seconds in took)
    with open_desk(life.folder, clock=july) as desk:
        if command == "run":
            assert desk.issues.all(SERIES) == []
            assert desk.standing(desk.series(SERIES))[0].phase is Phase.FAILED, "given back, not held for its lease"
        else:
            assert [one.state for one in desk.issues.all(SERIES)] == [State.DRAFT]


def _stopped_after(life: Life, mark: Path, bare: dict[str, str], verb: str, command: str) -> float:
    """The seconds that a command which stands still in a verb needs to end."""
    life.again(command)
    running = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(STOPPED), "-C", str(life.folder), command, *JUNE, str(mark), verb],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=bare,
    )  # fmt: skip
    try:
        while not mark.exists():
            assert running.poll() is None
            time.sleep(0.02)
        running.send_signal(signal.SIGTERM)
        begun = time.monotonic()
        assert running.wait(PATIENCE) == 130
        return time.monotonic() - begun
    finally:
        running.kill()
        running.wait()


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Life:
    """A workspace that can be put back to what each step begins from."""
    return Life(tmp_path_factory.mktemp("life"))

"""What LibreOffice can do wrong, played by programs of its name: the pages are estimated then, and no PDF is made."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog

from patience import until
from pipeline.config import packaged
from pipeline.errors import NotConverted
from pipeline.libreoffice import convert
from pipeline.outputs import Context
from pipeline.outputs.pages import page_numbers, to_pdf
from pipeline.outputs.pdf import Pdf
from pipeline.outputs.word import render_docx
from sample_issues import issue_535

TEMPLATE = packaged("templates") / "gongwen.docx"
MADE = 'while [ $# -gt 1 ]; do [ "$1" = --outdir ] && mkdir -p "$2" && made="$2/given.pdf"; shift; done\n'
FAULTS = {
    "it crashes": "kill -SEGV $$",
    "it makes nothing": "exit 0",
    "it says that it failed": "exit 77",
    "it makes an empty file": MADE + ': > "$made"',
    "it makes something else": MADE + 'echo hello > "$made"',
    "it dies while it writes": MADE + "printf '%%PDF-1.6\\n1 0 obj\\n<</Type/Catalog' > \"$made\"; kill -KILL $$",
}

Play = Callable[[str], Path]


@pytest.fixture
def play(tmp_path, monkeypatch) -> Play:
    """Puts a program called soffice before all others, and gives its place."""

    def play(script: str) -> Path:
        place = tmp_path / "bin" / "soffice"
        place.parent.mkdir(exist_ok=True)
        place.write_text(f"#!/bin/sh\n{script}\n" if script else "\x7fELF", encoding="utf-8")
        place.chmod(0o755)
        monkeypatch.setenv("PATH", f"{place.parent}:{os.environ['PATH']}")
        return place

    return play


@pytest.fixture(scope="module")
def estimated() -> dict[str, int]:
    return page_numbers(issue_535(), TEMPLATE, estimate_only=True)


@pytest.mark.parametrize("script", [*FAULTS.values(), ""], ids=[*FAULTS, "it is no program"])
def test_whatever_it_does_wrong_the_pages_are_estimated_and_the_log_says_why(script, play, estimated) -> None:
    play(script)
    with structlog.testing.capture_logs() as told:
        assert page_numbers(issue_535(), TEMPLATE) == estimated
    assert {"conversion_failed", "pdf_unreadable"} & {line["event"] for line in told}
    assert told[-1]["event"] == "pages_estimated"


@pytest.mark.parametrize("script", FAULTS.values(), ids=FAULTS)
def test_whatever_it_does_wrong_no_broken_pdf_is_given_out(script, play) -> None:
    play(script)
    with pytest.raises(NotConverted, match="LibreOffice"):
        Pdf().render(issue_535(), Context(templates=TEMPLATE.parent))


def test_without_it_an_editor_who_wants_a_pdf_is_told_what_to_install(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotConverted, match=r"没有安装.*apt-get install libreoffice-writer"):
        Pdf().render(issue_535(), Context(templates=TEMPLATE.parent))


def test_one_that_hangs_is_ended_with_everything_it_started(play, tmp_path) -> None:
    child = tmp_path / "child"
    play(f'sleep 300 & echo $! > "{child}"; wait')
    started = time.monotonic()
    with structlog.testing.capture_logs() as told:
        assert convert(b"PK", "docx", "pdf", seconds=0.5) == b""
    assert time.monotonic() - started < 60, "five minutes, if it were waited for"
    assert [line["reason"] for line in told] == ["soffice took too long"]
    assert _ended(int(child.read_text()))


def test_one_that_is_done_leaves_nobody_behind_and_nothing_on_the_disk(play, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "room"))
    (tmp_path / "room").mkdir()
    child = tmp_path / "child"
    play(f'(sleep 300) & echo $! > "{child}"; {MADE} printf made > "$made"')
    assert convert(b"PK", "docx", "pdf") == b"made"
    assert _ended(int(child.read_text()))
    assert list((tmp_path / "room").iterdir()) == []


def _ended(pid: int) -> bool:
    """Whether a process is gone, or waits only to be counted, soon."""
    stat = Path(f"/proc/{pid}/stat")
    return until(lambda: not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] in "ZX")


def test_without_room_to_work_in_the_pages_are_estimated(play, monkeypatch, estimated) -> None:
    play("exit 0")
    monkeypatch.setattr(tempfile, "tempdir", "/proc/no-such-folder")
    assert page_numbers(issue_535(), TEMPLATE) == estimated


@pytest.mark.usefixtures("libreoffice")
def test_two_at_once_do_not_disturb_each_other_nor_does_a_home_that_cannot_be_used(monkeypatch) -> None:
    monkeypatch.setenv("HOME", "/proc/1/no-such-home")
    document, made = render_docx(issue_535(), template=TEMPLATE), []
    threads = [threading.Thread(target=lambda: made.append(to_pdf(document))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one[:5] for one in made] == [b"%PDF-", b"%PDF-"]

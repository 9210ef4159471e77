"""The same issue gives the same bytes in another process, wherever and however that one was started."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_SAYS = """
import dataclasses, hashlib, io, os
from PIL import Image
os.umask({umask})
from pipeline.config import packaged
from pipeline.model import Block, Kind
from pipeline.outputs import FORMATS, Context
from sample_issues import every_kind, findings, issue_535
picture = io.BytesIO()
Image.new("RGB", (120, 80), "#336699").save(picture, "PNG")
shown = dataclasses.replace(issue_535().items[0], blocks=(Block(Kind.FIGURE, "图", blob="a" * 64),))
pictured = dataclasses.replace(issue_535(), items=(shown, *issue_535().items[1:]))
released = Context(templates=packaged("templates"), pictures=lambda blob: picture.getvalue())
draft = dataclasses.replace(released, draft=True, revision=3, findings=findings())
for suffix, output in FORMATS.items():
    if output.repeatable:
        for issue in (every_kind(), pictured):
            for context in (released, draft):
                print(suffix, hashlib.sha256(output.render(issue, context)).hexdigest())
"""
ELSEWHERE = [
    {"PYTHONHASHSEED": "1", "TZ": "America/New_York", "LC_ALL": "C", "umask": "0o077"},
    {"PYTHONHASHSEED": "2", "TZ": "Pacific/Kiritimati", "LC_ALL": "C.UTF-8", "umask": "0", "PYTHONUTF8": "1"},
]


def test_neither_seed_nor_zone_nor_language_nor_rights_nor_folder_changes_a_byte(tmp_path) -> None:
    running = []
    for number, settings in enumerate(ELSEWHERE):
        (tmp_path / str(number)).mkdir()
        running.append(
            subprocess.Popen(
                [sys.executable, "-c", _SAYS.format(umask=settings["umask"])],
                cwd=tmp_path / str(number),
                env={**os.environ, **settings, "PYTHONPATH": os.pathsep.join([str(ROOT / "tests"), str(ROOT)])},
                stdout=subprocess.PIPE,
                text=True,
            )
        )
    first, second = (one.communicate()[0].splitlines() for one in running)
    assert [one.returncode for one in running] == [0, 0]
    assert first == second
    made = {line.split()[0] for line in first}
    assert {"docx", "md"} <= made
    assert len(set(first)) == 4 * len(made)  # two issues, each as a draft and as a release

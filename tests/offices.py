"""Workspaces with issues that are out, made without collecting anything."""

from __future__ import annotations

import dataclasses
import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from drafts import article, draft
from pipeline import libreoffice
from pipeline.config import packaged
from pipeline.desk import Desk, now, open_desk
from pipeline.model import Block, Candidate, Decision, Desked, Kind, Rating, Verdict
from pipeline.store import Blobs

SERIES = "beijing-monthly"
_IN = Rating(0.92, Verdict.IN, ("命中：互联网医院",))


@contextmanager
def without_libreoffice() -> Iterator[None]:
    """Page numbers are estimated: a release takes a tenth of the time."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(libreoffice, "program", lambda: "")
        yield


def _picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (60, 40), "#336699").save(file, "PNG")
    return file.getvalue()


def workspace(folder: Path, database: str = "") -> None:
    """A workspace with the packaged configuration and templates of its own."""
    shutil.copytree(packaged("config"), folder / "config")
    shutil.copytree(packaged("templates"), folder / "templates", ignore=shutil.ignore_patterns("web"))
    if database:
        settings = folder / "config" / "settings.yaml"
        lines = settings.read_text("utf-8").split("\n")
        lines = [f"database: {database}" if line.startswith("database:") else line for line in lines]
        settings.write_text("\n".join(lines), "utf-8")


def drafted(desk: Desk, month: int, name: str, series: str = SERIES) -> Desked:
    """A draft of one illustrated article, with nothing that keeps it from release."""
    blob = Blobs(desk.config.data / "blobs").put(_picture())
    shown = (
        Block(Kind.PARAGRAPH, f"{name}医院的互联网医院近日上线，市民可以在线复诊。"),
        Block(Kind.FIGURE, "大厅", src="https://news.bjd.com.cn/a.png", blob=blob),
        Block(Kind.CAPTION, f"{name}医院门诊大厅。"),
    )
    one = article(name, f"2024-{month:02}-10", blocks=shown)
    assert one.date is not None
    begun = dataclasses.replace(
        draft(Candidate(f"h{month}", (one,), _IN), chosen=(f"h{month}",)),
        series=series,
        window=desk.series(series).window_of(one.date),
    )
    return desk.issues.begin(begun, Decision("generate", "系统", now()), desk.last(desk.series(series)))


def office_with_two_issues(folder: Path, database: str = "") -> None:
    """A workspace that put out 535 and 536."""
    workspace(folder, database)
    with open_desk(folder, clock=now) as desk:
        for month, name in ((6, "友谊"), (7, "同仁")):
            desk.release(drafted(desk, month, name), "王编辑")

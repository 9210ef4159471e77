"""Plays a whole issue on the demo web: a workspace, a run, an editor's decisions, the release.

Everything goes through the command line an operator and an editor would use; only the workspace's configuration
knows that the outlets live on this machine.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.config import load, packaged
from pipeline.demo.site import DemoWeb
from pipeline.demo.workspace import MARKER, write_workspace
from pipeline.errors import UsageError

Bulletin = Callable[..., int]


@dataclass(frozen=True, slots=True)
class Scene:
    """One issue that the demo can put out."""

    series: str
    option: str
    window: str
    number: int
    imports: tuple[str, ...] = ()
    """Old issues, as files of `seeds`, that are in the archive before it."""


SCENES = (
    Scene("beijing-monthly", "--month", "2024-05", 534),
    Scene("beijing-monthly", "--month", "2024-06", 535, ("003_885bb48bbbd89533.txt",)),
    Scene("national-weekly", "--week", "2025-08-08", 636),
)


def play(folder: Path, *, month: str, week: str, engine: str, bulletin: Bulletin, serve: bool = False) -> int:
    """Puts out one issue in a fresh workspace at `folder`; `bulletin` runs a command line, and gives its exit code.

    With `serve` it stops at the draft and opens the review page, the outlets staying up until that is left.
    Returns the exit code of the first step that failed, else 0.
    """
    scene = _scene(month, week)
    if folder.exists():
        if not (folder / MARKER).is_file():
            raise UsageError(f"{folder} exists and is not the demo's.", "Choose another --folder.")
        shutil.rmtree(folder)
    started = time.monotonic()
    _say("演示：十二家网站开在本机上，另有三个信源是坏的，看系统怎样应付。")
    with DemoWeb() as web:
        write_workspace(folder, web, number=scene.number, served=serve)
        if serve:
            _at_hand(load(folder).settings.web.listen)
        here = ("-C", str(folder))
        window = (scene.option, scene.window)
        decisions = Path(__file__).parent / "decisions" / f"{scene.number}.yaml"
        steps: list[tuple[tuple[str, ...], tuple[int, ...]]] = [
            *((("import-issue", str(packaged("seeds") / one), "--as", "王编辑"), (0,)) for one in scene.imports),
            # the demo's dead sources make it 3: done, but some sources failed
            (("run", scene.series, *window, "--engine", engine), (0, 3)),
        ]
        if serve:
            # the demo's news is of another year: the clock has nothing to make of today's
            steps += [
                (("schedule", "pause", one.series, "--reason", "演示", "--as", "demo"), (0,)) for one in SCENES[1:]
            ]
            steps += [(("serve",), (0,))]
        else:
            steps += [
                (("draft", "apply", scene.series, str(decisions), *window), (0,)),
                (("draft", "check", scene.series, *window), (0,)),
                (("draft", "export", scene.series, *window, "--to", str(folder / "draft")), (0,)),
                (("release", scene.series, *window, "--as", "demo", "--engine", engine), (0,)),
            ]
        for arguments, expected in steps:
            code = bulletin(*here, *arguments)
            if code not in expected:
                return code
    if serve:
        return 0
    _say(f"用时 {time.monotonic() - started:.0f} 秒。成品在 {folder / 'out'}，带批注的送审稿在 {folder / 'draft'}。")
    _say("想在网页上自己审稿、发布，请用：bulletin demo --serve")
    return 0


def _at_hand(address: str) -> None:
    """Raises `UsageError` when the review page could not be opened there, before a minute went into its draft."""
    from pipeline.web import listening  # a third of a second, which the demo without the page does not need

    try:
        listening(address).close()
    except UsageError as error:
        another = "BULLETIN_WEB__LISTEN=127.0.0.1:8766 bulletin demo --serve"
        raise UsageError(error.message, f"请换一个地址：{another}") from None


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - the demo's own words


def _scene(month: str, week: str) -> Scene:
    if not month and not week:
        month = "2024-06"
    for scene in SCENES:
        if scene.window == (month or week) and (scene.option == "--month") == bool(month):
            return scene
    known = ", ".join(f"{scene.option} {scene.window}" for scene in SCENES)
    raise UsageError("The demo web has no such issue.", f"Known: {known}.")

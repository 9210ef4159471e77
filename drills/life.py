"""A workspace as small as can be, its life in steps, and what has to hold whatever happened to a step.

Three pages of June 2024: one that is printed, its reprint, one about something else. They become issue 535, which is
released, corrected and withdrawn; half a year later what no issue needs is forgotten. A step that is done again
leaves out what is there already, as people do who look first.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import pickle
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from unittest.mock import patch

from drills.kills import july, prepare
from drills.postgres import Server
from pipeline.desk import Desk, Proof, open_desk, verify
from pipeline.desk.relating import MARGIN
from pipeline.errors import Busy, DeskError
from pipeline.executor import Children
from pipeline.executor.children import Packed
from pipeline.model import BEIJING, Clock, Decision, Desked, State, Window, digest
from pipeline.outputs import pages

A = TypeVar("A")
R = TypeVar("R")

SERIES = "beijing-monthly"
JUNE = Window(dt.date(2024, 6, 1), dt.date(2024, 6, 30))
JULY = Window(dt.date(2024, 7, 1), dt.date(2024, 7, 31))
NUMBER = 535
EDITOR = "王编辑"
NOTE = "导语日期有误，现予更正"
_STORY = (
    "北京友谊医院近日上线智慧医疗平台，依托人工智能辅助诊断系统和电子病历共享，实现检查检验结果互认。",
    "平台打通了医院信息系统与北京市全民健康信息平台，患者可通过互联网医院在线复诊、预约检查。",
    "院方有关负责人表示，将继续推进智慧医院建设，推动远程医疗服务下沉社区。",
)
_OTHER = (
    "本届花展以月季为主题，在三个展区布置了两百多个品种，周末每天接待游客一万余人次。",
    "园方提醒游客错峰入园，自备饮水，不要攀折花木，园内设有四处休息点。",
)
_PAGES = {
    "a": ("北京友谊医院智慧医疗平台上线", "2024-06-12", "北京日报", _STORY),
    "b": ("友谊医院：智慧医疗平台来了", "2024-06-13", "千龙网", _STORY),
    "c": ("夏日花展在植物园开幕", "2024-06-14", "北京青年报", _OTHER),
}


class Serial:
    """Plain calls, one after the other in this thread: strace counts calls by threads."""

    name = "inline"

    def each(self, verb: Callable[[A], R], over: Sequence[A]) -> list[R | DeskError]:
        """Calls `verb` for each."""
        results: list[R | DeskError] = []
        for one in over:
            try:
                results.append(verb(one))
            except DeskError as error:
                results.append(error)
        return results


def begin(folder: Path, database: str = "") -> None:
    """The workspace, with its pages."""
    prepare(folder, database)
    written = folder / "config" / "settings.yaml"
    # a sign of life within a step would be a call more or less, by the time that the step takes
    written.write_text(written.read_text("utf-8").replace("lease_seconds: 1.0", "lease_seconds: 20.0"), "utf-8")
    with written.open("a", encoding="utf-8") as settings:
        # nobody is asked: the pages' own addresses lead to a port of this machine that refuses
        settings.write("politeness: {retries: 0, robots: false}\nconnect_to: {'*:443': '127.0.0.1:9'}\n")
        settings.write("keep: {pages_days: 93, runs_days: 1, notices_days: 1}\n")
    for old in (folder / "inbox").iterdir():
        old.unlink()
    for name, (title, day, outlet, paragraphs) in _PAGES.items():
        body = "".join(f"<p>　　{one}</p>" for one in paragraphs)
        (folder / "inbox" / f"{name}.html").write_text(
            f'<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title}_{outlet}</title>'
            f'<link rel="canonical" href="https://news.example/2024/06/{name}.html"></head><body>'
            f'<h1>{title}</h1><div class="info"><span>{day} 09:30</span> <span>来源：{outlet}</span></div>'
            f'<div class="article-content" id="article">{body}</div></body></html>',
            "utf-8",
        )


@contextmanager
def opened(folder: Path, clock: Clock = july) -> Iterator[Desk]:
    """The desk, which does everything in this process: pages are read here, their numbers estimated."""

    def each(_: Children, function: Callable[[A], R] | Packed[A, R], items: Sequence[A]) -> Iterator[R]:
        yield from map(pickle.loads(function.data) if isinstance(function, Packed) else function, items)

    with (
        patch.object(Children, "prepare", lambda _: None),
        patch.object(Children, "each", each),
        patch.object(Children, "apart", lambda _, function, *given, **named: function(*given, **named)),
        patch.object(pages, "to_pdf", lambda *_, **__: b""),
        open_desk(folder, clock=clock) as desk,
    ):
        yield desk


# ------------------------------------------------------------------------------------------------------ steps


def _open(_: Desk) -> None:
    """Nothing more: the schema is made, and what was published is put right."""


def _collect(desk: Desk) -> None:
    desk.collect(Serial())


def _run(desk: Desk) -> None:
    try:
        desk.run(SERIES, JUNE, Serial())
    except Busy:  # the dead worker's process id has been given to somebody else: only its lease tells
        time.sleep(1.1 * desk.claims.lease_seconds)
        desk.run(SERIES, JUNE, Serial())


def _edit(desk: Desk) -> None:
    if _issue(desk).revision == 1:
        desk.decide(_issue(desk), Decision("edit", EDITOR, july(), "1", {"title": "友谊医院上线智慧医疗平台"}))


def _release(desk: Desk) -> None:
    if _state(desk) is not State.RELEASED:
        desk.release(_issue(desk), EDITOR)


def _correct(desk: Desk) -> None:
    if _state(desk) is not State.DRAFT:
        desk.correct(_issue(desk), EDITOR, NOTE)


def _withdraw(desk: Desk) -> None:
    if _state(desk) is not State.WITHDRAWN:
        desk.withdraw(_issue(desk), EDITOR, "所据网页已撤下")


def _rest(desk: Desk) -> None:
    """Half a year in which somebody is there every month; the files are as old as that."""
    for month in range(8, 13):
        desk.claims.pause(SERIES, "停刊", EDITOR, dt.datetime(2024, month, 1, tzinfo=BEIJING))
    desk.claims.resume(SERIES, EDITOR, july())
    for path in (desk.config.data / "blobs").rglob("*"):
        os.utime(path, (july().timestamp(), july().timestamp()))


def _prune(desk: Desk) -> None:
    """Forgets rows, and two days later their files."""
    for day in (3, 5):
        with open_desk(desk.config.workspace, clock=lambda day=day: dt.datetime(2025, 1, day, tzinfo=BEIJING)) as later:
            later.prune()


STEPS: Mapping[str, Callable[[Desk], None]] = {
    "open": _open,
    "collect": _collect,
    "run": _run,
    "edit": _edit,
    "release": _release,
    "correct": _correct,
    "release the correction": _release,
    "withdraw": _withdraw,
    "rest": _rest,
    "prune": _prune,
}
"""In their order: each begins from what those before it left."""


def _issue(desk: Desk) -> Desked:
    (one,) = desk.issues.all(SERIES)
    return one


def _state(desk: Desk) -> State:
    return _issue(desk).state


# --------------------------------------------------------------------------------------------------- promises


@dataclass(frozen=True, slots=True)
class Seen:
    """What can be seen of a workspace that must not depend on how often something was tried."""

    issues: tuple[str, ...]
    """Each with its number, window, revision, state, and the digest of what it says."""
    files: tuple[tuple[str, str], ...]
    """What was ever given out: name → SHA-256."""
    out: tuple[tuple[str, str], ...]
    """What lies in the folder for it."""
    leads: tuple[str, ...]
    """Each page that somebody named, with what was read of it."""
    fates: tuple[str, ...]
    """What became of each in the last run."""


def look(desk: Desk) -> Seen:
    """What can be seen of it now."""
    every = desk.issues.all(SERIES)
    files = {
        name: sha
        for one in every
        for revision in desk.issues.releases_of(one.id)
        for name, sha in desk.issues.release_of(one.id, revision).files.items()
    }
    run = desk.runs.last(SERIES, JUNE)
    # by their addresses: a server counts a number up that no row got
    addresses = {one.id: one.lead.url for one in desk.leads.of_window(SERIES, JUNE, MARGIN)}
    fates = [f"{addresses[one.lead]} {one.fate.value}" for one in desk.runs.fates(run.id)] if run else []
    return Seen(
        tuple(
            f"{one.number} {one.draft.window} {one.revision} {one.state.value} {digest(repr(one.draft))[:12]}"
            for one in every
        ),
        tuple(sorted(files.items())),
        tuple(sorted((path.name, _sha(path)) for path in desk.config.out.rglob("*") if _is_copy(path))),
        tuple(
            sorted(
                f"{one.lead.url} {one.page is not None} {one.article}"
                for one in desk.leads.of_window(SERIES, JUNE, MARGIN)
            )
        ),
        tuple(sorted(fates)),
    )


def _is_copy(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".")


def _sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Life:
    """A workspace that can be put back to what each step begins from; `server` has its database if it is not a file.

    Lives the whole life undisturbed first, so that it is known how everything looks when nothing happens.
    """

    def __init__(self, place: Path, server: Server | None = None) -> None:
        self.folder = place / "desk"
        self._server = server
        self._database = f"life_{os.getpid()}"
        self._lived: dict[str, tuple[Seen, Seen]] = {}
        if server:
            server.tell(f"CREATE DATABASE {self._database}")
        begin(self.folder, server.url(self._database) if server else "")
        was = Seen((), (), (), (), ())
        for step in STEPS:
            shutil.copytree(self.folder, self._before(step))
            if server:
                server.tell(f"CREATE DATABASE {self._kept(step)} TEMPLATE {self._database}")
            self.do(step)
            with opened(self.folder) as desk:
                now = look(desk)
            self._lived[step] = (was, now)
            was = now

    def again(self, step: str) -> None:
        """Puts it back to what a step begins from, in its place: pages are known by where they lie."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self._before(step), self.folder)
        if self._server:
            self._server.tell(f"DROP DATABASE IF EXISTS {self._database} WITH (FORCE)")
            self._server.tell(f"CREATE DATABASE {self._database} TEMPLATE {self._kept(step)}")

    def do(self, step: str) -> None:
        """Opens the desk and does a step."""
        with opened(self.folder) as desk:
            STEPS[step](desk)

    def broken(self, step: str, *, shown: bool = False) -> list[str]:
        """The promises that do not hold after something happened to a step; starts again, as people do.

        `shown` says that somebody was told before it happened that the step was done.
        """
        was, becomes = self._lived[step]
        wrong: list[str] = []
        with opened(self.folder) as desk:  # which is the whole repair
            now = look(desk)
            if now.issues not in ((becomes.issues,) if shown else (was.issues, becomes.issues)):
                wrong.append(f"half a step is to be seen, or one that was done is undone: {now.issues}")
            if now.files != (becomes.files if now.issues == becomes.issues else was.files):
                wrong.append(f"other files are kept than were released: {now.files}")
            if not set(now.files) <= set(now.out) <= set(becomes.out):
                wrong.append(f"what is published is not what was released: {now.out}")
            STEPS[step](desk)
            if (now := look(desk)) != becomes:
                wrong.append(f"done again it is {now}, and should be {becomes}")
            if "run" not in list(STEPS)[: list(STEPS).index(step) + 1]:
                _run(desk)
                if (now := look(desk)) != self._lived["run"][1]:
                    wrong.append(f"the draft is {now}, and should be {self._lived['run'][1]}")
        with opened(self.folder, clock=august) as desk:
            desk.run(SERIES, JULY, Serial(), collect=False)
            numbers = [one.number for one in desk.issues.all(SERIES)]
            if numbers != [NUMBER, NUMBER + 1]:
                wrong.append(f"the next draft is not number {NUMBER + 1}: {numbers}")
        return wrong + [f"{one.what}: {one.statements}" for one in verify(self.folder) if one.proof in _BAD]

    def _before(self, step: str) -> Path:
        return self.folder.with_name(f"before {step}")

    def _kept(self, step: str) -> str:
        return f"{self._database}_{list(STEPS).index(step)}"


def august() -> dt.datetime:
    """A moment at which July is over too."""
    return dt.datetime(2024, 8, 1, 0, 31, tzinfo=BEIJING)


_BAD = (Proof.COPY, Proof.OTHER, Proof.DAMAGED)

"""What becomes of a draft when the workers that read its pages die, vanish or choke.

usage: python -m drills.workers [--pages 240]

A real Dask scheduler and two workers on loopback. The same window is made from the same stored pages on this machine
alone, on the cluster, with a worker killed in mid-batch, with the scheduler started anew in mid-run, with all workers
gone, and with pages among them that take longer than they may. Each time the draft must be the one that this machine
makes alone, and every lead must have exactly one fate. No page may cost a worker, and work leaves nothing open behind.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

import structlog

from benchmarks.world import AFTER, SERIES, WINDOW, Web, World, write_workspace
from drills.conclusion import concluded
from drills.dask import Dask, cluster
from pipeline.desk import Desk, Inline, open_desk
from pipeline.executor import Cluster, Lost
from pipeline.executor import cluster as dask_side
from pipeline.model import Page

PAGE_SECONDS = 1.0
_CHOKES = (
    "<b><i><p>" * 220_000
)  # 2 MB that keep the reader computing for 2 s and more; faster ways to stall it are guarded
_TIMES = 10  # that a draft is made at most, where pages were ended at their limit for want of a core
_TASKS = 1_000


def stored(folder: Path, world: World, hostile: Sequence[int] = (), **settings: Any) -> Path:
    """A workspace with all pages of a world in its store, unread; those that are `hostile` take too long."""
    # nothing is collected, so nobody need serve it
    write_workspace(folder, cast(Web, SimpleNamespace(world=world, address="127.0.0.1:9")), **settings)
    with open_desk(folder, clock=lambda: AFTER) as desk:
        for start in range(0, world.articles, 500):
            numbers = range(start, min(start + 500, world.articles))
            for number, lead in zip(
                numbers, desk.leads.add([world.lead(number) for number in numbers], AFTER), strict=True
            ):
                page = world.page(number)
                desk.leads.add_page(lead.id, lead.lead.url, _choking(page) if number in hostile else page)
    return folder


def _choking(page: Page) -> Page:
    return replace(page, body=page.body.replace(b"</body>", _CHOKES.encode() + b"</body>"))


@dataclass(frozen=True, slots=True)
class Made:
    """What a run came to."""

    digest: str
    """Of the draft and every lead's fate."""
    leads: int
    fates: int
    timed_out: int
    """Leads whose pages were ended at their limit."""
    items: int
    trouble: str
    seconds: float


def made(of: Path, folder: Path, executor: str = "") -> Made:
    """The draft of the window, from a copy of stored pages."""
    shutil.copytree(of, folder)
    begun = time.monotonic()
    with patch.dict(os.environ, BULLETIN_EXECUTOR=executor), open_desk(folder, clock=lambda: AFTER) as desk:
        report = desk.run(SERIES, WINDOW, Inline(), collect=False)
        return Made(*_looked_at(desk, report.draft), _trouble(desk), time.monotonic() - begun)


def _looked_at(desk: Desk, draft: Any) -> tuple[str, int, int, int, int]:
    run = desk.runs.last(SERIES, WINDOW)
    assert run is not None
    fates = sorted((one.lead, one.fate.name, one.because) for one in desk.runs.fates(run.id))
    told = hashlib.sha256(repr((draft, fates)).encode()).hexdigest()
    accounted, timed_out = len({lead for lead, *_ in fates}), sum("超过时限" in because for *_, because in fates)
    return told, len(desk.leads.of_window(SERIES, WINDOW, 0)), accounted, timed_out, len(draft.chosen)


def _trouble(desk: Desk) -> str:
    return desk._executor.trouble


def after(batches: int, do: Callable[[], object]) -> Any:
    """Has something done as soon as so many batches have come back from the cluster."""
    came, counted = Cluster._came, collections.Counter[str]()

    def counting(self: Cluster, *arguments: Any) -> Any:
        found = came(self, *arguments)
        counted["came"] += found is not None
        if found is not None and counted["came"] == batches:
            do()
        return found

    return patch.object(Cluster, "_came", counting)


class Drill:
    """The points, and what was broken at them."""

    def __init__(self, folder: Path, pages: int) -> None:
        self.folder, self.world = folder, World(pages)
        self.points, self.broken = 0, list[str]()
        self.endless = (7, pages // 2)
        stored(folder / "pages", self.world, page_seconds=PAGE_SECONDS)
        stored(folder / "with endless", self.world, self.endless, page_seconds=PAGE_SECONDS)
        for again in range(_TIMES):
            self.alone = made(folder / "pages", folder / f"alone {again}")
            if not self.alone.timed_out:
                break
        self._row("this machine alone", self.alone, "")
        if not self.alone.items:
            self.broken.append("the draft is empty, so nothing is compared")

    def _row(self, name: str, one: Made, said: str) -> None:
        self.points += 1
        if one.leads != one.fates or one.leads != self.world.articles:
            self.broken.append(f"{name}: {one.leads} leads, {one.fates} of them with a fate")
        print(
            f"| {name} | {one.digest[:12]} | {one.fates} | {one.items} | {said or '–'} | {one.seconds:.1f} |",
            flush=True,
        )

    def tries(self, name: str, dask: Dask, *, falls: bool, like: Made | None = None, of: str = "pages") -> None:
        """Makes the draft on a cluster; it must be `like` this machine's, and whether it `falls` back is known."""
        for again in range(_TIMES):
            one = made(self.folder / of, self.folder / f"{self.points}-{again}", dask.setting)
            if one.timed_out == (like or self.alone).timed_out:
                break  # else the machine had so much to do that a page did not get its time: that shows nothing
        self._row(name, one, "fell back" if one.trouble else "")
        if one.digest != (like or self.alone).digest:
            ended = f" ({one.timed_out} pages were ended at their limit)" if one.timed_out else ""
            self.broken.append(f"{name}: another draft than on this machine alone{ended}")
        if bool(one.trouble) != falls:
            self.broken.append(f"{name}: {one.trouble or 'did not fall back to this machine'}")

    def lives(self, name: str, dask: Dask) -> None:
        """No worker may have died."""
        if any(worker.poll() is not None for worker in dask.workers):
            self.broken.append(f"{name}: cost a worker its life")

    def leaves_nothing(self, dask: Dask) -> None:
        """A thousand tasks must leave no descriptor, no process and no memory behind, here or on the worker."""
        self.points += 1
        pids = [os.getpid(), *(worker.pid for worker in dask.workers)]
        with open_desk(self.folder / "alone 0", clock=lambda: AFTER) as desk:
            executor = Cluster(dask.setting.removeprefix("dask://"), cast(Any, desk._executor), "settings.yaml")
            list(executor.map_batches(abs, ([-1] * 5 for _ in range(_TASKS // 5))))
            before = [_held(pid) for pid in pids]
            list(executor.map_batches(abs, ([-1] * 5 for _ in range(_TASKS // 5))))
            after = [_held(pid) for pid in pids]
            (eaten,) = executor.map_batches(bytes, [[1, 8 * 1024**3, 1]])
            executor.close()
        print(
            f"{_TASKS} items more: descriptors, processes, MiB here and on the workers {before} → {after}", flush=True
        )
        for then, now in zip(before, after, strict=True):
            if now[0] > then[0] + 2 or now[1] > then[1] or now[2] > then[2] + 20:
                self.broken.append(f"{_TASKS} items leave something behind: {then} → {now}")
        if not isinstance(eaten[1], Lost) or eaten[0] != b"\0":
            self.broken.append(f"an item of 8 GiB: {eaten[1]!r:.80}")
        self.lives("an item of 8 GiB", dask)


def _held(pid: int) -> tuple[int, int, int]:
    """Descriptors, child processes, MiB of a process."""
    tasks = Path(f"/proc/{pid}/task")
    children = sum(len((one / "children").read_text().split()) for one in tasks.iterdir())
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return len(list(Path(f"/proc/{pid}/fd").iterdir())), children, pages * os.sysconf("SC_PAGE_SIZE") // 2**20


def play(folder: Path, pages: int) -> Drill:
    """All points, one after the other."""
    print("| what happens | draft | leads with a fate | items | cluster | seconds |\n|---|---|---|---|---|---|")
    drill = Drill(folder, pages)
    with cluster(folder) as dask:
        drill.tries("two workers", dask, falls=False)
        drill.leaves_nothing(dask)
        for again in range(_TIMES):
            alone = made(folder / "with endless", folder / f"endless alone {again}")
            if alone.timed_out == len(drill.endless):
                break
        drill._row("this machine alone, two endless pages", alone, "")
        if alone.timed_out != len(drill.endless):
            drill.broken.append(f"{alone.timed_out} pages were ended at their limit, not {len(drill.endless)}")
        drill.tries("two workers, two endless pages", dask, falls=False, like=alone, of="with endless")
        drill.lives("endless pages", dask)
        with after(3, dask.workers[0].kill):
            drill.tries("a worker is killed in mid-batch", dask, falls=False)
        if dask.workers[0].poll() is None:
            drill.broken.append("the worker was not killed: there were too few batches")
        dask.workers[0] = dask.begin_worker()
        with after(3, dask.restart_scheduler):
            drill.tries("the scheduler is started anew in mid-run", dask, falls=True)
        for one in dask.workers:
            one.kill()
            one.wait()
        dask.workers = [dask.begin_worker()]
        with patch.object(dask_side, "_ALONE_SECONDS", 3.0), after(3, dask.workers[0].kill):
            drill.tries("the only worker is killed", dask, falls=True)
        with patch.object(dask_side, "_CONNECT_SECONDS", 2.0):
            drill.tries("no worker from the beginning", dask, falls=True)
    return drill


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=240)
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    with tempfile.TemporaryDirectory() as folder:
        drill = play(Path(folder), given.pages)
    concluded(drill.points, drill.broken)


if __name__ == "__main__":
    main()

"""A year of both series on a fast clock: two schedulers at once, killed at random, off for some weeks.

usage: python -m drills.year [--postgresql] [--days 370] [--seconds-per-day 0.2] [--seed 1] [--calm]

The demo web is the source; the days of a year pass in about a minute. Two workers look every moment whether a
draft is due, as `bulletin serve` does, and make it in their own process, so that a kill -9 takes scheduler and
run together: at a named point in 35 of 100 runs, just after the draft was kept in 10 of 100, and from outside at
any moment besides. In October both are gone for 26 days. In some looks the clock of a worker is wrong, by forty days
ahead or twelve behind. At the end every window must have one draft, made once, and the numbers must follow the windows
without a gap.
"""

from __future__ import annotations

import argparse
import collections
import datetime as dt
import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from unittest.mock import patch

import structlog
from ruamel.yaml import YAML

from drills.conclusion import concluded
from drills.postgres import databases
from pipeline.demo.site import DemoWeb
from pipeline.demo.workspace import write_workspace
from pipeline.desk import Desk, Inline, open_desk
from pipeline.errors import DeskError
from pipeline.model import BEIJING, Clock, Phase, Window
from pipeline.schedule import Clockwork
from pipeline.store import issues as issue_store

log = structlog.get_logger("drills")
START = dt.datetime(2024, 5, 1, tzinfo=BEIJING)
"""A month and a week for which the demo web has news begin here."""
_LAST = {"beijing-monthly": (533, "2024-04"), "national-weekly": (570, "2024-05-03")}
_HOLIDAY = (0.45, 0.52)  # the part of the year in which nobody runs
_IN_MID_RUN, _AFTER_COMMIT = 0.35, 0.10

WRONG = (40.0, -12.0)
"""Days by which the clock of a worker is wrong in some of its looks: forty ahead is beyond a month."""
_WRONG = 0.25  # of the looks at which it may be
_WRONG_AT = (
    0,
    3,
)  # of a worker since its start: so a busy machine, which looks seldom, has as many of them as an idle one

POINTS = ("claimed", "harvest", "read", "judge", "keep", "kept")
"""Where a run can be killed: in this order it passes them; the draft is in the database from `kept` on."""


# ----------------------------------------------------------------------------------------------- the worker


@dataclass(frozen=True, slots=True)
class FastClock:
    """A day of Beijing in some seconds of this machine, the same for every process that starts from `epoch`.

    It stands still when the days are over, for as long as the work of the last ones takes.
    """

    epoch: float
    seconds_per_day: float
    days: float

    def __call__(self) -> dt.datetime:
        return START + dt.timedelta(days=self.day)

    @property
    def day(self) -> float:
        """How many days have passed."""
        return min((time.time() - self.epoch) / self.seconds_per_day, self.days)

    @property
    def over(self) -> bool:
        """Whether the days are over."""
        return self.day >= self.days


class WorkersClock:
    """The fast clock as one worker sees it, which somebody may set wrong."""

    def __init__(self, right: FastClock) -> None:
        self.right = right
        self.wrong = 0.0
        """By how many days."""

    def __call__(self) -> dt.datetime:
        # what were drafted ahead of the last day would be a window too many
        return START + dt.timedelta(days=min(self.right.day + self.wrong, self.right.days))


class Deadly:
    """Kills this process, as kill -9 does, when the run passes the point that was chosen for it."""

    def __init__(self, diary: Path) -> None:
        self.point = ""
        self._diary = diary

    def passes(self, point: str) -> None:
        """Ends everything at once if this is the point."""
        if point == self.point:
            self.notes(point)
            os.kill(os.getpid(), signal.SIGKILL)

    def notes(self, what: str) -> None:
        """Keeps what happened, for whoever counts it."""
        with self._diary.open("a") as diary:
            diary.write(f"{what}\n")
            diary.flush()
            os.fsync(diary.fileno())

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Wraps the desk's verbs so that a run passes the points."""

        def before(point: str, verb: Callable[..., object]) -> Callable[..., object]:
            @wraps(verb)
            def wrapped(*arguments: object) -> object:
                self.passes(point)
                return verb(*arguments)

            return wrapped

        def after(point: str, verb: Callable[..., object]) -> Callable[..., object]:
            @wraps(verb)
            def wrapped(*arguments: object) -> object:
                made = verb(*arguments)
                self.passes(point)
                return made

            return wrapped

        with (
            patch.object(Desk, "_visit", after("harvest", Desk._visit)),
            patch.object(Desk, "read", before("read", Desk.read)),
            patch.object(Desk, "propose", before("judge", Desk.propose)),
            patch.object(issue_store, "keep", after("keep", issue_store.keep)),
            patch.object(Desk, "judge", after("kept", Desk.judge)),
        ):
            yield


def work(workspace: Path, right: FastClock, diary: Path, chance: random.Random | None) -> None:
    """Looks what is due until the year is over and everything is made; dies by chance, and mistakes the day."""
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer(ensure_ascii=False)],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    deadly, clock = Deadly(diary), WorkersClock(right)

    def launch(arguments: Sequence[str], _seconds: float) -> int:
        deadly.point = _chosen(chance) if chance else ""
        try:
            return in_this_process(workspace, clock, deadly, arguments)
        except (
            DeskError
        ) as error:  # a child would end with it: on a busy machine a lease may run out, and be taken over
            log.warning("run failed", why=str(error))
            return 1

    clockwork = Clockwork(lambda: open_desk(workspace, clock=clock), launch, clock)
    looks = itertools.count()
    with deadly.watching():
        while not right.over or not finished(workspace, right):
            if next(looks) in _WRONG_AT and chance and chance.random() < _WRONG:
                clock.wrong = chance.choice(WRONG)
                deadly.notes(f"clock wrong by {clock.wrong:+.0f} days")
            try:
                clockwork.tick()
            except DeskError as error:  # as `bulletin serve` does, which looks again
                log.warning("tick failed", why=str(error))
            clock.wrong = 0.0
            time.sleep(0.05)


def in_this_process(workspace: Path, clock: Clock, deadly: Deadly, arguments: Sequence[str]) -> int:
    """What `bulletin run SERIES --month|--week … --claim OWNER` does, without a child."""
    deadly.passes("claimed")
    _, name, option, first, _, owner, *_ = arguments
    with open_desk(workspace, clock=clock) as desk:
        window = desk.series(name).window_of(dt.date.fromisoformat(first + ("-01" if option == "--month" else "")))
        report = desk.run(name, window, Inline(), owner=owner)
    return 0 if report.draft.chosen else 4


def _chosen(chance: random.Random) -> str:
    draw = chance.random()
    if draw < _IN_MID_RUN:
        return chance.choice(POINTS[:-1])
    return "kept" if draw < _IN_MID_RUN + _AFTER_COMMIT else ""


def finished(workspace: Path, clock: FastClock) -> bool:
    """Whether no window waits for its draft."""
    with open_desk(workspace, clock=clock) as desk:
        return all(
            one.phase in (Phase.DRAFT, Phase.OPEN)
            for series in desk.config.series.values()
            for one in desk.standing(series)
        )


# ------------------------------------------------------------------------------------------- the supervisor


@dataclass(frozen=True, slots=True)
class Year:
    """What a year came to."""

    drafts: dict[str, list[tuple[int, Window, int, int]]]
    """Series → (number, window, revision, items), by window."""
    kills: collections.Counter[str]
    """What was done to the workers: point of the kill, or by how much a clock was wrong → how often."""
    restarts: int
    seconds: float
    wrong: list[str]
    """Promises that were broken; empty when all is well."""


def prepare(folder: Path, web: DemoWeb, database: str = "") -> None:
    """A workspace on the demo web whose series begin with the year, with leases as short as its days."""
    write_workspace(folder, web, number=535)
    yaml = YAML()
    settings = yaml.load(folder / "config" / "settings.yaml")
    settings["politeness"]["retries"] = 0
    settings["database"] = database
    settings["clock"] = {"collect_minutes": 0, "lease_seconds": 2, "retry_minutes": 0.01, "attempts": 100}
    yaml.dump(settings, folder / "config" / "settings.yaml")
    series = yaml.load(folder / "config" / "series.yaml")
    for name, (number, window) in _LAST.items():
        series[name]["last"] = {"number": number, "window": window}
        series[name]["catch_up"] = "all"
    yaml.dump(series, folder / "config" / "series.yaml")


def play(
    folder: Path,
    *,
    database: str = "",
    days: float = 370,
    seconds_per_day: float = 0.2,
    seed: int = 1,
    calm: bool = False,
) -> Year:
    """Lets a year pass; `calm` without kills and holiday."""
    chance = random.Random(seed)
    diary = folder.with_suffix(".diary")
    diary.touch()
    restarts = 0
    begun = time.monotonic()
    with DemoWeb() as web:
        prepare(folder, web, database)
        clock = FastClock(time.time(), seconds_per_day, days)
        with open_desk(folder, clock=clock):
            pass  # the schema is there before both begin

        def start(name: int) -> subprocess.Popen[bytes]:
            command = [
                sys.executable, "-m", "drills.year", "--worker", str(folder), "--epoch", repr(clock.epoch),
                "--seconds-per-day", repr(seconds_per_day), "--days", repr(days), "--seed", str(chance.random()),
                *(["--calm"] if calm else []),
            ]  # fmt: skip
            with folder.with_suffix(f".log{name}").open("ab") as log:
                return subprocess.Popen(command, stderr=log, cwd=Path(__file__).parent.parent)

        workers = {name: start(name) for name in (1, 2)}
        holiday = [START + dt.timedelta(days=days * part) for part in _HOLIDAY]
        rested = calm
        while workers:
            time.sleep(0.05)
            if not rested and clock() > holiday[0]:
                for worker in workers.values():
                    worker.kill()
                    worker.wait()
                time.sleep(max(0.0, (holiday[1] - clock()) / dt.timedelta(days=1) * seconds_per_day))
                workers, rested, restarts = {name: start(name) for name in (1, 2)}, True, restarts + 2
            for name, worker in list(workers.items()):
                if not calm and not clock.over and chance.random() < 0.01:
                    worker.kill()
                    worker.wait()
                    with diary.open("a") as lines:
                        lines.write("from outside\n")
                code = worker.poll()
                if code == 0:
                    del workers[name]
                elif code == -signal.SIGKILL:
                    workers[name], restarts = start(name), restarts + 1
                elif code is not None:
                    raise RuntimeError(folder.with_suffix(f".log{name}").read_text("utf-8")[-3000:])
        return _inspected(folder, clock, diary, restarts, time.monotonic() - begun)


def _inspected(folder: Path, clock: FastClock, diary: Path, restarts: int, seconds: float) -> Year:
    wrong: list[str] = []
    drafts: dict[str, list[tuple[int, Window, int, int]]] = {}
    with open_desk(folder, clock=clock) as desk:
        for series in desk.config.series.values():
            ended = [one for one in desk.standing(series) if one.phase is not Phase.OPEN]
            every = desk.issues.all(series.id)
            drafts[series.id] = [(one.number, one.draft.window, one.revision, len(one.draft.chosen)) for one in every]
            if [one.draft.window for one in every] != [one.window for one in ended]:
                wrong.append(f"{series.id}: not every window has exactly one draft")
            first = series.last.number + 1
            if [one.number for one in every] != list(range(first, first + len(every))):
                wrong.append(f"{series.id}: the numbers have a gap or a repeat")
            for one in every:
                # a page that a busy machine could not read in time comes late: that is added, and made is it once
                steps = [revision.decision.verb for revision in desk.issues.revisions(one.id)]
                if steps != ["generate"] + ["supplement"] * (len(steps) - 1):
                    wrong.append(f"{series.id} {one.number}: its revisions are {', '.join(steps)}")
                if desk.runs.last(series.id, one.draft.window) is None:
                    wrong.append(f"{series.id} {one.number}: its leads are not accounted for")
            wrong += [
                f"{series.id} {start}: {claim.progress}"
                for start, claim in desk.claims.on(series.id).items()
                if claim.finished is None
            ]
    kills = collections.Counter(diary.read_text().split("\n"))
    del kills[""]
    return Year(drafts, kills, restarts, seconds, wrong)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--postgresql", action="store_true", help="on a throw-away server instead of SQLite")
    parser.add_argument("--days", type=float, default=370)
    parser.add_argument("--seconds-per-day", type=float, default=0.2)
    parser.add_argument("--seed", type=float, default=1)
    parser.add_argument("--calm", action="store_true")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--epoch", type=float, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        clock = FastClock(given.epoch, given.seconds_per_day, given.days)
        chance = None if given.calm else random.Random(given.seed)
        work(given.worker, clock, given.worker.with_suffix(".diary"), chance)
        return
    folder = Path(tempfile.mkdtemp()) / "year"
    with databases(given.postgresql) as fresh:
        year = play(
            folder, database=fresh(), days=given.days, seconds_per_day=given.seconds_per_day,
            seed=int(given.seed), calm=given.calm,
        )  # fmt: skip
    for name, drafts in year.drafts.items():
        print(f"{name}: {len(drafts)} drafts")
        for number, window, revision, items in drafts:
            print(f"  {number}  {window}  revision {revision}  {items} items")
    print(f"kills: {dict(year.kills)}; workers started again {year.restarts} times; {year.seconds:.0f} s")
    log = (
        folder.with_suffix(".log1").read_text("utf-8").splitlines()
        + folder.with_suffix(".log2").read_text("utf-8").splitlines()
    )
    idle = [line for line in log if "nothing due" in line]
    print("when nothing is due, the log says:", *idle[:1], sep="\n  ")
    shutil.rmtree(folder.parent)
    concluded(year.kills.total() + year.restarts, year.wrong)


if __name__ == "__main__":
    main()

"""What a kill leaves behind at each point of a run, and what the next look of the clock makes of it.

usage: python -m drills.kills [--postgresql]

For each point a scheduler that makes its drafts in its own process is killed there, once; another one then
looks until the draft is there. `asleep` is no kill: the run stands still without a sign of life until its claim
was taken over and the draft made, and then goes on; what it made must not be kept.
"""

from __future__ import annotations

import argparse
import datetime as dt
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import structlog

from drills.conclusion import concluded
from drills.postgres import databases
from drills.year import POINTS, Deadly, in_this_process
from pipeline.config import packaged
from pipeline.desk import Desk, Proposal, open_desk
from pipeline.errors import Superseded
from pipeline.model import BEIJING, Phase, Standing
from pipeline.schedule import Clockwork
from pipeline.store import Claims

CASES = (*POINTS, "asleep")
SERIES = "beijing-monthly"
_LEASE_SECONDS = 1.0
_PATIENCE = 600.0  # seconds that a process has, on a machine that is busy: only one that hangs is told by it


def july() -> dt.datetime:
    """The moment at which every scheduler of this drill looks: June 2024 is over."""
    return dt.datetime(2024, 7, 1, 0, 31, tzinfo=BEIJING)


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What one kill led to."""

    point: str
    ended: str
    """How the first process ended: killed, or refused when it wanted to keep what it had made."""
    left: Standing
    """How the window stood right afterwards."""
    seconds: float
    """From then to the draft."""
    number: int
    revisions: int
    leads: int
    """How many the last run accounts for."""

    @property
    def good(self) -> bool:
        """Whether the window has one draft, made once, under the next number, with every lead accounted for."""
        ended = "refused" if self.point == "asleep" else "killed"
        return (self.ended, self.number, self.revisions, self.leads) == (ended, 535, 1, 1)


def prepare(folder: Path, database: str = "") -> None:
    """A workspace with one page to read, whose last issue is that of May 2024."""
    config = folder / "config"
    shutil.copytree(packaged("config"), config)
    (folder / "inbox").mkdir()
    shutil.copy(next(packaged("seeds").glob("000*")), folder / "inbox")
    (config / "sources.yaml").write_text("- {id: inbox, name: 收件箱, kind: folder, path: inbox}\n", "utf-8")
    clock = f"{{collect_minutes: 0, lease_seconds: {_LEASE_SECONDS}, retry_minutes: 0.01}}"
    (config / "settings.yaml").write_text(f"database: '{database}'\nclock: {clock}\n", "utf-8")
    monthly = (config / "series.yaml").read_text("utf-8").partition("national-weekly:")[0]
    (config / "series.yaml").write_text(monthly, "utf-8")


def look(folder: Path, point: str) -> None:
    """One look of the clock, which ends at the point."""
    deadly = Deadly(folder / "diary")
    deadly.point = point

    def launch(arguments: Sequence[str], _seconds: float) -> int:
        return in_this_process(folder, july, deadly, arguments)

    with deadly.watching(), _asleep(folder) if point == "asleep" else nullcontext():
        try:
            Clockwork(lambda: open_desk(folder, clock=july), launch, july).tick()
        except Superseded as error:
            (folder / "refused").write_text(error.message, "utf-8")


@contextmanager
def _asleep(folder: Path) -> Iterator[None]:
    """Lets the run stand still before it judges, until somebody else's draft is there."""
    propose = Desk.propose

    def late(desk: Desk, run: int) -> Proposal:
        while _standing(folder).phase is not Phase.DRAFT:
            time.sleep(0.2)
        return propose(desk, run)

    with patch.object(Desk, "propose", late), patch.object(Claims, "renew", lambda *_: True):
        yield


def play(folder: Path, point: str, database: str = "") -> Aftermath:
    """Ends one process at the point, and lets others look until the draft is there."""
    prepare(folder, database)
    command = [sys.executable, "-m", "drills.kills", "--look", str(folder), "--point", point]
    first = subprocess.Popen(command, cwd=Path(__file__).parent.parent)
    if point == "asleep":
        while (left := _standing(folder)).phase is not Phase.RUNNING and first.poll() is None:
            time.sleep(0.1)
    else:
        first.wait(_PATIENCE)
        left = _standing(folder)
    begun = time.monotonic()
    # the other one is this process, which has loaded everything: starting takes longer than the run that it makes
    while (_standing(folder).phase is not Phase.DRAFT) and time.monotonic() < begun + _PATIENCE:
        look(folder, "")
    seconds = time.monotonic() - begun
    ended = first.wait(_PATIENCE)
    look(folder, "")  # once more, with nothing left to do
    with open_desk(folder, clock=july) as desk:
        (made,) = desk.issues.all()
        revisions = len(desk.revisions(made))
        how = "refused" if (folder / "refused").exists() else "killed" if ended == -signal.SIGKILL else str(ended)
        return Aftermath(point, how, left, seconds, made.number, revisions, desk.tally(made).leads)


def _standing(folder: Path) -> Standing:
    with open_desk(folder, clock=july) as desk:
        return desk.standing(desk.series(SERIES))[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--postgresql", action="store_true", help="on a throw-away server instead of SQLite")
    parser.add_argument("--look", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--point", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    if given.look:
        look(given.look, given.point)
        return
    broken = []
    print("| at | ended | left behind | draft there after | number | made | leads |\n|---|---|---|---|---|---|---|")
    with databases(given.postgresql) as fresh:
        for point in CASES:
            folder = Path(tempfile.mkdtemp()) / point
            one = play(folder, point, fresh())
            broken += [] if one.good else [f"{point}: {one}"]
            left = f"{one.left.phase.chinese}{f' {one.left.number}' if one.left.number else ''}"
            cells = (point, one.ended, left, f"{one.seconds:.1f} s", one.number, one.revisions, one.leads)
            print(f"| {' | '.join(map(str, cells))} |", flush=True)
            shutil.rmtree(folder.parent)
    concluded(len(CASES), broken)


if __name__ == "__main__":
    main()

"""Whole processes under another time of day: zones, a clock that is set back or forward, a server that runs meanwhile.

usage: python -m drills.clocks [--postgresql]

libfaketime lies to `bulletin schedule run` and `bulletin serve`, and to all they start, about the time of day; the
monotonic clock stays. After each look the windows must have the drafts that Beijing's calendar gives them, each made
once, with numbers that follow the windows without a gap. On PostgreSQL one more: of two machines whose clocks are forty
days apart, the one ahead must leave the other's work alone, since leases count the seconds of the database.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import structlog

from drills import kills
from drills.conclusion import concluded
from drills.postgres import databases
from pipeline.desk import Desk, Inline, open_desk
from pipeline.model import BEIJING, Progress, Work

Drafts = Sequence[tuple[int, str]]
"""Number and month, by window."""

_SERIES = kills.SERIES
_LAST = "{number: 534, window: 2024-02}"
_ROOT = Path(__file__).parent.parent
# with the monotonic clock left alone, libfaketime 0.9.10 answers EINVAL to clock_nanosleep, by which Python sleeps
_SLEEP = "import select, time\ntime.sleep = lambda seconds: select.select([], [], [], seconds) and None\n"
_PATIENCE = 600.0  # seconds that a running server has to make a draft, on a busy machine

MARCH, APRIL, MAY = (535, "2024-03"), (536, "2024-04"), (537, "2024-05")
ZONES = (None, "UTC", "America/New_York", "Europe/Berlin")
"""Of the server; in Berlin the clocks go forward on the day on which March is drafted."""
LOOKS: Sequence[tuple[str, Drafts]] = (
    ("2024-04-01 00:25", ()),
    ("2024-04-01 00:31", (MARCH,)),
    ("2024-03-31 22:00", (MARCH,)),  # set back over the end of the month
    ("2024-04-01 00:31", (MARCH,)),
    ("2024-05-11 00:31", (MARCH, APRIL)),  # forty days ahead
    ("2024-04-01 01:00", (MARCH, APRIL)),
    ("2024-05-01 00:31", (MARCH, APRIL)),
    ("2024-06-01 00:31", (MARCH, APRIL, MAY)),
    ("2025-01-01 00:31", (MARCH, APRIL, MAY, (538, "2024-11"), (539, "2024-12"))),  # off over the summer, a year's end
)


def moment(text: str) -> dt.datetime:
    """A time of day in Beijing."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=BEIJING)


class Liar:
    """An environment in which it is another time of day, that of `at`, whenever that is called."""

    def __init__(self, folder: Path, zone: str | None = "UTC") -> None:
        libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
        if not libraries:
            sys.exit("libfaketime is missing: make system")
        self._offset = folder / "offset"
        (folder / "site").mkdir(parents=True, exist_ok=True)
        (folder / "site" / "sitecustomize.py").write_text(_SLEEP)
        paths = [str(folder / "site"), str(_ROOT)]
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "TZ"},
            **({"TZ": zone} if zone else {}),
            "LD_PRELOAD": str(libraries[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._offset),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "PYTHONPATH": os.pathsep.join(paths),
        }

    def at(self, text: str) -> None:
        """Sets the clock of every process in it."""
        self._offset.write_text(f"{moment(text).timestamp() - time.time():+.0f}\n")


def prepare(folder: Path, database: str) -> None:
    """A workspace whose last issue is that of February 2024."""
    kills.prepare(folder, database)
    series = folder / "config" / "series.yaml"
    text = series.read_text("utf-8")
    wanted = "last: {number: 534, window: 2024-05}"
    assert wanted in text
    series.write_text(text.replace(wanted, f"last: {_LAST}"), "utf-8")
    settings = folder / "config" / "settings.yaml"
    settings.write_text(settings.read_text("utf-8").replace("clock: {", "clock: {engine: inline, "), "utf-8")


@contextmanager
def looking(folder: Path) -> Iterator[Desk]:
    """The desk of a workspace, seen from long after everything."""
    with open_desk(folder, clock=lambda: moment("2030-01-01 00:00")) as desk:
        yield desk


def drafts(folder: Path) -> Drafts:
    """What is there."""
    with looking(folder) as desk:
        return tuple((one.number, f"{one.draft.window.start:%Y-%m}") for one in desk.issues.all(_SERIES))


def wrong(folder: Path, wanted: Drafts) -> str:
    """Which promise is broken; empty when all is well."""
    if (there := drafts(folder)) != tuple(wanted):
        return f"there are {list(there)} instead of {list(wanted)}"
    with looking(folder) as desk:
        twice = [one.number for one in desk.issues.all(_SERIES) if one.revision != 1]
    return f"{twice} were made more than once" if twice else ""


def look(folder: Path, liar: Liar, at: str) -> str:
    """One look of the clock at a time of day; what went wrong with the process itself."""
    liar.at(at)
    command = [sys.executable, "-m", "pipeline", "-C", str(folder), "schedule", "run"]
    done = subprocess.run(command, env=liar.environment, cwd=_ROOT, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"exit code {done.returncode}: {done.stderr[-500:]}"


def in_zone(folder: Path, zone: str | None, looks: Sequence[tuple[str, Drafts]]) -> Iterator[tuple[str, str]]:
    """Looks again and again: what was done, and what was wrong."""
    liar = Liar(folder / "liar", zone)
    for at, wanted in looks:
        yield f"looks at {at}", look(folder, liar, at) or wrong(folder, wanted)


def served(folder: Path) -> Iterator[tuple[str, str]]:
    """A server whose clock is set while it runs."""
    liar = Liar(folder / "liar")
    liar.at("2024-03-31 23:00")
    log = folder / "serve.log"
    with log.open("wb") as out:
        command = [sys.executable, "-m", "drills.clocks", "--serve", str(folder)]
        server = subprocess.Popen(command, env=liar.environment, cwd=_ROOT, stdout=out, stderr=out)
    try:
        told = _until(lambda: b"nothing due" in log.read_bytes())
        yield "serves before the end of the month", "" if told and not drafts(folder) else "it made a draft"
        for at, wanted in (
            ("2024-04-01 00:31", (MARCH,)),
            ("2024-05-11 00:31", (MARCH, APRIL)),
            ("2024-03-31 22:00", (MARCH, APRIL)),
        ):
            said = log.read_bytes().count(b"the clock was set")
            liar.at(at)
            _until(lambda said=said: log.read_bytes().count(b"the clock was set") > said)
            _until(lambda wanted=wanted: drafts(folder) == wanted)
            yield f"is set to {at} while it serves", wrong(folder, wanted)
        server.send_signal(signal.SIGTERM)
        yield "is stopped", "" if server.wait(_PATIENCE) == 0 else f"exit code {server.returncode}"
    finally:
        server.kill()
        server.wait()
    if b"Traceback" in log.read_bytes():
        yield "says nothing of an error", log.read_text("utf-8")[-500:]


def ahead(folder: Path) -> Iterator[tuple[str, str]]:
    """Two machines, one forty days ahead, while the other is at work."""
    # two beats of a lease of one second may be further apart than that on a busy machine, which rightly loses it then
    settings = folder / "config" / "settings.yaml"
    text = settings.read_text("utf-8")
    settings.write_text(text.replace("lease_seconds: 1.0", "lease_seconds: 10.0"), "utf-8")
    with open_desk(folder, clock=lambda: moment("2024-04-01 00:31")) as desk:
        ((series, window),) = desk.due()
        claim = desk.claim_due(series, window)
        assert claim is not None
        with desk.held(claim):
            time.sleep(2 * desk.claims.lease_seconds)
            why = look(folder, Liar(folder / "liar"), "2024-05-11 00:31")
            stands = desk.claims.of(Work(series.id, window))
            if not why and (stands is None or stands.owner != claim.owner or stands.progress is not Progress.RUNNING):
                why = "the one ahead took over what somebody is at work on"
            yield "looks while the other, forty days behind, is at work", why or wrong(folder, ((535, "2024-04"),))
            desk.run(series.id, window, Inline(), owner=claim.owner)
    yield "the other keeps its draft", wrong(folder, (MARCH, APRIL))


def serve(folder: Path) -> None:
    """`bulletin serve`, which holds its clocks against each other every moment."""
    from pipeline import cli, schedule

    schedule._LOOK_SECONDS = 0.5
    sys.argv = ["bulletin", "-C", str(folder), "serve", "--listen", "127.0.0.1:0"]
    cli.main()


def _until(done: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if done():
            return True
        time.sleep(0.3)
    return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--postgresql", action="store_true", help="on a throw-away server instead of SQLite")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve)
        return
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    plays: dict[str, Callable[[Path], Iterator[tuple[str, str]]]] = {
        f"TZ {zone or 'unset'}": lambda folder, zone=zone: in_zone(folder, zone, LOOKS if zone is None else LOOKS[:2])
        for zone in ZONES
    }
    plays |= {"a running server": served}
    if given.postgresql:
        plays |= {"two machines": ahead}
    broken, tried = [], 0
    print("| where | what | result |\n|---|---|---|")
    with databases(given.postgresql) as fresh:
        for name, play in plays.items():
            folder = Path(tempfile.mkdtemp()) / "desk"
            prepare(folder, fresh())
            for what, why in play(folder):
                tried += 1
                broken += [f"{name}, {what}: {why}"] if why else []
                print(f"| {name} | {what} | {why or 'as promised'} |", flush=True)
            shutil.rmtree(folder.parent)
    concluded(tried, broken)


if __name__ == "__main__":
    main()

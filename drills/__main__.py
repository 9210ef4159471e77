"""Every drill, as many at once as there are cores, and a table of what they came to.

usage: python -m drills [--minutes MINUTES] [NAME …]

A drill is a module of this folder that does something to the desk at many points, looks after each whether the
promises hold, and ends with `concluded`. Each runs in a process of its own; one that fails keeps no other from running.
What is not done after so many minutes is ended and named, and breaks nothing: it is to be played where there is time.
So is what this machine does not let be done, as mounting a disk. The broken promises stand once more at the very end.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

DRILLS: Mapping[str, Sequence[str]] = {
    "kills at every call, SQLite": ("drills.sweep",),
    "Prefect": ("drills.prefect",),
    "year, PostgreSQL": ("drills.year", "--postgresql"),
    "year, SQLite": ("drills.year",),
    "kills at every call, PostgreSQL": ("drills.sweep", "--postgresql"),
    "full disk at every call": ("drills.sweep", "--full"),
    "clocks, PostgreSQL": ("drills.clocks", "--postgresql"),
    "soak": ("drills.soak",),
    "PostgreSQL that goes away": ("drills.postgresql",),
    "clocks, SQLite": ("drills.clocks",),
    "power cuts": ("drills.powerloss",),
    "full disks": ("drills.fulldisk",),
    "workers": ("drills.workers",),
    "kills, PostgreSQL": ("drills.kills", "--postgresql"),
    "kills, SQLite": ("drills.kills",),
    "addresses": ("drills.addresses",),
}
"""Name → module and its arguments; the longest first, so that no core waits for one that began last."""

_AT_ONCE = min(os.cpu_count() or 1, 4)  # most of them wait: for leases, servers, the end of a process
_RUNNING: list[subprocess.Popen[str]] = []
_MOST_SECONDS = 7200.0  # for one drill: twenty times what the longest takes, so it ends what hangs and nothing slow
_GRACE_SECONDS = 30.0
_OUT_OF_TIME, _LEFT_OUT = "out of time", "left out"
_CONCLUSION = re.compile(r"^(\d+) points tried, (\d+) promises broken$", re.MULTILINE)
_WHY_LEFT_OUT = re.compile(rf"^{_LEFT_OUT}: .+$", re.MULTILINE)
_LAST_LINES = 20  # of a drill that ended without a conclusion


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--minutes", type=float, default=math.inf)
    options = parser.parse_args()
    if unknown := set(options.names) - DRILLS.keys():
        parser.error(f"no such drill: {', '.join(sorted(unknown))} (there are: {'; '.join(DRILLS)})")
    # what a shell starts in the background ignores it, and so would the drills, which are asked with it to end
    signal.signal(signal.SIGINT, signal.default_int_handler)
    begun = time.monotonic()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            # where time is short the shortest first, so that most of them are played
            names = options.names or (DRILLS if options.minutes == math.inf else reversed(DRILLS))
            rows = list(pool.map(partial(_played, until=begun + options.minutes * 60), names))
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(_RUNNING):
                _end(process)
            sys.exit(130)
    print("\n| drill | points tried | promises broken | seconds |\n|---|---|---|---|")
    for one in rows:
        print(f"| {one.name} | {'?' if one.points is None else one.points} | {one.verdict} | {one.seconds:.0f} |")
    points, broken = sum(one.points or 0 for one in rows), sum(len(one.broken) for one in rows)
    print(f"| together | {points} | {broken} | {time.monotonic() - begun:.0f} |")
    if late := [one.name for one in rows if one.without == _OUT_OF_TIME]:
        print(f"Not done within {options.minutes:g} minutes: {'; '.join(late)}. `make drill` plays them to their end.")
    for one in rows:
        print("".join(f"{one.name}: {what}\n" for what in one.broken), end="")
    sys.exit(bool(broken))


@dataclass(frozen=True, slots=True)
class Played:
    """What a drill came to."""

    name: str
    seconds: float
    points: int | None = None
    """That it tried; `None` where it does not say so."""
    broken: Sequence[str] = ()
    without: str = ""
    """Why it has no conclusion, where nobody is to blame."""

    @property
    def verdict(self) -> str:
        """How many promises it broke, or why that is not known."""
        return self.without or ("?" if self.points is None else str(len(self.broken)))


def _played(name: str, until: float) -> Played:
    """Runs one drill to its end, and prints what it said in one piece: several run side by side."""
    begun = time.monotonic()
    if begun >= until:
        return Played(name, 0.0, without=_OUT_OF_TIME)
    print(f"… {name}", flush=True)
    root = Path(__file__).parent.parent
    process = subprocess.Popen(
        [sys.executable, "-m", *DRILLS[name]],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )
    with _ended_with_all_it_started(process):
        try:
            said, _ = process.communicate(timeout=min(_MOST_SECONDS, until - begun))
        except subprocess.TimeoutExpired as error:
            said = f"{_decoded(error.stdout)}\nnot done after {error.timeout:.0f} s\n"
            if time.monotonic() >= until:
                print(f"\n== {name}: {_OUT_OF_TIME}\n{said}", flush=True)
                return Played(name, time.monotonic() - begun, without=_OUT_OF_TIME)
    seconds = time.monotonic() - begun
    print(f"\n== {name}: {seconds:.0f} s\n{said}", flush=True)
    return _concluded(name, seconds, said, process.wait())


def _concluded(name: str, seconds: float, said: str, code: int) -> Played:
    if found := _CONCLUSION.search(said):
        points, count = map(int, found.groups())
        broken = re.findall(r"^BROKEN: (.*)$", said, re.MULTILINE)
        if len(broken) == count and bool(count) == bool(code):
            return Played(name, seconds, points, broken)
    elif why := _WHY_LEFT_OUT.search(said):
        return Played(name, seconds, without=why[0])
    last = "\n".join(said.splitlines()[-_LAST_LINES:])
    return Played(name, seconds, broken=[f"it ended with {code} and without a conclusion:\n{last}"])


@contextmanager
def _ended_with_all_it_started(process: subprocess.Popen[str]) -> Iterator[None]:
    _RUNNING.append(process)
    try:
        yield
    finally:
        _end(process)
        _RUNNING.remove(process)
        assert process.stdout
        process.stdout.close()


def _end(process: subprocess.Popen[str]) -> None:
    """Ends a drill that still runs, and the servers and workers it may have left behind."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)  # it ends its PostgreSQL itself, which is in a session of its own
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _decoded(said: str | bytes | None) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said or ""


if __name__ == "__main__":
    main()

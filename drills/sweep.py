"""A kill -9, or a disk that is full from there on, at every call that changes the disk, in an issue's whole life.

usage: python -m drills.sweep [--full | --postgresql] [--step NAME …]

strace ends the process, or answers "no space left", at one call: the first, the second and so on to the last. Then the
desk is opened again, which has to be the whole repair, and the step is done again: nothing may be lost, nothing be
there twice, nothing half, and the next draft gets the next number. With a server the process is also ended before each
third message that it sends there, or call. Needs strace.
"""

from __future__ import annotations

import argparse
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from drills.conclusion import concluded
from drills.life import STEPS, Life
from drills.postgres import Server, throw_away
from drills.tracing import Call, Ended, apart, available, recorded, side_by_side, traced
from pipeline.errors import DeskError

_SIDES = 2  # points that are tried at once
_FILLING = ("write", "pwrite64")
"""The calls that a full disk refuses."""
_EACH_FULL = 4  # one in so many of these is tried: all that follow fail too, so neighbours say nearly the same
_EACH_ON_A_SERVER = 3  # and of the messages and calls of a step there, so that the drill ends in minutes
_ENOUGH = 0.5  # of the points hit: pages that came slowly, as while a run is recorded, are kept in more writes
_ON_A_SERVER = ("collect", "release", "prune")


@dataclass(frozen=True, slots=True)
class Tried:
    """One point, and what came of it."""

    step: str
    call: str
    hit: bool
    """Whether it came so far: what a run writes differs by a page or two from time to time."""
    broken: tuple[str, ...]


def points(life: Life, step: str, *, server: bool) -> list[Call]:
    """The calls of a step at which something can happen, in their order."""
    life.again(step)
    end, calls = recorded(partial(life.do, step), [life.folder])
    if end.error:
        raise end.error
    # the last message is ours: that the step is done
    return calls[:-1][::_EACH_ON_A_SERVER] if server else [one for one in calls if one.durable]


def killed(life: Life, step: str, call: Call) -> Tried:
    """Ends the process before a call, and starts again."""
    life.again(step)
    end, _ = traced(
        partial(life.do, step), "-e", f"trace={call.name}", "-e", f"inject={call.name}:signal=SIGKILL:when={call.nth}"
    )
    wrong = [] if end.killed or not end.error else [f"it was not killed but failed: {end.error!r}"]
    return Tried(step, str(call), end.killed, (*wrong, *started_again(life, step)))


def filled(life: Life, step: str, call: Call, before: Sequence[Call]) -> Tried:
    """Lets the disk be full from a call on, and starts again once there is room."""
    life.again(step)
    first = {name: 1 + max((one.nth for one in before if one.name == name), default=0) for name in _FILLING}
    end, seen = traced(
        partial(life.do, step),
        *("-e", f"trace={','.join(_FILLING)}"),
        *(part for name, nth in first.items() for part in ("-e", f"inject={name}:error=ENOSPC:when={nth}+")),
    )
    return Tried(step, str(call), "(INJECTED)" in seen, (*told(end, life.folder), *started_again(life, step)))


def told(end: Ended, folder: Path) -> list[str]:
    """What is wrong with how a full disk was told, if it was one at all."""
    if end.error is None:
        return [] if end.status == 0 else [f"it ended with {end.status}"]
    said = str(end.error)
    wrong = [] if isinstance(end.error, DeskError) else [f"a full disk is no error of ours: {end.error!r}"]
    if str(folder) not in said and f"{tempfile.gettempdir()}: " not in said:
        wrong.append(f"it does not say which place is full: {said}")
    if not re.search(r"\d+ (bytes|MiB)", said):
        wrong.append(f"it does not say how much room is needed: {said}")
    return wrong


def started_again(life: Life, step: str, *, shown: bool = False) -> list[str]:
    """The promises that do not hold once the desk was started again; that it can be is one of them."""
    end = apart(partial(life.broken, step, shown=shown))
    return [f"starting again fails: {end.error!r} {end.error.__notes__}"] if end.error else end.value


def share(side: int, steps: Sequence[str], full: bool, server: Server | None) -> list[Tried]:
    """Every second point, or whichever are this side's, each tried."""
    found: list[Tried] = []
    with workspace() as place:
        life = Life(place, server)
        for step in steps:
            every = points(life, step, server=server is not None)
            if full:
                filling = [at for at, one in enumerate(every) if one.name in _FILLING][::_EACH_FULL]
                found += [filled(life, step, every[at], every[:at]) for at in filling[side::_SIDES]]
            else:
                found += [killed(life, step, one) for one in every[side::_SIDES]]
    return found


@contextmanager
def workspace() -> Iterator[Path]:
    """A folder in which everything lies, temporary files too; gone afterwards."""
    place = Path(tempfile.mkdtemp(prefix="bulletin-drill-"))
    try:
        yield place
    finally:
        shutil.rmtree(place)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="a full disk instead of a kill")
    parser.add_argument("--postgresql", action="store_true", help="on a throw-away server instead of SQLite")
    parser.add_argument("--step", action="append", choices=STEPS, help="only this one")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    if why := available():
        raise SystemExit(f"left out: {why}")
    steps = given.step or (list(_ON_A_SERVER) if given.postgresql else [one for one in STEPS if one != "rest"])
    begun = time.monotonic()
    with throw_away(given.postgresql) as server, workspace() as place:
        Life(place / "warm", server)  # what is imported and loaded on first use is there before anything is forked
        found = side_by_side([partial(share, side, steps, given.full, server) for side in range(_SIDES)])
    tried = [one for side in found for one in side]
    how = "refused" if given.full else "killed"
    print(f"| step | points | {how} there | over before | promises broken |\n|---|---|---|---|---|")
    for step in steps:
        mine = [one for one in tried if one.step == step]
        hit = sum(one.hit for one in mine)
        print(f"| {step} | {len(mine)} | {hit} | {len(mine) - hit} | {sum(len(one.broken) for one in mine)} |")
    broken = [f"{one.step}, {one.call}: {what}" for one in tried for what in one.broken]
    for step in steps:
        mine = [one for one in tried if one.step == step]
        if sum(one.hit for one in mine) < _ENOUGH * len(mine):
            broken.append(f"{step}: the drill itself hits too little, it shows nothing")
    print(f"{time.monotonic() - begun:.0f} s")
    concluded(len(tried), broken)


if __name__ == "__main__":
    main()

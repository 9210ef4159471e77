"""Disks that are full for real: the data, the files that are put out and the temporary ones, each on a small disk.

usage: python -m drills.fulldisk

Beside what is there already such a disk has room for nothing, a little more, and so on to what the step needs. An error
has to say which place is full and how much is needed; once there is room, starting again is the whole repair. Needs
`unshare`, and leave to mount: root has it, others where the system lets them.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NoReturn
from unittest.mock import patch

import structlog

from drills.conclusion import concluded
from drills.life import Life
from drills.sweep import Tried, started_again, told, workspace
from drills.tracing import apart, side_by_side

INSIDE = "--inside"
_PLACES = ("data", "out", "temp")
_STEPS = ("collect", "run", "release", "correct", "release the correction")
_ROOMS = 6  # sizes that are tried between nothing and enough
_PLENTY = 64 * 1024 * 1024
_PAGE = 4096


@contextmanager
def small_disk(where: Path) -> Iterator[None]:
    """A disk of its own in place of a folder, with what lay in it."""
    kept = where.with_name(f"{where.name}-kept")
    where.mkdir(exist_ok=True)
    where.rename(kept)
    where.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_PLENTY}", "tmpfs", where], check=True)
    try:
        shutil.copytree(kept, where, dirs_exist_ok=True)
        shutil.rmtree(kept)
        yield
    finally:
        subprocess.run(["umount", "--lazy", where], check=True)


def tried(life: Life, step: str, place: str, room: int | None) -> tuple[Tried, int]:
    """One step on a disk that has so many bytes left, or plenty: what came of it, and how many it took."""
    life.again(step)
    where = life.folder / place
    with small_disk(where), patch.object(tempfile, "tempdir", str(life.folder / "temp")):
        (life.folder / "temp").mkdir(exist_ok=True)
        free = shutil.disk_usage(where).free
        if room is not None:
            (where / ".ballast").write_bytes(bytes(free - room))
        end = apart(partial(life.do, step))
        left = shutil.disk_usage(where).free
        (where / ".ballast").unlink(missing_ok=True)
        if room is None:
            return Tried(step, place, False, ()), free - left
        wrong = (*told(end, life.folder), *started_again(life, step))
    return Tried(step, f"{place} with {room} bytes left", end.error is not None, wrong), room - left


def share(side: int) -> list[Tried]:
    """Every second size of disk, each tried with every step."""
    found = []
    with workspace() as place:
        life = Life(place)
        for step in _STEPS:
            for which in _PLACES:
                # a transaction also needs a journal of what it changes, and a file is there twice for a moment
                needed = 3 * tried(life, step, which, None)[1] // 2 + 16 * _PAGE
                rooms = [needed * part // (_ROOMS - 1) // _PAGE * _PAGE for part in range(_ROOMS)]
                found += [tried(life, step, which, room)[0] for room in rooms[side::2]]
    return found


def inside() -> NoReturn:
    """The drill, where mounting concerns nobody else."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    begun = time.monotonic()
    with workspace() as place:
        Life(place)  # what is imported and loaded on first use is there before anything is forked
    every: list[Tried] = [one for side in side_by_side([partial(share, side) for side in range(2)]) for one in side]
    print("| step | sizes of disk | of these too small | promises broken |\n|---|---|---|---|")
    for step in _STEPS:
        mine = [one for one in every if one.step == step]
        refused, wrong = sum(one.hit for one in mine), sum(len(one.broken) for one in mine)
        print(f"| {step} | {len(mine)} | {refused} | {wrong} |")
    broken = [f"{one.step}, {one.call}: {what}" for one in every for what in one.broken]
    if not any(one.hit for one in every):
        broken.append("no disk was too small: it shows nothing")
    print(f"{time.monotonic() - begun:.0f} s")
    concluded(len(every), broken)


def main() -> int:
    """Starts the drill where it may mount."""
    if INSIDE in sys.argv:
        inside()
    if shutil.which("unshare") is None:
        print("left out: needs unshare")
        return 0
    for how in (["-m"], ["-r", "-m"]):
        if subprocess.run(["unshare", *how, "true"], check=False, stderr=subprocess.DEVNULL).returncode == 0:
            return subprocess.run(["unshare", *how, sys.executable, "-m", "drills.fulldisk", INSIDE]).returncode
    print("left out: no leave to mount")
    return 0


if __name__ == "__main__":
    sys.exit(main())

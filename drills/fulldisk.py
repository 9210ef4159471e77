"""Disks that are full for real: the data, the files that are put out, the temporary ones and a server's, each small.

usage: python -m drills.fulldisk

Beside what is there already such a disk has room for nothing, a little more, and so on to what the step needs. An error
has to say which place is full and how much is needed (a server does not know); once there is room, starting again is
the whole repair. The tables of PostgreSQL lie on such a disk too, where it is installed. Needs `unshare`, and leave to
mount: root has it, others where the system lets them.
"""

from __future__ import annotations

import os
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
from drills.postgres import Server, binaries
from drills.sweep import Tried, started_again, told, workspace
from drills.tracing import Ended, apart, side_by_side
from pipeline.errors import DeskError

INSIDE = "--inside"
_PLACES = ("data", "out", "temp")
_STEPS = ("collect", "run", "release", "correct", "release the correction")
_ROOMS = 6  # sizes that are tried between nothing and enough
_PLENTY = 64 * 1024 * 1024
_PAGE = 4096
_ON_A_SERVER = ("run", "release")
_OF_A_SERVER = 512 * 1024 * 1024  # for a database as it is before each step


@contextmanager
def mounted(where: Path, size: int) -> Iterator[None]:
    """An empty disk of so many bytes in a new folder."""
    where.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", where], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", where], check=True)


@contextmanager
def small_disk(where: Path) -> Iterator[None]:
    """A disk of its own in place of a folder, with what lay in it."""
    kept = where.with_name(f"{where.name}-kept")
    where.mkdir(exist_ok=True)
    where.rename(kept)
    with mounted(where, _PLENTY):
        shutil.copytree(kept, where, dirs_exist_ok=True)
        shutil.rmtree(kept)
        yield


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


def on_a_server(server: Server) -> list[Tried]:
    """The same with the tables of a server: what it extends on a disk without room is refused, and told as that."""
    found = []
    disk = server.folder / "small"
    with workspace() as place, mounted(disk, _OF_A_SERVER):
        shelf = disk / "tables"
        shelf.mkdir()
        owner = server.folder.stat()  # a server does not run as root
        os.chown(shelf, owner.st_uid, owner.st_gid)
        server.tell(f"CREATE TABLESPACE small LOCATION '{shelf}'")
        server.tell("ALTER DATABASE template1 SET TABLESPACE small")  # of which every database is made that is made now
        life = Life(place, server)
        for step in _ON_A_SERVER:
            needed = 0
            for part in range(_ROOMS):
                life.again(step)
                server.tell("CHECKPOINT")  # what was dropped lies there until then
                free = shutil.disk_usage(disk).free
                if part:
                    room = needed * (part - 1) // (_ROOMS - 1) // _PAGE * _PAGE
                    (disk / ".ballast").write_bytes(bytes(free - room))
                end = apart(partial(life.do, step))
                left = shutil.disk_usage(disk).free
                (disk / ".ballast").unlink(missing_ok=True)
                if not part:
                    needed = free - left
                    continue
                wrong = (*_refused(end), *started_again(life, step))
                found.append(Tried(step, f"a server's disk with {room} bytes left", end.error is not None, wrong))
    return found


def _refused(end: Ended) -> list[str]:
    """What is wrong with how a server without room was told of, if it was without room at all."""
    if end.error is None or (isinstance(end.error, DeskError) and "the server has no room left" in str(end.error)):
        return []
    return [f"a server without room is told as {end.error!r}"]


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
    if programs := binaries():
        server = Server(programs)
        try:
            every += on_a_server(server)
        finally:
            server.end()
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

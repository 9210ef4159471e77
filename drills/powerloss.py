"""A power cut at every moment of a step: the disk as it may then be found, and what starting again makes of it.

usage: python -m drills.powerloss [--step NAME …] [--sabotage]

strace records what a step asks of the disk. From that the disk is built anew for each moment, in three ways: with
nothing but what was synced by then (a file's bytes by its own fsync, its name by that of the folder), with everything,
and with all names but only the bytes that were synced. What somebody was told is done has to stay done. With
`--sabotage` the program does not sync its files; the drill does that too at its end, and has to notice. Needs strace.
"""

from __future__ import annotations

import argparse
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from unittest.mock import patch

import structlog

from drills.conclusion import concluded
from drills.life import STEPS, Life
from drills.sweep import started_again, workspace
from drills.tracing import Call, available, recorded, side_by_side
from pipeline.model import digest

_CUT = ("run", "release", "release the correction", "withdraw")
"""The steps that promise something."""
_SYNCS = ("fsync", "fdatasync")
_WRITES = ("write", "pwrite64")
_KNOWN = {*_SYNCS, *_WRITES, "openat", "mkdir", "rename", "unlink", "ftruncate", "rmdir"}

Files = Mapping[Path, bytes]


@dataclass(slots=True)
class _File:
    """The bytes of a file, as they are read now and as they lie on the disk."""

    bytes: bytearray
    synced: bytes = b""


@dataclass
class Disk:
    """A disk under a program: what it was asked to do, and what of that no power cut undoes any more."""

    names: dict[Path, _File] = field(default_factory=dict)
    synced: dict[Path, _File] = field(default_factory=dict)
    """The names that are on the disk."""
    folders: set[Path] = field(default_factory=set)
    synced_folders: set[Path] = field(default_factory=set)
    _open: dict[int, tuple[_File, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path) -> Disk:
        """A disk on which all that lies in a folder has been for long."""
        disk = cls()
        for path in [folder, *folder.rglob("*")]:
            if path.is_dir():
                disk.folders.add(path)
            else:
                data = path.read_bytes()
                disk.names[path] = _File(bytearray(data), data)
        disk.synced, disk.synced_folders = dict(disk.names), set(disk.folders)
        return disk

    def does(self, call: Call) -> None:
        """One call; what failed changes nothing."""
        if call.name not in _KNOWN:
            raise SystemExit(f"{call}: this drill does not know what that does to a disk")
        if call.result is None or call.result < 0:
            return
        path = Path(call.path)
        if call.name == "openat":
            file = self.names.setdefault(path, _File(bytearray()))
            if "O_TRUNC" in call.flags:
                file.bytes.clear()
            self._open[call.result] = (file, 0)
        elif call.name == "mkdir":
            self.folders.add(path)
        elif call.name == "rmdir":
            self.folders.discard(path)
        elif call.name == "rename":
            self.names[Path(call.target)] = self.names.pop(path)
        elif call.name == "unlink":
            del self.names[path]
        elif call.name == "ftruncate":
            assert call.offset is not None
            self.names[path].bytes[call.offset :] = b""
        elif call.name in _SYNCS:
            self._sync(path)
        else:
            self._write(call, path)

    def _write(self, call: Call, path: Path) -> None:
        if call.offset is None:
            file, at = self._open[call.handle]
            self._open[call.handle] = (file, at + len(call.data))
        else:
            file, at = self.names[path], call.offset
        if at > len(file.bytes):
            file.bytes.extend(bytes(at - len(file.bytes)))
        file.bytes[at : at + len(call.data)] = call.data

    def _sync(self, path: Path) -> None:
        if path not in self.folders:
            self.names[path].synced = bytes(self.names[path].bytes)
            return
        for name in [one for one in self.synced if one.parent == path]:
            del self.synced[name]
        self.synced |= {name: file for name, file in self.names.items() if name.parent == path}
        here = {one for one in self.folders if one.parent == path}
        self.synced_folders = {one for one in self.synced_folders if one.parent != path} | here

    def after(self) -> Iterator[tuple[str, Files]]:
        """What may be found after a power cut now, by the way it came about."""
        kept = {one for one in self.synced_folders if all(up in self.synced_folders for up in _inside(one))}
        # what held nothing but was made by the office is still there; an empty folder has no say in anything
        yield "only what was synced", {name: one.synced for name, one in self.synced.items() if name.parent in kept}
        yield "everything", {name: bytes(one.bytes) for name, one in self.names.items()}
        yield "names without their bytes", {name: one.synced for name, one in self.names.items()}

    @staticmethod
    def laid_out(files: Files, folder: Path) -> None:
        """Makes a folder hold exactly these files."""
        shutil.rmtree(folder, ignore_errors=True)
        for name, data in files.items():
            name.parent.mkdir(parents=True, exist_ok=True)
            name.write_bytes(data)


def _inside(folder: Path) -> Sequence[Path]:
    return [up for up in folder.parents if up.name and "desk" in up.parts]


@dataclass(frozen=True, slots=True)
class Cut:
    """One state of the disk, and what starting again made of it."""

    step: str
    way: str
    told: bool
    """Whether somebody had been told by then that the step was done."""
    broken: tuple[str, ...]


def states(life: Life, step: str, *, sabotage: bool = False) -> list[tuple[str, bool, Call, Files]]:
    """Every state in which a power cut may leave the disk during a step, each once: how, whether shown, where."""
    life.again(step)
    disk = Disk.of(life.folder)
    careless = patch.object(os, "fsync", lambda _: None) if sabotage else nullcontext()
    with careless:
        end, calls = recorded(partial(life.do, step), [life.folder])
    if end.error:
        raise end.error
    known: set[str] = set()
    found: list[tuple[str, bool, Call, Files]] = []
    shown = False
    for call, following in zip(calls, [*calls[1:], None], strict=True):
        if call.name == "sendto":
            shown = True
        else:
            disk.does(call)
        if following and call.name in _WRITES and following.name in _WRITES:
            continue  # between two writes of one transaction; the kills try these
        for way, files in disk.after():
            mark = digest(str(shown), *(part for name in sorted(files) for part in (str(name), files[name])))
            if mark not in known:
                known.add(mark)
                found.append((way, shown, call, files))
    return found


def cut(life: Life, step: str, state: tuple[str, bool, Call, Files]) -> Cut:
    """Starts again on a disk as a power cut left it."""
    way, shown, call, files = state
    life.again(step)
    Disk.laid_out(files, life.folder)
    wrong = started_again(life, step, shown=shown)
    return Cut(step, way, shown, tuple(f"{way}, after {call}: {one}" for one in wrong))


def share(side: int, sides: int, steps: Sequence[str], sabotage: bool) -> list[Cut]:
    """This side's share of the states, each tried."""
    with workspace() as place:
        life = Life(place)
        return [
            cut(life, step, state) for step in steps for state in states(life, step, sabotage=sabotage)[side::sides]
        ]


def noticed() -> bool:
    """Whether the drill sees that files are not synced, as one would who must be able to fail."""
    with workspace() as place:
        life = Life(place)
        made = reversed(states(life, "release", sabotage=True))  # the last are those that break most
        return any(cut(life, "release", state).broken for state in made)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sabotage", action="store_true", help="without the program's own syncing: has to fail")
    parser.add_argument("--step", action="append", choices=STEPS, help="only this one")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    if why := available():
        raise SystemExit(f"left out: {why}")
    steps, sides = given.step or list(_CUT), 2
    begun = time.monotonic()
    with workspace() as place:
        Life(place)  # what is imported and loaded on first use is there before anything is forked
    parts: list[Callable[[], object]] = [partial(share, side, sides, steps, given.sabotage) for side in range(sides)]
    cuts: list[Cut] = [one for side in side_by_side(parts) for one in side]
    print("| step | disks | after it was told | promises broken |\n|---|---|---|---|")
    for step in steps:
        mine = [one for one in cuts if one.step == step]
        told, wrong = sum(one.told for one in mine), sum(len(one.broken) for one in mine)
        print(f"| {step} | {len(mine)} | {told} | {wrong} |")
    broken = [f"{one.step}, {what}" for one in cuts for what in one.broken]
    if not given.sabotage and not noticed():
        broken.append("the drill does not see that files are not synced: it shows nothing")
    print(f"{time.monotonic() - begun:.0f} s")
    concluded(len(cuts), broken)


if __name__ == "__main__":
    main()

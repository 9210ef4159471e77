"""What a process and all it started use: seconds of computing, memory, threads, open files. Linux only.

Read from /proc, so that whoever is measured need not know. Memory is the proportional share (PSS): what the children
that parse pages share with the process that forked them counts once.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_EVERY = 0.2  # seconds between two looks at the memory


def tree(process: int) -> list[int]:
    """A process and all that it started, and these, that live now."""
    found = [process]
    for one in found:
        with suppress(OSError):
            for thread in (_PROC / str(one) / "task").iterdir():
                found += map(int, (thread / "children").read_text().split())
    return found


def computed(process: int) -> float:
    """Seconds of computing of a process and all that it started, those that have ended too; to 0.01 s."""
    ticks = 0
    for one in tree(process):
        with suppress(OSError):
            # utime, stime and those of children that were waited for; the name before them may hold blanks
            ticks += sum(map(int, (_PROC / str(one) / "stat").read_text().rpartition(")")[2].split()[11:15]))
    return ticks / _TICKS


def memory(process: int) -> float:
    """MiB of a process and all that it started."""
    kibibytes = 0
    for one in tree(process):
        with suppress(OSError):
            told = (_PROC / str(one) / "smaps_rollup").read_text()
            kibibytes += int(told.partition("\nPss:")[2].split(None, 1)[0])
    return kibibytes / 1024


@dataclass(frozen=True, slots=True)
class Held:
    """What a process holds at a moment."""

    files: int
    threads: int
    children: int
    """All that it started, and these."""
    mebibytes: float
    """Of the process alone, without its children."""


def held(process: int) -> Held:
    """What a process holds now."""
    here = _PROC / str(process)
    pages = int((here / "statm").read_text().split()[1])
    return Held(
        len(list((here / "fd").iterdir())),
        len(list((here / "task").iterdir())),
        len(tree(process)) - 1,
        pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
    )


class Peak:
    """The most memory that processes had at once, all together, in MiB."""

    def __init__(self, *processes: int) -> None:
        self._processes = processes
        self.mebibytes = 0.0

    def look(self) -> None:
        """Looks how much it is now."""
        self.mebibytes = max(self.mebibytes, sum(map(memory, self._processes)))


@contextmanager
def watched(*processes: int) -> Iterator[Peak]:
    """Looks at the memory of processes five times a second."""
    peak, over = Peak(*processes), threading.Event()

    def look() -> None:
        while not over.wait(_EVERY):
            peak.look()

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def size(folder: Path) -> int:
    """Bytes of the files below a folder, or of one file."""
    if folder.is_file():
        return folder.stat().st_size
    return sum((Path(where) / name).stat().st_size for where, _, names in os.walk(folder) for name in names)

"""The whole path with one worker and with two, on SQLite and PostgreSQL: from pages on loopback to the draft.

usage: python -m benchmarks.scale [--pages 1000 10000] [--workers 1 2] [--databases SQLite PostgreSQL]
           [--executors processes dask]

Each row is a run of the desk in a process of its own over a month of the world in `benchmarks.world`: with so many
processes of this machine, or with so many Dask workers of one thread beside a scheduler, all on this machine. What it
computes is the seconds of all of them. PostgreSQL is a throw-away server with its usual settings. All drafts
over the same pages must be the same; otherwise the last line says so, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import usage
from benchmarks.pipeline import Cost, measured, quiet
from benchmarks.world import AFTER, SERIES, WINDOW, World, served, write_workspace
from drills.dask import cluster
from drills.postgres import databases
from pipeline.desk import open_desk

_STAGES = ("harvest", "read", "relate", "judge")


@dataclass(frozen=True, slots=True)
class Row:
    """One run."""

    cost: Cost
    workers: tuple[float, float]
    """Seconds that Dask's processes computed, and the most MiB they had."""
    draft: str
    """Digest."""

    def cells(self, pages: int) -> list[str]:
        """What stands in the table: seconds of the stages, all, articles a second, computed, MiB."""
        whole, computed = self.cost.whole
        return [
            *(f"{self.cost.wall[stage]:.1f}" for stage in _STAGES),
            f"{whole:.1f}",
            f"{pages / whole:.1f}",
            f"{computed + self.workers[0]:.1f}",
            f"{self.cost.peak:.0f}",
            f"{self.workers[1]:.0f}" if self.workers[1] else "–",
        ]


@contextmanager
def _dask(folder: Path, workers: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The `executor` setting, and the processes behind it; none with no workers."""
    if not workers:
        yield "", ()
        return
    with cluster(folder, workers) as started:
        yield started.setting, (started.scheduler.pid, *(one.pid for one in started.workers))


def run(folder: Path, pages: int, database: str, executor: str, workers: int) -> Row:
    """Makes the draft of a new workspace."""
    folder.mkdir()
    dask = executor == "dask"
    with _dask(folder, workers if dask else 0) as (setting, processes), served(World(pages)) as web:
        workspace = write_workspace(
            folder / "desk", web, database=database, executor=setting, workers=1 if dask else workers
        )
        with usage.watched(*processes) as peak:
            before = sum(map(usage.computed, processes))
            cost = measured(workspace)
            elsewhere = sum(map(usage.computed, processes)) - before
    with open_desk(workspace, clock=lambda: AFTER) as desk:
        desked = desk.desked(SERIES, WINDOW)
        return Row(cost, (elsewhere, peak.mebibytes), hashlib.sha256(repr(desked.draft).encode()).hexdigest()[:12])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, nargs="+", default=[1000])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--databases", nargs="+", choices=("SQLite", "PostgreSQL"), default=["SQLite", "PostgreSQL"])
    parser.add_argument("--executors", nargs="+", choices=("processes", "dask"), default=["processes", "dask"])
    given = parser.parse_args()
    quiet()
    drafts: dict[int, set[str]] = {}
    print(
        f"| pages | database | executor | workers | {' | '.join(f'{one} s' for one in _STAGES)} | all s | articles/s "
        f"| computed s | peak MiB | workers' MiB | draft |\n|{'---|' * 14}"
    )
    with tempfile.TemporaryDirectory() as folder, ExitStack() as around:
        new: dict[str, Callable[[], str]] = {
            name: around.enter_context(databases(name == "PostgreSQL")) for name in given.databases
        }
        for pages in given.pages:
            for name in given.databases:
                for executor in given.executors:
                    for workers in given.workers:
                        place = Path(folder) / f"{pages}-{name}-{executor}-{workers}"
                        row = run(place, pages, new[name](), executor, workers)
                        drafts.setdefault(pages, set()).add(row.draft)
                        cells = [f"{pages:,}", name, executor, str(workers), *row.cells(pages), row.draft]
                        print(f"| {' | '.join(cells)} |", flush=True)
    if any(len(made) > 1 for made in drafts.values()):
        sys.exit("The drafts are NOT the same.")


if __name__ == "__main__":
    main()

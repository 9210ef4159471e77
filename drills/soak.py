"""Run after run in one process: what a desk holds must not grow, and what it keeps must be accounted for row by row.

usage: python -m drills.soak [--runs 240] [--prefect 8]

A small world of news; ten of the runs find one article more, the others nothing new. First inline, the desk opened
anew for each run as the clock does, then as Prefect's flows in another process, with one server for all. After the
first quarter, files, threads, children and temporary files may not grow at all, memory by a tenth, and of the tables
only those that say what a run did. `--runs 1000 --prefect 30` is the long form.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from benchmarks import usage
from benchmarks.pipeline import prefect_server, quiet
from benchmarks.world import AFTER, SERIES, WINDOW, Web, World, served, write_workspace
from drills.conclusion import concluded
from pipeline.config import load
from pipeline.desk import Inline, open_desk, open_store
from pipeline.store.schema import METADATA

_AT_FIRST = 12
_NEWS = 10
_ARTICLES = _AT_FIRST + _NEWS
_SOURCES = 3
_WARM = 0.25  # of the runs: caches fill, children are started, the draft finds its form
_SAMPLES = 24
_MORE_MEMORY = 0.1
_PER_RUN = frozenset({"runs", "fates", "visits"})
"""The tables in which every run writes a row or more, whatever it finds; retention prunes them."""
_PER_ARTICLE = frozenset(
    {
        *("articles", "pages", "leads", "fingerprints", "words", "keys", "edges", "pictures"),
        *("revisions", "candidates", "pools", "audit"),
    }
)
"""Those that grow with what is found, and with the draft that this changes."""


@dataclass(frozen=True, slots=True)
class Sample:
    """How a process and its desk stand after so many runs."""

    runs: int
    seconds: float
    """Of computing for each run since the sample before."""
    files: int
    threads: int
    children: int
    mebibytes: float
    temporary: int
    database: int
    """Bytes."""
    rows: Mapping[str, int]


def rows_of(workspace: Path) -> dict[str, int]:
    """How many rows each table has."""
    with open_desk(workspace, clock=lambda: AFTER) as desk:
        database, _ = open_store(desk.config)
        try:
            with database.read() as connection:
                return {
                    name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
                    for name, table in METADATA.tables.items()
                }
        finally:
            database.close()


def soaked(
    runs: int, run: Callable[[], object], web: Web, workspace: Path, temporary: Path, also: int = 0
) -> list[Sample]:
    """Runs so often, and looks at this process every now and then; `also` is another process that works for it."""
    samples: list[Sample] = []
    every = max(1, runs // _SAMPLES)
    own = [os.getpid(), *([also] if also else [])]
    before = sum(map(usage.computed, own))
    for done in range(1, runs + 1):
        web.show(0, _AT_FIRST + _NEWS * done // runs)
        run()
        if done % every == 0:
            now = sum(map(usage.computed, own))
            here = usage.held(os.getpid())
            samples.append(
                Sample(
                    done,
                    (now - before) / every,
                    here.files,
                    here.threads,
                    here.children,
                    here.mebibytes,
                    len(list(temporary.iterdir())),
                    usage.size(workspace / "data" / "desk.db"),
                    rows_of(workspace),
                )
            )
            before = sum(map(usage.computed, own))
    return samples


@contextmanager
def own_temporary_files(folder: Path) -> Iterator[Path]:
    """Has this process and its children make their temporary files in a folder of their own."""
    folder.mkdir()
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"], tempfile.tempdir = str(folder), None
    try:
        yield folder
    finally:
        tempfile.tempdir = None
        del os.environ["TMPDIR"]
        if before is not None:
            os.environ["TMPDIR"] = before


def broken(name: str, samples: Sequence[Sample]) -> list[str]:
    """What grew that should not."""
    warm = [one for one in samples if one.runs >= samples[-1].runs * _WARM]
    first, rest = warm[: len(warm) // 3], warm[-(len(warm) // 3) :]
    found = []
    for what in ("files", "threads", "children", "temporary"):
        # a sample may meet a thread or a child that is just ending: what leaks is more in every later sample
        early, late = max(getattr(one, what) for one in first), min(getattr(one, what) for one in rest)
        if late > early:
            found.append(f"{name}: {what} grew from {early} to {late}")
    early_memory, late_memory = (statistics.median(one.mebibytes for one in some) for some in (first, rest))
    if late_memory > early_memory * (1 + _MORE_MEMORY):
        found.append(f"{name}: memory grew from {early_memory:.0f} to {late_memory:.0f} MiB")
    grown = {table for table in warm[0].rows if warm[-1].rows[table] > warm[0].rows[table]}
    if unexplained := sorted(grown - _PER_RUN - _PER_ARTICLE):
        found.append(f"{name}: {', '.join(unexplained)} grew, and nobody said why")
    return found


def show(name: str, samples: Sequence[Sample]) -> None:
    """Prints some of the samples, and what the database grew by."""
    head = "s of computing a run | files | threads | children | MiB | temporary files | database KiB"
    print(f"\n| {name}: runs | {head} |")
    print("|---|---|---|---|---|---|---|---|")
    step = max(1, len(samples) // 6)
    for one in [*samples[step - 1 :: step]]:
        print(
            f"| {one.runs:,} | {one.seconds:.3f} | {one.files} | {one.threads} | {one.children} "
            f"| {one.mebibytes:.0f} | {one.temporary} | {one.database / 1024:,.0f} |"
        )
    warm = [one for one in samples if one.runs >= samples[-1].runs * _WARM]
    first, last = warm[0], warm[-1]
    runs = last.runs - first.runs
    found = last.rows["articles"] - first.rows["articles"]
    grown = {table: more for table in first.rows if (more := last.rows[table] - first.rows[table])}
    print(
        f"in the last {runs:,} runs, with {found} new articles, the database grew by "
        f"{(last.database - first.database) / 1024 / runs:.2f} KiB a run; rows a run: "
        + ", ".join(f"{table} {more / runs:.2f}" for table, more in sorted(grown.items(), key=lambda one: -one[1]))
    )
    mebibytes = statistics.linear_regression([one.runs for one in warm], [one.mebibytes for one in warm]).slope
    print(f"memory: {mebibytes * 1024:+.2f} KiB a run", flush=True)


def pruned(workspace: Path) -> list[str]:
    """Forgets a hundred days later what retention lets go; what stayed of runs that a later one repeats."""
    before = rows_of(workspace)
    with open_desk(workspace, clock=lambda: AFTER + dt.timedelta(days=100)) as desk:
        for days in (25, 50, 75):  # time in which nothing at all is done does not count as gone by
            desk.claims.pause(SERIES, "the desk is at work", "soak", AFTER + dt.timedelta(days=days))
        spare = desk.prune().spare
    after = rows_of(workspace)
    print(
        f"pruned after a hundred days: fates {before['fates']:,} → {after['fates']:,}, those of the last run over the "
        f"window's {after['leads']} leads; {spare / 1024:,.0f} KiB of the database are free for what comes next"
    )
    kept = after["fates"] == after["leads"] < before["fates"] and after["articles"] == before["articles"]
    return [] if kept else [f"pruning left {after['fates']} fates of {after['leads']} leads"]


def _inline(folder: Path, runs: int) -> list[Sample]:
    with own_temporary_files(folder / "tmp") as temporary, served(_world()) as web:
        web.show(0, _AT_FIRST)
        workspace = write_workspace(folder / "inline", web)

        def run() -> None:
            with open_desk(workspace, clock=lambda: AFTER) as desk:
                desk.run(SERIES, WINDOW, Inline())

        return soaked(runs, run, web, workspace, temporary)


def _prefect(folder: Path, runs: int, server: int) -> list[Sample]:
    from pipeline.flows.embedded import embedded
    from pipeline.flows.work import generate

    with own_temporary_files(folder / "tmp-prefect") as temporary, served(_world()) as web:
        web.show(0, _AT_FIRST)
        workspace = write_workspace(folder / "prefect", web)

        def run() -> None:
            if not embedded(load(workspace), generate, lambda line: None, series=SERIES, start=WINDOW.start):
                sys.exit("Prefect could not be used")

        return soaked(runs, run, web, workspace, temporary, also=server)


def _world() -> World:
    return World(_ARTICLES, sources=_SOURCES)


def _through_prefect(folder: Path, runs: int) -> list[Sample]:
    """The same in a process of its own, which reads the address of its server when it imports Prefect."""
    with prefect_server(folder / "server") as server:
        command = [sys.executable, "-m", "drills.soak", "--child", str(folder), str(runs), str(server.pid)]
        done = subprocess.run(
            command, env={**os.environ, **server.environment}, stdout=subprocess.PIPE, text=True, check=True
        )
        after = usage.memory(server.pid)
    print(f"Prefect's server started in {server.seconds[0]:.1f} s and has {after:.0f} MiB after the last run")
    return [Sample(**one) for one in json.loads(done.stdout.splitlines()[-1])]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=240, help="inline")
    parser.add_argument("--prefect", type=int, default=8, help="through Prefect")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    quiet()
    if given.child:
        folder, runs, server = given.child
        samples = _prefect(Path(folder), int(runs), int(server))
        print(json.dumps([{name: getattr(one, name) for name in Sample.__slots__} for one in samples]))
        return
    wrong: list[str] = []
    points = 0
    with tempfile.TemporaryDirectory(prefix="bulletin-soak-") as name:
        for title, runs, soak in (("inline", given.runs, _inline), ("Prefect", given.prefect, _through_prefect)):
            if not runs:
                continue
            begun = time.monotonic()
            samples = soak(Path(name), runs)
            show(title, samples)
            if soak is _inline:  # Prefect's flows have the clock of this machine, by which nothing is old yet
                wrong += pruned(Path(name) / title)
            print(f"{runs:,} runs took {time.monotonic() - begun:.0f} s")
            wrong += broken(title, samples)
            points += runs
    concluded(points, wrong)


if __name__ == "__main__":
    main()

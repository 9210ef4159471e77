"""What 10⁵ sources with 10⁷ pages a day would take: arithmetic over measured figures, and where it ends.

usage: python -m benchmarks.model [--sources 100000] [--pages 10000000] [--calibrate 500 2000] [--postgresql]

Measures first, in two runs of the whole path over so many pages of `benchmarks.world` (`benchmarks.pipeline` does the
same for one), what a page costs on this machine; what it cannot measure stands below with the command that did. Then
says, stage by stage, how much of a day's work one unit of what it uses can do, and how many units that makes. A stage
that is one process by its nature, because each batch is compared with those before it or because a draft is judged
as a whole, cannot have more than one: where it needs more, the design ends, and the last lines say what to change.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.pipeline import measured, quiet
from benchmarks.store import together
from benchmarks.world import AFTER, SERIES, WINDOW, World, served, write_workspace
from drills.postgres import databases
from pipeline.config import load
from pipeline.desk import Inline, document, open_desk
from pipeline.model import Lead
from pipeline.steps.dedupe import fingerprints
from pipeline.steps.rate import Rater
from pipeline.store import Blobs, Database, Leads

DAY = 86_400.0
GROWTH = 0.1
"""Comparing costs stored^this: `python -m benchmarks.growth`, 101 → 82 documents a second from 10,000 to 100,000."""
TASK_RUN = 0.02
"""Seconds that a task run of Prefect computes with its server: 11 to 28 ms, `benchmarks.pipeline --engine prefect`."""
CAPTURED = 1 / 62.3
"""Seconds that reading one of 81 captured pages computes, `python -m benchmarks.extraction`: those here are lighter."""
SECONDS_PER_HOST = 2.0
"""`politeness.seconds_per_host`, the default."""
VISITS = 6
"""Rounds of collecting a day, `clock.collect_minutes: 240`."""
AT_ONCE = 8
"""Sources that one flow asks side by side."""
BATCH, TOGETHER = 200, 300
"""Pages in a task that reads, articles in one that compares."""
MARGIN, MONTH = 14, 30
"""Days around a window that are compared and judged with it; days of a window."""
CORES, GIBIBYTES, USED = 16, 64, 0.6
"""Of one machine, and how much of it is to be in use."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a page costs, of the larger of two runs."""

    harvest: float
    """Seconds of computing; so are the next six."""
    read: float
    relate: float
    judge: float
    fingerprint: float
    """Part of `relate` that any process can do."""
    rate: float
    """Part of `judge` that any process can do."""
    compared_with: int
    """Articles that were stored when the last were compared."""
    memory: float
    """KiB that the process needs more for each page of a window."""
    database: float
    """KiB."""
    blobs: float
    """KiB."""
    writes: float
    """Transactions."""
    writes_a_second: float
    """Of eight writers at once."""


@dataclass(frozen=True, slots=True)
class Need:
    """What one stage needs."""

    stage: str
    each: str
    """What a page costs."""
    unit: str
    units: float
    """How many of them a day's pages keep busy."""
    machines: float | None
    """`None` for what no machine of ours does."""
    single: bool = False
    """Whether there can be but one."""


# ------------------------------------------------------------------------------------------- measuring


def calibrated(folder: Path, sizes: Sequence[int], new: Callable[[], str]) -> Measured:
    """What a page costs here."""
    small, large = min(sizes), max(sizes)
    costs = {}
    for pages in (small, large):
        with served(World(pages)) as web:
            costs[pages] = measured(write_workspace(folder / str(pages), web, database=new()))
    cost = costs[large]
    each = {stage: seconds / large for stage, seconds in cost.computed.items()}
    some = [World(large).article(number) for number in range(200)]
    config = load(folder / str(large))
    rater = Rater(config.scope, None, config.outlets)
    rater.rate_all(some[:5])
    prints, rated = (
        _own(lambda: fingerprints([document(one) for one in some])),
        _own(lambda: rater.rate_all(some)),
    )
    return Measured(
        each["harvest"],
        each["read"],
        each["relate"],
        each["judge"],
        prints / len(some),
        rated / len(some),
        large,
        max(0.0, costs[large].peak - costs[small].peak) * 1024 / (large - small),
        cost.database * 1024 / large,
        cost.blobs * 1024 / large,
        _writes(folder / "counted", new()),
        _writes_a_second(folder, new()),
    )


def _own(do: Callable[[], object]) -> float:
    begun = time.process_time()
    do()
    return time.process_time() - begun


def _writes(folder: Path, database: str) -> float:
    """Transactions a page."""
    pages, begun = 200, 0
    write = Database.write

    def counting(self: Database) -> Any:
        nonlocal begun
        begun += 1
        return write(self)

    with (
        patch.object(Database, "write", counting),
        served(World(pages)) as web,
        open_desk(write_workspace(folder, web, database=database), clock=lambda: AFTER) as desk,
    ):
        begun = 0  # opening it is no page's
        desk.run(SERIES, WINDOW, Inline())
    return begun / pages


def _writes_a_second(folder: Path, place: str) -> float:
    database = Database(place or folder / "writes.db")
    try:
        Leads(database, Blobs(folder / "writes")).add([Lead("a", "https://a.example/", "题")], AFTER)
        return together(database)
    finally:
        database.close()


# ------------------------------------------------------------------------------------------ arithmetic


def needs(one: Measured, sources: int, pages: int) -> list[Need]:
    """What a day of so many pages takes, stage by stage."""
    stored = pages * (2 * MARGIN)
    grown = (stored / one.compared_with) ** GROWTH
    compare = max(0.0, one.relate - one.fingerprint) * grown
    judged = pages * (MONTH + 2 * MARGIN)
    visits = sources * VISITS
    tasks = visits + pages / BATCH + pages / TOGETHER
    slots = (pages + visits) * SECONDS_PER_HOST / DAY

    def cores(seconds: float) -> tuple[float, float]:
        return pages * seconds / DAY, pages * seconds / DAY / (CORES * USED)

    writes = pages * one.writes / DAY
    busiest = (pages / sources + VISITS) * SECONDS_PER_HOST
    memory = judged * one.memory / 2**20
    return [
        Need("a host's pace", f"{SECONDS_PER_HOST:g} s", "of a host's day", busiest / DAY, None),
        Need("collecting, waiting", f"{SECONDS_PER_HOST:g} s", f"flows of {AT_ONCE} sources", slots / AT_ONCE, None),
        Need("collecting, computing", _ms(one.harvest), "cores", *cores(one.harvest)),
        Need("reading", _ms(one.read), "cores (Dask)", *cores(one.read)),
        Need("reading, as captured pages are", _ms(CAPTURED), "cores (Dask)", *cores(CAPTURED)),
        Need("fingerprints", _ms(one.fingerprint), "cores (Dask)", *cores(one.fingerprint)),
        Need("rating", _ms(one.rate), "cores (Dask)", *cores(one.rate)),
        Need(f"comparing, {stored:.0e} near", _ms(compare), "processes", pages * compare / DAY, None, single=True),
        Need("judging, memory", f"{one.memory:.1f} KiB", f"of {GIBIBYTES} GiB", memory / GIBIBYTES, None, single=True),
        Need("writes", f"{one.writes:.2f}", "databases", writes / one.writes_a_second / USED, None, single=True),
        Need("database", f"{one.database:.1f} KiB", "TiB in 90 days", pages * 90 * one.database / 2**30, None),
        Need("blobs", f"{one.blobs:.1f} KiB", "TiB in 90 days", pages * 90 * one.blobs / 2**30, None),
        Need("Prefect", f"{1000 * TASK_RUN * tasks / pages:.2f} ms", "cores", tasks * TASK_RUN / DAY, None),
    ]  # fmt: skip


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms"


def bottlenecks(found: Sequence[Need]) -> list[Need]:
    """What can be but one and is needed more than once, the worst first."""
    return sorted((one for one in found if one.single and one.units > 1), key=lambda one: -one.units)


_CHANGE = {
    "judging, memory": "Rate where pages are read, and load for the draft only what is not 无关: one in 25 here.",
    "comparing": "Compare only what is rated 待审 or better, which is one in 25; then split the index by its keys.",
    "writes": "One transaction for each batch of pages instead of each page, then one store for each group of series.",
}


def said(one: Measured, sources: int, pages: int) -> None:
    """Prints inputs, table and what follows."""
    print("measured here, a page:")
    for field in dataclasses.fields(one):
        print(f"  {field.name:18} {getattr(one, field.name):.5g}")
    found = needs(one, sources, pages)
    print(f"\n{sources:,} sources, {pages:,} pages a day; machines of {CORES} cores, {USED:.0%} of them in use")
    print("| stage | a page | needs | of | machines | |\n|---|---|---|---|---|---|")
    for need in found:
        machines = "–" if need.machines is None else f"{need.machines:.1f}"
        note = "ONE only" if need.single else ""
        print(f"| {need.stage} | {need.each} | {need.units:,.2f} | {need.unit} | {machines} | {note} |")
    worst = bottlenecks(found)
    if not worst:
        print("\nNothing that can be but one is needed more than once.")
    for place, need in enumerate(worst):
        change = next(text for name, text in _CHANGE.items() if need.stage.startswith(name))
        most = int(pages / need.units)
        print(
            f"\n{'Bottleneck' if not place else 'Next'}: {need.stage}. "
            f"One does {most:,} pages a day; {need.units:,.1f} times that is wanted. {change}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=100_000)
    parser.add_argument("--pages", type=int, default=10_000_000)
    parser.add_argument("--calibrate", type=int, nargs=2, default=(500, 2000))
    parser.add_argument("--postgresql", action="store_true", help="measure on a throw-away server instead of SQLite")
    given = parser.parse_args()
    quiet()
    with tempfile.TemporaryDirectory() as folder, databases(given.postgresql) as new:
        one = calibrated(Path(folder), given.calibrate, new)
    print(f"python -m benchmarks.model {' '.join(sys.argv[1:])}\n")
    said(one, given.sources, given.pages)


if __name__ == "__main__":
    main()

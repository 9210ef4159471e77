"""The whole path from the sources to the draft, stage by stage, and what it costs with more pages and a fuller store.

usage: python -m benchmarks.pipeline [--pages 1000 10000] [--stored 10000 100000] [--database postgresql://…]
           [--engine inline|prefect] [--keep FOLDER]

Each row is a run of the desk in a process of its own, over a month of the world in `benchmarks.world`: first over so
many pages and nothing else, then over 1,000 new pages when so many articles are stored. Those lie 1,000 a day before
the new ones, as after months of work; they are put in through the store's own verbs, without being fetched or read.
A server's database must be empty; each row gets a schema of its own in it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import logging
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa
import structlog

from benchmarks import usage
from benchmarks.world import AFTER, SERIES, WINDOW, World, served, write_workspace
from pipeline.config import load
from pipeline.desk import STAGES, Desk, Inline, document, open_desk
from pipeline.model import BEIJING, Fate, Page, Window
from pipeline.steps.dedupe import fingerprints
from pipeline.store import Accounted, Accounts

NEW = 1_000
_A_DAY = 1_000
_AT_ONCE = 1_000
_ROOT = Path(__file__).parent.parent
_SERVER_SECONDS = 180.0
_SETTLED = 3.0  # seconds in which the server writes down what happened; it does so in batches of one second


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run cost."""

    wall: Mapping[str, float]
    """Stage → seconds on the clock."""
    computed: Mapping[str, float]
    """Stage → seconds of computing, of children and Prefect's server too."""
    whole: tuple[float, float]
    """Both for the whole run, opening the desk included."""
    first: tuple[float, float]
    """Both for importing Prefect and an empty flow before it; nothing without Prefect."""
    peak: float
    """MiB, all processes together."""
    database: float
    """MiB that it grew by."""
    blobs: float
    tally: str
    candidates: int


# --------------------------------------------------------------------------------------- the measured process


def quiet() -> None:
    """Says nothing but warnings: figures are printed here."""
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer(ensure_ascii=False)],
        wrapper_class=structlog.make_filtering_bound_logger("warning"),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.getLogger("httpx").setLevel("WARNING")


def _measured(workspace: Path, engine: str, server: int) -> None:
    """Makes the draft; prints as JSON what each stage took."""
    quiet()
    processes = (os.getpid(), server) if server else (os.getpid(),)

    def now() -> tuple[float, float]:
        return time.monotonic(), sum(map(usage.computed, processes))

    stages: dict[str, tuple[float, float]] = {}
    staged = Desk._stage

    @contextmanager
    def timed(desk: Desk, run: int, seconds: dict[str, float], stage: str) -> Iterator[None]:
        begun = now()
        with staged(desk, run, seconds, stage):
            yield
        ended = now()
        stages[stage] = (ended[0] - begun[0], ended[1] - begun[1])

    config, first = load(workspace), (0.0, 0.0)  # the command line reads it for itself, with Prefect and without
    if engine == "prefect":
        begun = now()
        # importing Prefect, and what it and its server import and compile at the first flow they see, belongs to the
        # start of these processes and not to a run
        from prefect import flow

        from pipeline.flows.embedded import embedded
        from pipeline.flows.work import generate

        @flow(name="nothing", persist_result=False)
        def nothing(workspace: str) -> None:
            pass

        embedded(config, nothing, lambda line: None)
        time.sleep(_SETTLED)
        ended = now()
        first = (ended[0] - begun[0] - _SETTLED, ended[1] - begun[1])
    begun = now()
    with patch.object(Desk, "_stage", timed):
        if engine == "prefect":
            if not embedded(config, generate, lambda line: None, series=SERIES, start=WINDOW.start):
                sys.exit("Prefect could not be used")
        else:
            with open_desk(workspace, clock=lambda: AFTER) as desk:
                desk.run(SERIES, WINDOW, Inline())
    ended = now()
    if engine == "prefect":
        # what the server still does with the run's events counts, though nobody waits for it
        time.sleep(_SETTLED)
        ended = (ended[0], now()[1])
    with open_desk(workspace, clock=lambda: AFTER) as desk:
        report = desk.report(SERIES, WINDOW)
    print(
        json.dumps(
            {
                "stages": stages,
                "whole": (ended[0] - begun[0], ended[1] - begun[1]),
                "first": first,
                "tally": str(report.tally),
                "candidates": len(report.draft.candidates),
            }
        )
    )


# ---------------------------------------------------------------------------------------------- around it


def measured(workspace: Path, engine: str = "inline", server: Server | None = None) -> Cost:
    """Makes the draft of a workspace's window in a process of its own; the schema is there before."""
    before = (database_size(workspace), usage.size(workspace / "data" / "blobs"))
    order = [str(workspace), engine, str(server.pid if server else 0)]
    command = [sys.executable, "-m", "benchmarks.pipeline", "--measured", *order]
    environment = {**os.environ, **(server.environment if server else {})}
    with subprocess.Popen(command, cwd=_ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        with usage.watched(process.pid, *([server.pid] if server else ())) as peak:
            said = process.stdout.read()
    if process.returncode:
        raise RuntimeError(f"the measured run ended with {process.returncode}")
    told = json.loads(said.splitlines()[-1])
    after = (database_size(workspace), usage.size(workspace / "data" / "blobs"))
    grown = [(late - early) / 2**20 for early, late in zip(before, after, strict=True)]
    return Cost(
        {stage: wall for stage, (wall, _) in told["stages"].items()},
        {stage: own for stage, (_, own) in told["stages"].items()},
        told["whole"],
        told["first"],
        peak.mebibytes,
        *grown,
        told["tally"],
        told["candidates"],
    )


def database_size(workspace: Path) -> int:
    """Bytes."""
    with open_desk(workspace, clock=lambda: AFTER) as desk, desk._database.read() as connection:
        if connection.dialect.name == "postgresql":
            return int(connection.execute(sa.text("SELECT pg_database_size(current_database())")).scalar_one())
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        return int(pages * connection.exec_driver_sql("PRAGMA page_size").scalar_one())


@dataclass(frozen=True, slots=True)
class Server:
    """A Prefect server that runs."""

    pid: int
    environment: Mapping[str, str]
    """What leads a flow to it."""
    seconds: tuple[float, float]
    """What it took to start: on the clock, and of computing."""


@contextmanager
def prefect_server(folder: Path) -> Iterator[Server]:
    """A Prefect server on loopback with a database of its own, ended afterwards."""
    import socket

    import requests

    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    from pipeline.flows.environment import EVERYWHERE, SERVER

    api = f"http://127.0.0.1:{port}/api"
    environment = {**EVERYWHERE, **SERVER, "PREFECT_LOGGING_LEVEL": "CRITICAL", "PREFECT_HOME": str(folder)}
    command = [
        sys.executable,
        "-m",
        "prefect",
        "server",
        "start",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--no-ui",
    ]
    begun = time.monotonic()
    with subprocess.Popen(
        command, cwd=_ROOT, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            while time.monotonic() < begun + _SERVER_SECONDS and process.poll() is None:
                try:
                    if requests.get(f"{api}/health", timeout=1).ok:
                        break
                except requests.RequestException:
                    time.sleep(0.1)
            else:
                raise RuntimeError("Prefect's server did not start")
            took = (time.monotonic() - begun, usage.computed(process.pid))
            yield Server(process.pid, {**environment, "PREFECT_API_URL": api}, took)
        finally:
            process.terminate()


def fill(desk: Desk, world: World, first: int, last: int) -> None:
    """Stores the articles [first, last) of a world as if earlier runs had fetched, read and told them."""
    body = "<html><body>已存</body></html>".encode()  # one for all of them: nothing reads it again
    accounts: dict[Window, list[Accounted]] = {}
    for start in range(first, last, _AT_ONCE):
        numbers = range(start, min(start + _AT_ONCE, last))
        moment = dt.datetime.combine(world.day(start), dt.time(20), BEIJING)
        stored = desk.leads.add([world.lead(one) for one in numbers], moment)
        articles = [world.article(one) for one in numbers]
        desk.leads.add_pages([(one.id, one.lead.url, Page(one.lead.url, body, moment)) for one in stored])
        desk.leads.settle([(one.id, article) for one, article in zip(stored, articles, strict=True)], moment)
        prints = fingerprints([document(one) for one in {one.id: one for one in articles}.values()])
        assert desk.fingerprints.add(prints, [], desk.fingerprints.near([], 0).moment)
        for number, one, article in zip(numbers, stored, articles, strict=True):
            window = desk.series(SERIES).window_of(world.day(number))
            fate = Fate.DUPLICATE if world[number].health else Fate.OUT_OF_SCOPE
            accounts.setdefault(window, []).append(Accounted(one.id, fate, "", article.id))
    for window, fates in accounts.items():
        run = desk.runs.begin(SERIES, window, "inline", AFTER)
        desk.runs.account(Accounts(run.id, fates))
        desk.runs.finish(run.id, "done", {}, AFTER)


def over(pages: int, folder: Path, database: str, engine: str, server: Server | None) -> Cost:
    """A run over so many pages and nothing else."""
    with served(World(pages)) as web:
        return measured(write_workspace(folder, web, database=database), engine, server)


def on_top_of(stored: int, folder: Path, database: str, engine: str, server: Server | None) -> tuple[Cost, float]:
    """A run over 1,000 new pages when so many articles are stored, and how many seconds storing them took."""
    days = dt.timedelta(days=math.ceil((stored + NEW) / _A_DAY) - 1)
    world = World(stored + NEW, WINDOW.end - days, WINDOW.end, sources=NEW // 50)
    with served(world) as web:
        workspace = write_workspace(folder, web, database=database)
        begun = time.monotonic()
        with open_desk(workspace, clock=lambda: AFTER) as desk:
            fill(desk, world, 0, stored)
        filling = time.monotonic() - begun
        web.show(stored, stored + NEW)
        return measured(workspace, engine, server), filling


@contextmanager
def schemas(address: str) -> Iterator[Any]:
    """Gives a `database` setting each time it is asked: one in a file, or a new schema in a server's database."""
    made: list[str] = []

    def fresh() -> str:
        if not address:
            return ""
        name = f"pipeline_{os.getpid()}_{len(made)}"
        made.append(name)
        _tell(address, f"CREATE SCHEMA {name}")
        return f"{address}{'&' if '?' in address else '?'}options=-csearch_path%3D{name}"

    try:
        yield fresh
    finally:
        for name in made:
            _tell(address, f"DROP SCHEMA {name} CASCADE")


def _tell(address: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(sa.text(statement).text.encode())


def table(title: str, costs: Mapping[int, Cost], pages: Mapping[int, int]) -> None:
    """Prints one row for each run: seconds on the clock and of computing by stage, and what came of it."""
    shown = [stage for stage in STAGES if any(stage in one.wall for one in costs.values())]
    print(
        f"\n| {title} | "
        + " | ".join(shown)
        + " | whole | articles/s | peak MiB | database MiB | blobs MiB | candidates |"
    )
    print("|---" * (len(shown) + 7) + "|")
    for size, one in costs.items():
        cells = [f"{one.wall.get(stage, 0):.1f} / {one.computed.get(stage, 0):.1f}" for stage in shown]
        whole = f"{one.whole[0]:.1f} / {one.whole[1]:.1f}"
        rate = f"{pages[size] / one.whole[0]:.0f} / {pages[size] / one.whole[1]:.0f}"
        print(
            f"| {size:,} | {' | '.join(cells)} | {whole} | {rate} | {one.peak:,.0f} | {one.database:.1f} | "
            f"{one.blobs:.1f} | {one.candidates} |",
            flush=True,
        )
    if len(costs) > 1:
        print(f"growth of computing: {growth(costs)}")


def growth(costs: Mapping[int, Cost]) -> str:
    """The exponents between the first and the last size, of the whole and of every stage that matters."""
    first, last = min(costs), max(costs)
    steps = math.log(last / first)
    whole = math.log(costs[last].whole[1] / costs[first].whole[1]) / steps
    stages = [
        f"{stage} {math.log(costs[last].computed[stage] / costs[first].computed[stage]) / steps:.2f}"
        for stage in costs[last].computed
        if costs[last].computed[stage] > 0.5 and costs[first].computed.get(stage, 0) > 0.1
    ]
    return f"size^{whole:.2f} ({', '.join(stages)})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, nargs="*", default=[1_000, 10_000])
    parser.add_argument("--stored", type=int, nargs="*", default=[])
    parser.add_argument("--database", default="")
    parser.add_argument("--engine", choices=("inline", "prefect"), default="inline")
    parser.add_argument("--keep", type=Path, help="leave the workspaces in this folder")
    parser.add_argument("--measured", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measured:
        _measured(Path(given.measured[0]), given.measured[1], int(given.measured[2]))
        return
    quiet()
    folder = given.keep or Path(tempfile.mkdtemp(prefix="bulletin-pipeline-"))
    try:
        _measure(given, folder)
    finally:
        if not given.keep:
            shutil.rmtree(folder, ignore_errors=True)


def _measure(given: argparse.Namespace, folder: Path) -> None:
    print("seconds on the clock / of computing, all processes but the web's", flush=True)
    server = prefect_server(folder / "prefect") if given.engine == "prefect" else _none()
    with schemas(given.database) as fresh, server as running:
        if running:
            print(f"Prefect's server started in {running.seconds[0]:.1f} s, {running.seconds[1]:.1f} s of computing")
        costs = {
            size: over(size, folder / f"pages-{size}", fresh(), given.engine, running) for size in sorted(given.pages)
        }
        if costs:
            table("pages", costs, {size: size for size in costs})
        filled: dict[int, Cost] = {}
        for size in sorted(given.stored):
            filled[size], seconds = on_top_of(size, folder / f"stored-{size}", fresh(), given.engine, running)
            print(f"storing {size:,} articles took {seconds:.0f} s", flush=True)
        if filled:
            table(f"{NEW:,} pages on top of", filled, dict.fromkeys(filled, NEW))


@contextmanager
def _none() -> Iterator[None]:
    yield None


if __name__ == "__main__":
    main()

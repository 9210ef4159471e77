"""What orchestration costs: one run of the desk beside the same work as plain calls, with no store and no Prefect.

usage: python -m benchmarks.overhead [--articles 500] [--sources 4] [--pause 0] [--rounds 3]

Round by round, each in a process of its own, whose start and imports are not counted: the plain calls (fetch, read,
fingerprint, relate, rate, draft, assemble, check), a run with the store, a run with the store through Prefect, whose
server runs and whose schema is there before. Seconds on the clock and of computing, all processes but the web's, and
with what Prefect's server does for 3 s after a run; ratios are made within a round. What Prefect takes for a first,
empty flow is given apart: it belongs to the start of a process. `--pause` lies between two requests to one site, as
`politeness` has it: 2 s are shipped.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks import usage
from benchmarks.pipeline import measured, prefect_server, quiet
from benchmarks.world import AFTER, SERIES, WINDOW, World, served, write_workspace
from pipeline import config as configuration
from pipeline.config import Source, packaged
from pipeline.desk import children, document, fetcher
from pipeline.executor import Lost
from pipeline.model import Article, Lead, Page
from pipeline.outputs import FORMATS, READBACKS, Context
from pipeline.sources import open_source
from pipeline.steps import select
from pipeline.steps.assemble import assemble
from pipeline.steps.check import Inspection, check
from pipeline.steps.dedupe import Archive, group
from pipeline.steps.rate import Rater
from pipeline.steps.read import look_again, read_page
from pipeline.steps.urls import also_at

_ROOT = Path(__file__).parent.parent


def direct(workspace: Path) -> int:
    """The work of a run as plain calls; how many items the issue has."""
    config = configuration.load(workspace)
    fetch = fetcher(config, lambda: AFTER)
    with children(config) as apart:
        apart.prepare()

        def fetched(source: Source) -> list[tuple[Page, Lead]]:
            collector = open_source(source, workspace, 10_000, apart=apart.apart, clock=lambda: AFTER)
            leads = collector.leads(fetch).leads
            return [(collector.page(lead, fetch, AFTER), lead) for lead in leads]

        with ThreadPoolExecutor(8) as threads:
            work = [pair for some in threads.map(fetched, config.sources) for pair in some]
        read = list(apart.each(partial(read_page, outlets=config.outlets, rules=config.rules), work))
        pages = {one.id: page for one, (page, _) in zip(read, work, strict=True) if isinstance(one, Article)}
        articles = {
            one.id: also_at(one, [lead.url])
            for one, (_, lead) in zip(read, work, strict=True)
            if isinstance(one, Article)
        }
        documents = [document(one) for _, one in sorted(articles.items())]
        archive = Archive()
        edges = archive.relate(archive.add(documents))
        stories = group(documents, edges, prefer=lambda key: select.preference(articles[key], WINDOW, config.outlets))
        rater = Rater(config.scope, None, config.outlets, None, None)
        doubts = [one for one in edges if not one.relation.folds]
        kept, _ = select.candidates(
            WINDOW,
            articles,
            stories,
            doubts,
            lambda one: rater.rate(one.title, one.text, outlet=one.outlet, url=one.url),
            {},
            dict.fromkeys(articles, AFTER),
        )
        draft = select.draft(SERIES, WINDOW, kept, ())
        looked = list(apart.each(look_again, [(pages[one.article.id], one.article) for one in draft.candidates]))
        if any(isinstance(one, Lost) for one in looked):
            raise RuntimeError("a page was lost")
    # what is checked before people are told that the draft is ready
    templates = packaged("templates")
    series = config.series[SERIES]
    issue = assemble(draft, series.last.number + 1, series, (templates / "lead.j2").read_text("utf-8"))
    name = series.template or config.settings.template
    context = Context(templates=templates, template=name, pages={one.handle: 1 for one in issue.items})
    readbacks = [
        READBACKS[suffix](FORMATS[suffix].render(issue, context), name)
        for suffix in config.settings.formats
        if suffix in READBACKS
    ]
    flags = {one.handle: one.article.flags for one in draft.candidates}
    check(Inspection(issue=issue, outlets=config.outlets, flags=flags, readbacks=readbacks))
    return len(draft.chosen)


def _timed(workspace: Path) -> None:
    quiet()
    begun = time.monotonic(), usage.computed(os.getpid())
    items = direct(workspace)
    print(json.dumps((time.monotonic() - begun[0], usage.computed(os.getpid()) - begun[1], items)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=500)
    parser.add_argument("--sources", type=int, default=0, help="0: as many as the world has")
    parser.add_argument("--pause", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--direct", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.direct:
        _timed(given.direct)
        return
    quiet()
    rounds: list[dict[str, tuple[float, float]]] = []
    firsts: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as name, served(World(given.articles, sources=given.sources)) as web:
        folder = Path(name)
        with prefect_server(folder / "server") as server:
            print(f"Prefect's server: {server.seconds[0]:.1f} s to start, {server.seconds[1]:.1f} s of computing")
            print("| round | plain calls | with the store | more | through Prefect | more |\n|---|---|---|---|---|---|")
            for number in range(given.rounds):
                workspaces = {
                    kind: write_workspace(
                        folder / f"{kind}-{number}", web, politeness={"seconds_per_host": given.pause}
                    )
                    for kind in ("direct", "inline", "prefect")
                }
                costs = {
                    "direct": _direct(workspaces["direct"]),
                    "inline": measured(workspaces["inline"]).whole,
                    "prefect": (through := measured(workspaces["prefect"], "prefect", server)).whole,
                }
                firsts.append(through.first)
                rounds.append(costs)
                _show(str(number + 1), costs)
    median = {kind: _median([one[kind] for one in rounds]) for kind in rounds[0]}
    _show("median", median)
    ratios = [[one["prefect"][at] / one["direct"][at] - 1 for one in rounds] for at in (0, 1)]
    told = " and ".join(
        f"{statistics.median(some):+.1%} {what} ({min(some):+.1%} to {max(some):+.1%})"
        for some, what in zip(ratios, ("on the clock", "of computing"), strict=True)
    )
    print(f"store and Prefect together: {told}")
    wall, computed = _median(firsts)
    print(f"apart: importing Prefect and a first, empty flow {wall:.1f} s, {computed:.1f} s of computing")


def _direct(workspace: Path) -> tuple[float, float]:
    command = [sys.executable, "-m", "benchmarks.overhead", "--direct", str(workspace)]
    done = subprocess.run(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True, check=True)
    wall, computed, _ = json.loads(done.stdout.splitlines()[-1])
    return wall, computed


def _median(some: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return statistics.median(one for one, _ in some), statistics.median(two for _, two in some)


def _show(name: str, costs: dict[str, tuple[float, float]]) -> None:
    plain = costs["direct"]
    cells = [f"{plain[0]:.1f} / {plain[1]:.1f}"]
    for kind in ("inline", "prefect"):
        more = " / ".join(f"{costs[kind][at] / plain[at] - 1:+.1%}" for at in (0, 1))
        cells += [f"{costs[kind][0]:.1f} / {costs[kind][1]:.1f}", more]
    print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()

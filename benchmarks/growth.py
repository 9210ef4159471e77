"""Whether a day costs the same however much is stored: `python -m benchmarks.growth DATA [postgresql://…] [--up-to N]`.

DATA is the folder of the development data, whose background news is taken apart into sentences. Documents are put
together of them anew, with other numbers and dates, 1,000 a day, so that none is like another. Into 1,000, 10,000 and
100,000 stored come 1,000 more, a day's: once as texts that may be reprints, once as events. The server's database
must be empty. Each size is measured after the database was closed and opened again.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import math
import random
import re
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from pipeline.model import Document, Fingerprint
from pipeline.steps.canonical import canonical
from pipeline.steps.dedupe import Archive, fingerprints, telling
from pipeline.steps.dedupe.near import bands
from pipeline.store import Database, Fingerprints

T = TypeVar("T")
DAY = 1_000
SIZES = (1_000, 10_000, 100_000)
MARGIN = 14
BATCH = 300
FILL = 1_000
FIRST_DAY = dt.date(2024, 1, 1)


class News:
    """Documents by number: the same number is the same document, so none need be kept."""

    def __init__(self, data: Path) -> None:
        self.given: dict[str, Document] = {}
        self.titles: list[str] = []
        self.sentences: list[str] = []
        with gzip.open(data / "scope" / "background.jsonl.gz", "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                self.titles.append(row["title"])
                self.sentences += re.findall(r"[^。！？\n]{12,}[。！？]", row["text"])

    def __getitem__(self, number: int) -> Document:
        # four sentences of one piece behind two of others: a lead on one matter, a body like no other
        draw = random.Random(number)
        start = draw.randrange(len(self.sentences) - 4)
        chosen = self.sentences[start : start + 4] + draw.choices(self.sentences, k=8)
        text = "\n".join(re.sub(r"\d+", lambda _: str(draw.randrange(2, 3000)), one) for one in chosen)
        title = re.sub(r"\d+", lambda _: str(draw.randrange(2, 3000)), self.titles[draw.randrange(len(self.titles))])
        day = FIRST_DAY + dt.timedelta(days=number // DAY)
        return Document(str(number), title, text, day, f"https://news.example/{number}.html")

    def named(self, identity: str) -> Document:
        """A document by its id; a copy is what was given as one, with its own day and text."""
        return self.given.get(identity) or self[int(identity)]


def batches(some: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (some[start : start + size] for start in range(0, len(some), size))


def fill(index: Fingerprints, news: News, numbers: range) -> None:
    """Stores documents without comparing them."""
    for some in batches(numbers, FILL):
        assert index.add(fingerprints([news[one] for one in some]), [], index.near([], MARGIN).moment)


class Watch:
    """Adds up what is done inside `with`: seconds on the wall, and those this process computed."""

    def __init__(self) -> None:
        self.wall = self.own = 0.0

    def __enter__(self) -> None:
        self.wall -= time.perf_counter()
        self.own -= time.process_time()

    def __exit__(self, *_: object) -> None:
        self.wall += time.perf_counter()
        self.own += time.process_time()


def reprints(index: Fingerprints, news: News, fresh: Sequence[Document]) -> Watch:
    """How long it takes when only copies are looked for."""
    watch = Watch()
    for some in batches(fresh, BATCH):
        bare = [replace(one, title=frozenset(), words=frozenset()) for one in fingerprints(some)]
        with watch:
            bands(canonical(one.text) for one in some)  # what the fingerprint took, without its words
            compare(index, news, some, bare)
    return watch


def events(index: Fingerprints, news: News, fresh: Sequence[Document]) -> tuple[Watch, int, int]:
    """How long it takes with everything, how many edges there were, and most documents in memory at once."""
    watch = Watch()
    counts = []
    for some in batches(fresh, BATCH):
        with watch:
            counts.append(compare(index, news, some, fingerprints(some)))
    return watch, sum(edges for edges, _ in counts), max(most for _, most in counts)


def compare(
    index: Fingerprints, news: News, some: Sequence[Document], prints: Sequence[Fingerprint]
) -> tuple[int, int]:
    """Adds a batch as the desk does: how many edges it had, and how many documents were in memory."""
    own = {one.id: one for one in some}
    known = index.near(prints, MARGIN)
    archive = Archive(read=lambda ids: {one: own.get(one) or news.named(one) for one in ids}, days=MARGIN)
    archive.take(known.prints)
    edges = archive.relate(archive.take(prints))
    assert index.add(prints, edges, known.moment)
    return len(edges), len(archive.prints)


def copies(news: News, stored: int) -> list[Document]:
    """A day's documents; every tenth is a stored one, cut and under another headline."""
    draw = random.Random(stored)
    fresh = [replace(news[one], id=f"r{one}") for one in range(2 * 10**6 + stored, 2 * 10**6 + stored + DAY)]
    day = FIRST_DAY + dt.timedelta(days=stored // DAY)
    fresh = [
        replace(one, date=day)
        if place % 10
        else replace(one, text=news[draw.randrange(stored)].text[:-30], title="转载：" + one.title, date=day)
        for place, one in enumerate(fresh)
    ]
    news.given.update((one.id, one) for one in fresh)
    return fresh


def size(database: Database) -> float:
    """MiB."""
    with database.read() as connection:
        if connection.dialect.name == "postgresql":
            return (
                float(connection.execute(sa.text("SELECT pg_database_size(current_database())")).scalar_one()) / 2**20
            )
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        return float(pages * connection.exec_driver_sql("PRAGMA page_size").scalar_one()) / 2**20


def table(name: str, where: Path | str, news: News, largest: int) -> None:
    print(f"{name}: documents a second, by the clock and by this process's own time")
    print("   stored       reprints         events   edges  at once  MiB/1,000  peak MiB")
    stored = 0
    seconds: dict[int, tuple[float, float]] = {}
    for wanted in (one for one in SIZES if one <= largest):
        database = Database(where)
        before = size(database)
        fill(Fingerprints(database, telling), news, range(stored, wanted))
        each = (size(database) - before) / (wanted - stored) * 1000
        database.close()
        database = Database(where)  # as after a restart
        index = Fingerprints(database, telling)
        copying = reprints(index, news, copies(news, wanted))
        told, found, most = events(index, news, [news[one] for one in range(wanted, wanted + DAY)])
        database.close()
        stored = wanted + DAY
        seconds[wanted] = (copying.own, told.own)
        rates = "  ".join(f"{DAY / one.wall:6,.0f} {DAY / one.own:6,.0f}" for one in (copying, told))
        print(f"{wanted:9,}  {rates}  {found:6,} {most:8,} {each:10.2f} {memory():9,.0f}", flush=True)
    if len(seconds) > 1:
        first, last = min(seconds), max(seconds)
        grown = math.log(last / first)
        first_grow, second_grow = (math.log(seconds[last][at] / seconds[first][at]) / grown for at in (0, 1))
        print(f"own time grows as stored^{first_grow:.2f} (reprints), stored^{second_grow:.2f} (events)")


def memory() -> float:
    """The most this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(arguments: Sequence[str]) -> None:
    largest = int(arguments[arguments.index("--up-to") + 1]) if "--up-to" in arguments else max(SIZES)
    news = News(Path(arguments[0]))
    print(f"memory with the sentences {memory():,.0f} MiB")
    with tempfile.TemporaryDirectory() as folder:
        table("SQLite", Path(folder) / "desk.db", news, largest)
    for url in (one for one in arguments[1:] if "://" in one):
        table("PostgreSQL", url, news, largest)


if __name__ == "__main__":
    main(sys.argv[1:])

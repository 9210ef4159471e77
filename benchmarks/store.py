"""What the store costs on each kind of database: `python -m benchmarks.store [postgresql://…]`.

SQLite in a temporary folder of the disk this runs on, and the server that is named, whose database must be empty.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from pipeline.desk import now
from pipeline.model import Lead
from pipeline.store import Asked, Blobs, Database, Leads

ROUNDS = 200


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        _table("SQLite", Path(folder) / "desk.db", Path(folder))
        for url in sys.argv[1:]:
            _table("PostgreSQL", url, Path(folder))


def _table(name: str, where: Path | str, folder: Path) -> None:
    began = time.perf_counter()
    database = Database(where)
    made = time.perf_counter() - began
    leads = Leads(database, Blobs(folder / "blobs"))
    again = _milliseconds(lambda: Database(where).close(), 20)
    write = _milliseconds(lambda: leads.remember("a", Asked("etag"), now()), ROUNDS)
    read = _milliseconds(lambda: leads.asked("a"), ROUNDS)
    began = time.perf_counter()
    leads.add([Lead("a", f"https://a.cn/{number}", "标题" * 10) for number in range(1000)], now())
    thousand = time.perf_counter() - began
    print(f"{name}: {database.described()['version']}, {database.described()['journal']}")
    print(f"  make the schema          {made * 1000:8.0f} ms")
    print(f"  open                     {again:8.1f} ms")
    print(f"  one small write          {write:8.2f} ms")
    print(f"  one small read           {read:8.2f} ms")
    print(f"  1,000 leads, one write   {thousand * 1000:8.0f} ms")
    print(f"  8 writers at once        {together(database):8.0f} writes/s")
    database.close()


def _milliseconds(do: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        do()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def together(database: Database) -> float:
    def write() -> None:
        for _ in range(25):
            with database.write() as connection:
                connection.execute(sa.text("UPDATE sources SET failures = failures + 1"))

    threads = [threading.Thread(target=write) for _ in range(8)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return 200 / (time.perf_counter() - began)


if __name__ == "__main__":
    main()

"""How well and how fast pages are read, against labelled pages.

usage: python -m benchmarks.extraction DATA [--worst]

DATA holds `truth.jsonl` (with `file`, `url`), the pages it names and `score.py`, which does the scoring.
trafilatura reads the same pages in the same run, as the peer to compare with. `--worst` prints, page by page,
what differs.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import trafilatura
from pydantic import TypeAdapter

from pipeline.config import Outlet, Outlets, packaged, read
from pipeline.model import Article, Page
from pipeline.steps.extract import extract


def main() -> int:
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    if len(arguments) != 1:
        print(__doc__)
        return 2
    folder = Path(arguments[0])
    truth_file = folder / "truth.jsonl"
    if not truth_file.is_file():
        print(f"{truth_file} is absent: this benchmark needs labelled pages, which do not ship with the project.")
        return 2
    outlets = Outlets(read(packaged("config") / "outlets.yaml", TypeAdapter(tuple[Outlet, ...])))
    truth = [json.loads(line) for line in truth_file.read_text("utf-8").splitlines()]
    fetched = dt.datetime.now(dt.UTC)  # noqa: TID251 - a benchmark has no clock to be handed
    rows, spent = [], 0.0
    for entry in truth:
        page = Page(url=entry["url"], body=(folder / entry["file"]).read_bytes(), fetched=fetched)
        started = time.perf_counter()
        result = extract(page, outlets)
        spent += time.perf_counter() - started
        row = {"file": entry["file"]}
        if isinstance(result, Article):
            row |= {
                "title": result.title,
                "date": str(result.date or ""),
                "source": result.outlet,
                "author": result.author,
                "editor": result.editor,
                "body": result.text,
            }
            if "--worst" in sys.argv:
                for field in ("title", "date", "source", "author", "editor"):
                    if (entry[field] or "") != row[field]:
                        where = result.evidence.get("origin" if field == "source" else field, "")
                        print(f"{entry['file']} {field}: {row[field]!r} for {entry[field]!r} ({where})")
        else:
            print(f"{entry['file']} rejected: {result.fate.chinese} {result.because}")
        rows.append(row)
    score(folder, rows)
    print(f"{len(truth) / spent:.1f} pages/s on one core")
    started = time.perf_counter()
    peer = [by_trafilatura(folder, entry["file"]) for entry in truth]
    elapsed = time.perf_counter() - started
    print("\ntrafilatura, its defaults:")
    score(folder, peer)
    print(f"{len(truth) / elapsed:.1f} pages/s on one core; it took {elapsed / spent:.2f} times as long as ours")
    return 0


def score(folder: Path, rows: list[dict[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as place:
        predictions = Path(place) / "predictions.jsonl"
        predictions.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
        subprocess.run([sys.executable, folder / "score.py", predictions, folder / "truth.jsonl"], check=True)


def by_trafilatura(folder: Path, name: str) -> dict[str, str]:
    found = trafilatura.bare_extraction((folder / name).read_bytes(), with_metadata=True)
    if found is None:
        return {"file": name}
    known = found.as_dict()
    fields = {"title": "title", "date": "date", "source": "sitename", "author": "author", "body": "text"}
    return {"file": name, **{ours: known.get(theirs) or "" for ours, theirs in fields.items()}}


if __name__ == "__main__":
    sys.exit(main())

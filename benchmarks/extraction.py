"""How well and how fast pages are read, against labelled pages, beside other readers in the same run.

usage: python -m benchmarks.extraction DATA [--peers FOLDER] [--worst] [--sites] [--doubt]

DATA holds `truth.jsonl` (a page a line: `file`, `url`, `lang`, `title`, `date`, `source`, `author`, `body` …) and the
pages it names. `--peers` names a folder for the other readers' environment, which is made there at the first use:
trafilatura, GNE (which is GPL and therefore never a dependency), newspaper4k and readability-lxml. Every reader runs
in a process of its own. Figures stand with their 95 % intervals (bootstrap over pages).

`--worst` prints page by page what differs, `--sites` the figures by site and with each site's own rules switched
off for it, `--doubt` how well the confidence tells bad readings from good ones.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from benchmarks import doubt, sites
from benchmarks.marks import FIELDS, judged, mean
from pipeline.steps.extract.decode import Text, decode

_READERS = Path(__file__).with_name("readers.py")
_PEERS = ("trafilatura", "gne", "newspaper4k", "readability-lxml")
_BESIDE = ("trafilatura", "trafilatura, precision", "GNE", "newspaper4k", "readability-lxml")
_RESAMPLES = 1000

Row = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.extraction", description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--peers", type=Path)
    for option in ("--worst", "--sites", "--doubt"):
        parser.add_argument(option, action="store_true")
    asked = parser.parse_args()
    truth_file = asked.data / "truth.jsonl"
    if not truth_file.is_file():
        print(f"{truth_file} is absent: this benchmark needs labelled pages, which do not ship with the project.")
        return 2
    truth = [json.loads(line) for line in truth_file.read_text("utf-8").splitlines()]
    truth = [entry for entry in truth if entry.get("kind") != "damaged"]
    pages = [page_of(asked.data, entry) for entry in truth]
    python = peers_python(asked.peers) if asked.peers else None
    if python is None:
        print("No other readers: name a folder for their environment with --peers.")
    found = {}
    for reader in ("ours", *(_BESIDE if python else ())):
        found[reader] = run_reader(reader, pages, sys.executable if reader == "ours" else str(python))
    for language in ("zh", "en"):
        if chosen := [entry for entry in truth if entry["lang"] == language]:
            print_table(language, chosen, found)
    if python:
        found["trafilatura, with metadata"] = run_reader("trafilatura, with metadata", pages, str(python))
    print_speed(len(pages), found)
    if asked.worst:
        print_worst(truth, found["ours"][0])
    chinese = [entry for entry in truth if entry["lang"] == "zh"]
    if asked.sites:
        sites.print_sites(asked.data, chinese, found["ours"][0])
    if asked.doubt:
        doubt.print_doubt(asked.data, chinese)
    return 0


def page_of(folder: Path, entry: Row) -> Row:
    path = folder / entry["file"]
    text = decode(path.read_bytes())
    return {
        "file": entry["file"],
        "path": str(path),
        "url": entry["url"],
        "text": text.text if isinstance(text, Text) else path.read_bytes().decode("utf-8", "replace"),
    }


def peers_python(folder: Path) -> Path | None:
    """The Python of the other readers' environment, made and filled where it is absent."""
    python = folder / "venv" / "bin" / "python"
    imports = [python, "-c", "import gne, newspaper, readability, trafilatura"]
    if not python.is_file() or subprocess.run(imports, capture_output=True).returncode:
        print(f"Installing the other readers into {folder} …")
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        # uv, for pip stumbles over newspaper4k's lxml[html-clean]; it ignores pip's settings and is handed the mirror
        index = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("PIP_INDEX_URL") or pip_index()
        settings = os.environ | ({"UV_DEFAULT_INDEX": index} if index else {})
        uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", python, *_PEERS, "jieba"]
        if subprocess.run(uv, env=settings).returncode:
            print("The other readers could not be installed: only ours is measured.")
            return None
    return python


def pip_index() -> str:
    asked = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    return subprocess.run(asked, capture_output=True, text=True).stdout.strip()


def run_reader(reader: str, pages: list[Row], python: str) -> tuple[dict[str, Row], Row]:
    """What a reader found by file, and its time and memory."""
    lines = "\n".join(json.dumps(page) for page in pages)
    command = [python, _READERS, reader]
    place = os.environ | {"PYTHONPATH": str(_READERS.parents[1])} if reader == "ours" else None
    done = subprocess.run(command, input=lines, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=place)
    if done.returncode:
        print(f"{reader} did not run.")
        return {}, {}
    *rows, cost = map(json.loads, done.stdout.splitlines())
    return {row["file"]: row for row in rows}, cost


def print_table(language: str, truth: list[Row], found: dict[str, tuple[dict[str, Row], Row]]) -> None:
    print(f"\n{len(truth)} pages in {language}, with 95 % intervals:\n")
    readers = [reader for reader, (rows, _) in found.items() if rows]
    print("| | " + " | ".join(readers) + " |\n|---|" + "---|" * len(readers))
    columns = [[judged(entry, found[reader][0].get(entry["file"], {})) for entry in truth] for reader in readers]
    for label, field in FIELDS.items():
        if any(field in page for page in columns[0]):
            print(f"| {label} | " + " | ".join(interval([p[field] for p in c if field in p]) for c in columns) + " |")


def interval(values: list[float]) -> str:
    """The mean, and the middle 95 % of the means of resampled pages."""
    rng = random.Random(0)
    means = sorted(mean(rng.choices(values, k=len(values))) for _ in range(_RESAMPLES))
    low, high = means[int(0.025 * _RESAMPLES)], means[int(0.975 * _RESAMPLES)]
    return f"{mean(values):.3f} ({low:.3f}–{high:.3f})"


def print_speed(count: int, found: dict[str, tuple[dict[str, Row], Row]]) -> None:
    print("\n| | pages/s, one core | peak MB |\n|---|---|---|")
    for reader, (_, cost) in found.items():
        if cost:
            print(f"| {reader} | {count / cost['seconds']:.1f} | {cost['megabytes']:.0f} |")
    costs = {reader: cost["seconds"] for reader, (_, cost) in found.items() if cost}
    for peer in ("trafilatura", "trafilatura, with metadata"):
        if peer in costs:
            print(f"\nOurs reads {costs[peer] / costs['ours']:.2f} times as many pages as {peer}.")


def print_worst(truth: list[Row], rows: dict[str, Row]) -> None:
    for entry in truth:
        row = rows.get(entry["file"], {})
        page = judged(entry, row)
        if "refused" in row:
            print(f"{entry['file']} refused: {row['refused']}")
        for field in ("title", "date", "source", "author"):
            if page.get(field) == 0:
                where = row.get("evidence", {}).get("origin" if field == "source" else field, "")
                print(f"{entry['file']} {field}: {row.get(field)!r} for {entry[field]!r} ({where})")
        if page.get("body", 1) < 0.95 or page.get("leak"):
            stray = [line for line in entry.get("body_must_not_contain") or [] if line in (row.get("body") or "")]
            sure = row.get("confidence", 0)
            print(f"{entry['file']} body: F1 {page.get('body', 1):.3f}, confidence {sure:.2f}, foreign: {stray}")
    by_kind: dict[str, int] = defaultdict(int)
    for row in rows.values():
        by_kind[str(row.get("evidence", {}).get("body", "refused")).split(" ")[0]] += 1
    print("bodies found by", dict(by_kind))


if __name__ == "__main__":
    sys.exit(main())

